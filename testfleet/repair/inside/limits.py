"""What a child may use."""

from __future__ import annotations

import os
import resource
import signal
import sys
from pathlib import Path
from typing import Any

PROC = Path("/proc")
MORE_PROCESSES = 512
FILE_BYTES = 256 * 2**20


def processes_allowed() -> int:
    """Threads that the user has now, and some more. Means nothing for root, whom no limit holds."""
    count = 0
    for entry in PROC.glob("[0-9]*/task") if PROC.is_dir() else ():
        try:
            if entry.stat().st_uid == os.getuid():
                count += len(list(entry.iterdir()))
        except OSError:
            continue
    return count + MORE_PROCESSES


def apply(request: dict[str, Any]) -> None:
    """Limit memory, processor time, files and processes of this process and its children."""
    seconds = int(request["limit_s"]) + 2
    _limit(resource.RLIMIT_CPU, seconds)
    _limit(resource.RLIMIT_FSIZE, FILE_BYTES)
    _limit(resource.RLIMIT_CORE, 0)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    if hasattr(resource, "RLIMIT_NPROC"):
        _limit(resource.RLIMIT_NPROC, request["processes"])
    if sys.platform.startswith("linux"):
        _limit(resource.RLIMIT_AS, _virtual_bytes() + request["memory_mb"] * 2**20)


def _limit(what: int, value: int) -> None:
    hard = resource.getrlimit(what)[1]
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(what, (value, value))


def _virtual_bytes() -> int:
    pages = int((PROC / "self" / "statm").read_text().split()[0])
    return pages * os.sysconf("SC_PAGE_SIZE")
