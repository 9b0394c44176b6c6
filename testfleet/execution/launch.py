"""Starts a command so that nothing it does can hurt the worker, and learns exactly how it ended.

    worker ── guard (a `sleep`) ── command

The guard is the command's parent, so `os.kill(os.getppid())` ends a `sleep`. It never waits for
its child: the dead command stays a zombie until the worker ends the guard, inherits the zombie and
reads its true exit status, which a shell in between would blur.
"""

from __future__ import annotations

import fcntl
import json
import os
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

PIPE_BYTES: Final = 1024 * 1024
BLOCKS_PER_MB: Final = 2048
"""`ulimit -f` of a POSIX shell counts blocks of 512 bytes."""
BATCH_S: Final = 0.03
"""Events are gathered this long, so that many small tests don't wake the worker for each."""

_GUARD: Final = """
ulimit -c 0; ulimit -f "$1"
echo 1000 > /proc/self/oom_score_adj
sleep=$2; command=$3; shift 3
exec 2>&1
/bin/sh -c "$command" sh "$@" &
exec "$sleep" 2147483647
"""

_COMMAND: Final = """
while read -r name < "/proc/$PPID/comm" && [ "$name" = sh ]; do :; done
printf '{"kind": "spawned", "pid": %d}\\n' "$$" > "$1"; shift
exec "$@"
"""
"""Waits until its parent is no shell any more: one would wait for a child that ends at once."""


class Events:
    """The FIFO on which children report. Both ends are open here, so it neither ends nor blocks."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.unlink(missing_ok=True)
        os.mkfifo(path, 0o600)
        self.fd = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        with suppress(OSError):  # above the user's limit; the default is enough, too
            fcntl.fcntl(self.fd, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        self._rest = b""
        self.is_flooded = False
        """Whether the pipe was so full that the writer may be waiting for us."""

    def read(self) -> list[dict[str, Any]]:
        """All events that have arrived."""
        chunks = [self._rest]
        with suppress(BlockingIOError):
            while chunk := os.read(self.fd, PIPE_BYTES):
                chunks.append(chunk)
        data = b"".join(chunks)
        self.is_flooded = len(data) - len(self._rest) > PIPE_BYTES // 2
        *lines, self._rest = data.split(b"\n")
        return [event for line in lines if (event := _parse(line))]

    def close(self) -> None:
        """Close and remove it."""
        os.close(self.fd)
        self.path.unlink(missing_ok=True)


@dataclass(frozen=True)
class Command:
    """What to start."""

    argv: tuple[str, ...]
    cwd: Path
    environment: Mapping[str, str]
    file_mb: int
    """Largest file that it may write."""


class Child:
    """A running command."""

    def __init__(self, command: Command, events: Events, log_fd: int) -> None:
        blocks = str(command.file_mb * BLOCKS_PER_MB)
        sleep = shutil.which("sleep", path=os.defpath) or "sleep"
        told = (str(events.path), *command.argv)
        self._events = events
        self._guard = subprocess.Popen(
            ["/bin/sh", "-c", _GUARD, "sh", blocks, sleep, _COMMAND, *told],
            cwd=command.cwd,
            env=dict(command.environment),
            stdin=subprocess.DEVNULL,
            stdout=log_fd,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._pid: int | None = None
        self._pidfd: int | None = None
        self._began = time.monotonic()

    @property
    def guard_pid(self) -> int:
        """Process id of the parent that is there to be killed."""
        return self._guard.pid

    def attach(self, pid: int) -> None:
        """Watch the command itself, now that the guard has told its process id. Once only."""
        if self._pid is not None:
            return
        self._pid = pid
        with suppress(OSError):  # gone already, or a kernel without pidfd: then it is polled
            self._pidfd = os.pidfd_open(pid)

    def wait(self, timeout_s: float) -> bool:
        """Wait for events or the end, at most that long; whether the command has ended."""
        deadline = time.monotonic() + timeout_s
        poll = select.poll()
        if self._pidfd is not None:
            poll.register(self._pidfd, select.POLLIN)
            if poll.poll(0 if self._events.is_flooded else BATCH_S * 1000):
                return True
        poll.register(self._events.fd, select.POLLIN)
        poll.poll(max(0.0, deadline - time.monotonic()) * 1000)
        return self._is_over()

    def status(self) -> int | None:
        """The exit status: negative for a signal, None when it cannot be known. Ends the guard."""
        self._guard.kill()
        self._guard.wait()
        if self._pidfd is not None:
            os.close(self._pidfd)
            self._pidfd = None
        if self._pid is None:
            return None
        try:
            waited, status = os.waitpid(self._pid, os.WNOHANG)
        except ChildProcessError:
            return None
        return os.waitstatus_to_exitcode(status) if waited else None

    def interrupt(self) -> None:
        """SIGABRT: pytest's faulthandler then prints where every thread is."""
        if self._pid is not None:
            with suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGABRT)

    def _is_over(self) -> bool:
        if self._pid is None:
            return self._guard.poll() is not None
        if self._pidfd is not None:
            poll = select.poll()
            poll.register(self._pidfd, select.POLLIN)
            return bool(poll.poll(0))
        return not _is_running(self._pid)


def _is_running(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in ("Z", "X")


def _parse(line: bytes) -> dict[str, Any] | None:
    """None for what a test wrote into the FIFO, or a line that was torn."""
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) and isinstance(event.get("kind"), str) else None
