"""Locks between processes: held by an open file, so that the kernel frees them when it dies."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from testfleet.errors import FleetError
from testfleet.local.home import explained

_POLL_S = 0.05


@dataclass
class FileLock:
    """An exclusive lock on a file. The file's text is the holder's pid, for messages only."""

    path: Path
    _descriptor: int | None = field(default=None, init=False)

    def acquire(self) -> bool:
        """Take the lock if it is free; says whether it was."""
        self._descriptor = self._try()
        if self._descriptor is None:
            return False
        with explained(f"cannot write the lock {self.path}"):
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, str(os.getpid()).encode(), 0)
        return True

    def release(self) -> None:
        """Give the lock back."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def holder(self) -> str:
        """The pid in the file, or `unknown`."""
        try:
            return self.path.read_text("ascii").strip() or "unknown"
        except (OSError, UnicodeDecodeError):
            return "unknown"

    def is_held(self) -> bool:
        """Whether some process holds it now."""
        if not self.path.exists():
            return False
        descriptor = self._try()
        if descriptor is None:
            return True
        os.close(descriptor)
        return False

    def _try(self) -> int | None:
        with explained(f"cannot open the lock {self.path}"):
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return descriptor

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


@contextmanager
def exclusive(path: Path, timeout_s: float, progress: Callable[[str], None]) -> Iterator[None]:
    """Hold the lock, waiting up to `timeout_s` for another holder.

    Raises FleetError that names the holder when it does not end in time.
    """
    lock = FileLock(path)
    deadline = time.monotonic() + timeout_s
    told = False
    while not lock.acquire():
        if not told:
            progress(f"waiting for another testfleet (pid {lock.holder()}) at work on this fleet")
            told = True
        if time.monotonic() > deadline:
            raise FleetError(
                f"another testfleet (pid {lock.holder()}) has worked on the fleet of "
                f"{path.parent} for more than {timeout_s:.0f} s",
                hint=f"wait for it, or end it: kill {lock.holder()}",
            )
        time.sleep(_POLL_S)
    with lock:
        yield
