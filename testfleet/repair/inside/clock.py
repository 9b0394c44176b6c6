"""The time of a test: when it is over, the test is interrupted where it stands."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any

from .failures import frames_of

CLOCK_FACTOR = 10
"""Limit by the clock, for what only waits, in terms of the limit on processor time, which a busy
machine does not stretch."""
LEAST_S = 0.1
"""For each further test after one has hung: most will hang, too."""
PATIENCE_S = 0.5
"""Between two attempts to interrupt a test that swallows the first."""


class TestTimeoutError(BaseException):
    """A test has used up its time. Not an Exception: the code under test shall not catch it."""


class Clock:
    """Interrupts the test that runs, and remembers where that was."""

    def __init__(self, root: str, limit_s: float, before: Callable[[], None]) -> None:
        self._root = root
        self._full_s = self._limit_s = limit_s
        self._before = before
        """Called before a test is interrupted."""
        self.interrupted = False
        self.frames: list[list[Any]] = []
        signal.signal(signal.SIGALRM, self._interrupt)
        signal.signal(signal.SIGPROF, self._interrupt)

    def begin(self) -> None:
        """A test starts."""
        self.interrupted, self.frames = False, []
        self.go_on()

    def go_on(self) -> None:
        """The next phase of a test has the whole time again."""
        _set(self._limit_s)

    def stop(self) -> None:
        """What comes now is no part of a test."""
        _set(0.0)

    def shorten(self) -> None:
        """One has hung: the others get less time."""
        self._limit_s = max(LEAST_S, min(self._limit_s, self._full_s / 4))

    def _interrupt(self, _signal: int, frame: Any) -> None:
        self.interrupted = True
        self.frames = self.frames or frames_of(frame, self._root)
        self._before()
        raise TestTimeoutError("the test has used up its time")


def _set(limit_s: float) -> None:
    signal.setitimer(signal.ITIMER_PROF, limit_s, PATIENCE_S)
    signal.setitimer(signal.ITIMER_REAL, limit_s * CLOCK_FACTOR, PATIENCE_S)
