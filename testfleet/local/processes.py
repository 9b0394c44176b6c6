"""Processes told apart from later ones with the same number, and ended with all their children."""

from __future__ import annotations

import time
from pathlib import Path

import psutil

from testfleet.contracts.base import Contract

_MB = 1024 * 1024


class ProcessId(Contract):
    """A process: its number, and when it started, since numbers are used again."""

    pid: int
    started: str

    @classmethod
    def of(cls, pid: int) -> ProcessId | None:
        """The process that has the number now, if there is one that is more than a zombie."""
        started = _start_mark(pid)
        return None if started is None else cls(pid=pid, started=started)

    def is_alive(self) -> bool:
        """Whether this very process still runs."""
        return _start_mark(self.pid) == self.started


def _start_mark(pid: int) -> str | None:
    stat = Path(f"/proc/{pid}/stat")
    try:
        # Clock ticks since boot: unlike a time of day, they do not move when the clock is set.
        state, *fields = stat.read_text("ascii", "replace").rpartition(")")[2].split()
        return None if state in "ZX" else fields[18]
    except (FileNotFoundError, ProcessLookupError):
        if Path("/proc/self/stat").exists():
            return None
    try:
        return f"{psutil.Process(pid).create_time():.2f}"
    except psutil.NoSuchProcess:
        return None


def descendants(pid: int) -> list[psutil.Process]:
    """All children, and theirs, that run now."""
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def memory_mb(pid: int) -> float:
    """Resident memory of a process and all its descendants, in MB (1024 * 1024 bytes)."""
    total = 0
    for process in _tree(pid):
        try:
            total += process.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total / _MB


def kill_tree(pid: int) -> None:
    """SIGKILL a process and all its descendants, as the end of a sandbox does."""
    kill(_tree(pid))


def kill(processes: list[psutil.Process]) -> None:
    """SIGKILL those that still run. psutil makes sure that a number was not used again."""
    for process in processes:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue


def wait_for_end(process: ProcessId, timeout_s: float) -> bool:
    """Wait until the process has ended; says whether it has."""
    deadline = time.monotonic() + timeout_s
    while process.is_alive():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _tree(pid: int) -> list[psutil.Process]:
    try:
        return [psutil.Process(pid), *descendants(pid)]
    except psutil.NoSuchProcess:
        return []
