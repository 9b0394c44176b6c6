"""Ends the processes of tasks whose worker was killed. A program of its own, and its handle.

The worker writes `+marker` and `-marker` lines into the guardian's standard input. When that pipe
closes, the worker is gone, and every process that carries a marker still guarded is killed.
PR_SET_PDEATHSIG would not do: it fires when the parent dies, and a test may kill its parent.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

VARIABLE: Final = b"TESTFLEET_TASK_ID="
PATIENCE_S: Final = 10.0


class Guardian:
    """Started with the first task of a worker process, and kept for all that follow."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Its process id while it lives."""
        return None if self._process is None else self._process.pid

    def guard(self, marker: str) -> None:
        """From now on, end the task's processes if this process dies."""
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(Path(__file__).resolve())],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                cwd="/",
            )
        self._tell(f"+{marker}\n")

    def release(self, marker: str) -> None:
        """The task is over."""
        self._tell(f"-{marker}\n")

    def _tell(self, line: str) -> None:
        if self._process is None or self._process.stdin is None:
            return
        try:
            self._process.stdin.write(line.encode())
            self._process.stdin.flush()
        except BrokenPipeError:  # a test has killed it; the worker still does its own cleaning
            return


def carriers(markers: set[bytes]) -> list[int]:
    """Processes that carry one of the markers."""
    tags = {VARIABLE + marker for marker in markers}
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                environment = (entry / "environ").read_bytes()
            except OSError:
                continue
            if not tags.isdisjoint(environment.split(b"\0")):
                found.append(int(entry.name))
    return found


def main() -> None:
    """Read lines until the worker is gone, then kill what it has left."""
    guarded: set[bytes] = set()
    for line in sys.stdin.buffer:
        change = guarded.add if line.startswith(b"+") else guarded.discard
        change(line[1:].strip())
    give_up = time.monotonic() + PATIENCE_S
    while guarded and time.monotonic() < give_up and (pids := carriers(guarded)):
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                continue
        time.sleep(0.05)


if __name__ == "__main__":
    main()
