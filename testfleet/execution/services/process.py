"""One process of a service, and how to tell what became of it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from testfleet.contracts.services import Service
from testfleet.execution.services.errors import ServiceError

OUTPUT_LIMIT: Final = 4096


def start_process(
    service: Service,
    command: tuple[str, ...],
    where: tuple[Path, Path],
    variables: Mapping[str, str],
) -> subprocess.Popen[bytes]:
    """Start it in a folder, its output at the end of a file. Raises ServiceError."""
    cwd, log = where
    try:
        with log.open("ab") as out:
            return subprocess.Popen(
                command,
                env=dict(variables),
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
    except OSError as exc:
        raise ServiceError(
            f"service {service.name}: {command[0]} cannot be started: {exc.strerror or exc}",
            hint="install it, or mend its `command` in testfleet.toml",
        ) from exc


def how_ended(process: subprocess.Popen[bytes]) -> str:
    """Its exit status in words."""
    status = process.poll()
    if status is None:
        return "no end in time"
    return f"signal {-status}" if status < 0 else f"exit status {status}"


def tail(log: Path) -> str:
    """The end of what it has printed."""
    try:
        with log.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - OUTPUT_LIMIT))
            return file.read(OUTPUT_LIMIT).decode("utf-8", "backslashreplace").strip()
    except OSError:
        return ""
