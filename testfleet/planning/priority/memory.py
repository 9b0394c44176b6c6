"""What past verdicts tell of each test. Knows nothing of tests that never ran."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from testfleet.planning.priority.napfd import Flags, Floats, Ints

FAST, SLOW = 0.3, 0.1
"""Weights of the newest verdict in the two exponentially weighted rates of failure."""
_DURATION = 0.3
"""Weight of the newest duration, once there are three."""
_SHORTEST = 0.01
"""Share of the mean duration that is added to each before it is compared with another."""
_DOUBT = 0.1
"""Squared error of the logarithm of a duration, before anything is known."""
_DOUBTED = 0.3
"""How much the usual error counts beside a test's own, whose weight grows to 1."""
_LARGEST = 9.0
"""Of the squared errors: one accident tells no more."""
_BASE = 0.05
_PATTERN_BITS = 63
_NEVER = 10**9


@dataclass(frozen=True)
class Ran:
    """What ran of one cycle: one row a test, jobs of the same test put together."""

    tests: Ints
    failed: Floats
    """Share of its jobs that failed."""
    seconds: Floats
    """Mean of its jobs."""

    @staticmethod
    def of(tests: Ints, failed: Flags, seconds: Floats) -> Ran:
        """Put jobs of the same test together."""
        distinct, jobs = np.unique(tests, return_inverse=True)
        count = np.bincount(jobs, minlength=distinct.size)
        return Ran(
            distinct,
            np.bincount(jobs, failed, distinct.size) / count,
            np.bincount(jobs, seconds, distinct.size) / count,
        )


class Memory:
    """Counters of each test, kept up to date cycle by cycle. Tests are numbers below `tests`."""

    def __init__(self, tests: int) -> None:
        self.cycle = 0
        self.base = 0.02
        """Recent share of failures among what ran."""
        self.runs = np.zeros(tests)
        self.failures = np.zeros(tests)
        self.fast = np.zeros(tests)
        self.fast_weight = np.zeros(tests)
        self.slow = np.zeros(tests)
        self.slow_weight = np.zeros(tests)
        self.last = np.zeros(tests)
        """Its newest verdict: the share of its jobs that failed."""
        self.streak = np.zeros(tests)
        """Failures in a row until now."""
        self.passes = np.full(tests, _NEVER)
        """Runs since its last failure."""
        self.failed_at = np.full(tests, -_NEVER)
        self.ran_at = np.full(tests, -_NEVER)
        self.missed = np.zeros(tests)
        """Cycles since it last ran that had it but left it out."""
        self.pattern = np.zeros(tests, dtype=np.int64)
        """Its newest verdicts as bits, newest lowest."""
        self.after = np.zeros((2, 2, tests))
        """Runs that followed a pass and a failure of each; of all, and of those that failed."""
        self._seconds = np.full(tests, np.nan)
        self._error = np.zeros(tests)
        self._error_weight = np.zeros(tests)
        self._usual_error = _DOUBT

    def never_ran(self, tests: Ints) -> Flags:
        """Which of these are new."""
        new: Flags = self.runs[tests] == 0
        return new

    def never_failed(self, tests: Ints) -> Flags:
        """Which of these have not failed yet, new ones among them."""
        never: Flags = self.passes[tests] >= _NEVER
        return never

    def seconds(self, tests: Ints) -> Floats:
        """Expected duration of each, newest weighted most; that of new ones is the median.

        Means of logarithms, so that one accident does not stay for long.
        """
        known = self._seconds[tests]
        unknown = np.isnan(known)
        if unknown.all():
            return np.ones(tests.size)
        return np.where(unknown, np.median(known[~unknown]), known)

    def doubt(self, tests: Ints) -> Floats:
        """Standard deviation of the logarithm of each duration; of new ones, that between tests."""
        known = self._seconds[tests]
        new = np.isnan(known)
        old = known[~new]
        own = self._error[tests] + _DOUBTED * self._usual_error
        variance = own / (self._error_weight[tests] + _DOUBTED)
        between = np.log(old + _SHORTEST * old.mean() + 1e-12).var() if old.size else 1.0
        doubt: Floats = np.sqrt(np.where(new, between, variance))
        return doubt

    def rate_after(self, tests: Ints) -> Floats:
        """How often each failed after a verdict like its last; a new one fails as all do."""
        last = (self.last[tests] > 0).astype(np.int64)
        times, failures = self.after.sum(axis=2).T
        usual = (failures + self.base) / (times + 1)
        own = self.after[last, :, tests]
        rate: Floats = (own[:, 1] + usual[last]) / (own[:, 0] + 1)
        return np.where(self.never_ran(tests), self.base, rate)

    def leave_out(self, tests: Ints) -> None:
        """These were in the cycle; call before `observe`, which knows those that ran."""
        self.missed[np.unique(tests)] += 1

    def observe(self, ran: Ran) -> None:
        """Take in a cycle and go on to the next."""
        if ran.tests.size:
            self._count(ran)
            self._rate(ran)
            self._time(ran)
        self.cycle += 1

    def _count(self, ran: Ran) -> None:
        tests, failed = ran.tests, ran.failed > 0
        last, known = (self.last[tests] > 0).astype(np.int64), self.runs[tests] > 0
        self.after[last, 0, tests] += known
        self.after[last, 1, tests] += known & failed
        self.runs[tests] += 1
        self.failures[tests] += ran.failed
        self.streak[tests] = np.where(failed, self.streak[tests] + 1, 0)
        passes = np.minimum(self.passes[tests] + 1, _NEVER)
        self.passes[tests] = np.where(failed, 0, passes)
        self.failed_at[tests] = np.where(failed, self.cycle, self.failed_at[tests])
        self.ran_at[tests] = self.cycle
        self.missed[tests] = 0
        self.last[tests] = ran.failed
        self.pattern[tests] = (self.pattern[tests] * 2 + failed) & _PATTERN_BITS

    def _rate(self, ran: Ran) -> None:
        tests = ran.tests
        self.fast[tests] += FAST * (ran.failed - self.fast[tests])
        self.fast_weight[tests] += FAST * (1 - self.fast_weight[tests])
        self.slow[tests] += SLOW * (ran.failed - self.slow[tests])
        self.slow_weight[tests] += SLOW * (1 - self.slow_weight[tests])
        self.base += _BASE * (float(np.clip(ran.failed.mean(), 1e-4, 0.9)) - self.base)

    def _time(self, ran: Ran) -> None:
        tests = ran.tests
        before = self._seconds[tests]
        new = np.isnan(before)
        least = _SHORTEST * float(ran.seconds.mean()) + 1e-12
        before = np.where(new, ran.seconds, before) + least
        moved = np.log((ran.seconds + least) / before)
        weight = np.maximum(1 / self.runs[tests], _DURATION)
        self._seconds[tests] = np.maximum(before * np.exp(weight * moved) - least, 0.0)
        self._doubt_more(tests[~new], np.minimum(moved[~new] ** 2, _LARGEST))

    def _doubt_more(self, tests: Ints, error: Floats) -> None:
        if tests.size:
            self._error[tests] += _DURATION * (error - self._error[tests])
            self._error_weight[tests] += _DURATION * (1 - self._error_weight[tests])
            self._usual_error += _BASE * (float(error.mean()) - self._usual_error)
