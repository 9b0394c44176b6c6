"""What a unit's newest verdicts tell, as the features of `features`, without numpy.

The fleet keeps each unit's verdicts, and not which of them were of one run. So a unit's share of
the failures is that of all units' verdicts that are as new, instead of the cycles'.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from testfleet.contracts.history import UnitHistory, Verdict

FAST: Final = 0.3
BASE: Final = 0.02
"""Rate of failure of a unit that nothing is known of."""
_SLOW: Final = 0.1
_SMALLEST: Final = 1e-4
_FEW: Final = 0.1
_LATE, _LAST = 10, 3
"""Newest verdicts that count for the two recent shares."""
_WORTH: Final = {Verdict.PASSED: 0.0, Verdict.FLAKY: 0.5, Verdict.FAILED: 1.0}
_KNOWN: Final = frozenset(verdict.value for verdict in _WORTH)


@dataclass(frozen=True)
class Past:
    """What a unit's newest verdicts come to."""

    verdicts: tuple[float, ...] = ()
    """Oldest first: 1 failed, 0.5 flaky, 0 passed."""
    runs: int = 0
    failures: float = 0.0

    @staticmethod
    def of(history: UnitHistory | None) -> Past:
        """Unknown verdicts are left out."""
        if history is None:
            return Past()
        verdicts = tuple(_WORTH[Verdict(one)] for one in history.recent if one in _KNOWN)
        runs = max(history.runs, len(verdicts), history.failed)
        return Past(verdicts, runs, max(history.failed, sum(verdicts)))

    def rate(self, alpha: float) -> tuple[float, float]:
        """Exponentially weighted rate of failure, and its weight."""
        rate = weight = 0.0
        for verdict in self.verdicts:
            rate += alpha * (verdict - rate)
            weight += alpha * (1 - weight)
        return rate, weight

    @property
    def passes(self) -> int | None:
        """Runs since the last failure; None when none is known."""
        for count, verdict in enumerate(reversed(self.verdicts)):
            if verdict:
                return count
        return self.runs if self.failures else None

    @property
    def streak(self) -> int:
        """Failures in a row until now."""
        passed = [at for at, verdict in enumerate(reversed(self.verdicts)) if not verdict]
        return passed[0] if passed else len(self.verdicts)

    def newest(self, count: int) -> tuple[float, int]:
        """Failures among so many newest verdicts, and how many these are."""
        verdicts = self.verdicts[-count:]
        return math.fsum(verdicts), len(verdicts)

    def after(self, verdict: float) -> tuple[int, int]:
        """How many verdicts followed a failure, or a pass (0), and how many are failures."""
        failed = verdict > 0
        then = [now > 0 for before, now in pairwise(self.verdicts) if (before > 0) == failed]
        return len(then), sum(then)


class Suite:
    """All units of a run, beside whom each is seen."""

    def __init__(self, pasts: Sequence[Past]) -> None:
        self._ever = _sums([(past.failures, past.runs) for past in pasts])
        self._late = _sums([past.newest(_LATE) for past in pasts])
        self._last = _sums([past.newest(_LAST) for past in pasts])
        self._after = [_sums([past.after(verdict) for past in pasts]) for verdict in (0, 1)]

    def features(self, past: Past) -> dict[str, float]:
        """By the names that the prior gives them."""
        fast, fast_weight = past.rate(FAST)
        slow, slow_weight = past.rate(_SLOW)
        passes = past.passes
        since = math.log1p(passes) if passes is not None else 0.0
        recent = log_rate((fast + 0.15 * BASE) / (fast_weight + 0.15))
        return {
            "recent rate": recent,
            "recent rate, while fresh": recent,
            "slow rate": log_rate((slow + 0.15 * BASE) / (slow_weight + 0.15)),
            "lifetime rate": log_rate((past.failures + 2 * BASE) / (past.runs + 2)),
            "runs since failure": since,
            "cycles since failure": since,
            "never failed": float(passes is None and past.runs > 0),
            "new": float(past.runs == 0),
            "runs": math.log1p(past.runs),
            "failures in a row": math.log1p(past.streak),
            "failed last": float(passes == 0),
            "rate after such a verdict": log_rate(self._rate_after(past)),
            "share of failures": _log_ratio((past.failures, past.runs), self._ever),
            "share of late": _log_ratio(past.newest(_LATE), self._late),
            "share at last": _log_ratio(past.newest(_LAST), self._last),
        }

    def _rate_after(self, past: Past) -> float:
        if not past.verdicts:
            return BASE
        last = past.verdicts[-1]
        times, failures = self._after[last > 0]
        own_times, own_failures = past.after(last)
        return (own_failures + (failures + BASE) / (times + 1)) / (own_times + 1)


def log_rate(rate: float) -> float:
    """Shares of failures are in proportion to rates, so their logarithms add up to scores."""
    return math.log(max(rate, _SMALLEST))


def _sums(pairs: Sequence[tuple[float, float]]) -> tuple[float, float]:
    return math.fsum(one for one, _ in pairs), math.fsum(other for _, other in pairs)


def _log_ratio(own: tuple[float, float], all_units: tuple[float, float]) -> float:
    """Failures of a unit over those that an even share of its runs would have, as shares."""
    failures, runs = own
    all_failures, all_runs = all_units
    even = all_failures * runs / all_runs if all_runs else 0.0
    return math.log((failures + _FEW) / (even + _FEW))
