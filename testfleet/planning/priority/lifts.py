"""How much oftener than others a test in some situation is the failure: counted, not assumed."""

from __future__ import annotations

import numpy as np

from testfleet.planning.priority.memory import Memory, Ran
from testfleet.planning.priority.napfd import Floats, Ints

_FADE = 0.005
"""What of the counts is replaced by the prior, in which all situations are alike, each time."""
_PRIOR = 0.5
_LAST = 5
"""Verdicts in a pattern."""
_TENTHS = 10
_FADES = (0.0, 0.1, 0.3)
"""How much of a test's failures is forgotten with each failing cycle that it runs in."""
_FEW = 0.1
"""Cycles' worth of failures that every test had before its first, and was due."""


class Lifts:
    """For each situation: share of failures of failing cycles over share of tests."""

    def __init__(self, situations: int) -> None:
        self._failures = np.full(situations, _PRIOR)
        self._tests = np.full(situations, _PRIOR)

    def log_lift(self, situations: Ints) -> Floats:
        """0 where a test is as likely as any."""
        lift: Floats = np.log(self._failures / self._tests)
        return lift[situations]

    def observe(self, situations: Ints, failed: Floats) -> None:
        """Take in one failing cycle, as one observation."""
        self._failures += _FADE * (_PRIOR - self._failures)
        self._tests += _FADE * (_PRIOR - self._tests)
        size = self._tests.size
        self._failures += np.bincount(situations, failed / failed.sum(), size)
        self._tests += np.bincount(situations, minlength=size) / situations.size


class Situations:
    """The two that are counted: the newest verdicts, and the place among the durations."""

    def __init__(self) -> None:
        self.verdicts = Lifts((_LAST + 1) << _LAST)
        self.durations = Lifts(_TENTHS + 1)

    @staticmethod
    def of_verdicts(tests: Ints, memory: Memory) -> Ints:
        """The last five verdicts, and how many there are."""
        count = np.minimum(memory.runs[tests], _LAST).astype(np.int64)
        return (memory.pattern[tests] & ((1 << _LAST) - 1)) + (count << _LAST)

    @staticmethod
    def of_durations(tests: Ints, memory: Memory) -> Ints:
        """Tenth of the cycle by expected duration, the longest last; new tests for themselves."""
        rank = np.empty(tests.size, dtype=np.int64)
        rank[np.argsort(memory.seconds(tests), kind="stable")] = np.arange(tests.size)
        return np.where(memory.never_ran(tests), _TENTHS, rank * _TENTHS // max(tests.size, 1))

    def observe(self, ran: Ran, memory: Memory) -> None:
        """Take in a cycle, before the memory does."""
        if ran.failed.any():
            self.verdicts.observe(self.of_verdicts(ran.tests, memory), ran.failed)
            self.durations.observe(self.of_durations(ran.tests, memory), ran.failed)


class Shares:
    """The share that each test had in the failures of cycles, over what an even one would be.

    Rates count failures, of which one bad day has more than all others; shares count cycles, as
    NAPFD does. Observed over expected, drawn to 1 as by a gamma prior (Clayton, Kaldor, 1987).
    """

    def __init__(self, tests: int) -> None:
        self._own = np.zeros((len(_FADES), tests))
        self._even = np.zeros((len(_FADES), tests))

    def log_ratios(self, tests: Ints) -> list[Floats]:
        """0 where a test failed as often as any; since ever, of late, and of the last cycles."""
        ratios: Floats = np.log((self._own[:, tests] + _FEW) / (self._even[:, tests] + _FEW))
        return list(ratios)

    def observe(self, ran: Ran) -> None:
        """Take in a cycle; one without failures changes nothing."""
        if not ran.failed.any():
            return
        kept = 1 - np.array(_FADES)[:, None]
        self._own[:, ran.tests] *= kept
        self._even[:, ran.tests] *= kept
        self._own[:, ran.tests] += ran.failed / ran.failed.sum()
        self._even[:, ran.tests] += 1 / ran.tests.size
