"""How early an order finds the failures of a cycle, within a budget of time.

Source: Spieker, Gotlieb, Marijan, Mossige: Reinforcement Learning for Automatic Test Case
Prioritization and Selection in Continuous Integration (ISSTA 2017), after Qu, Cohen and Woolf.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_ROUNDING = 1e-9
"""Relative: sums of the same seconds in two orders differ in their last digits."""


@dataclass(frozen=True)
class Outcome:
    """What one order of one cycle led to."""

    ran: Ints
    """Rows that ran, in their order."""
    napfd: float
    """0 to 1; of a cycle without failures, 1."""


def run_within(order: Ints, durations: Floats, budget_s: float) -> Ints:
    """The part of `order` that runs within `budget_s`.

    A test that would cross the budget is left out and the next is tried, as in the published
    evaluation. What takes no time always runs.
    """
    left = budget_s + _ROUNDING * float(durations.sum())
    waiting = order
    ran: list[Ints] = []
    while True:
        waiting = waiting[durations[waiting] <= left]
        if not waiting.size:
            return np.concatenate(ran) if ran else order[:0]
        used = np.cumsum(durations[waiting])
        fit = int(np.searchsorted(used, left, side="right"))
        ran.append(waiting[:fit])
        left -= float(used[fit - 1])
        waiting = waiting[fit:]


def napfd(order: Ints, durations: Floats, failed: Flags, budget: float) -> Outcome:
    """NAPFD = p - sum(ranks of detected failures) / (n m) + p / (2 n).

    n tests of the cycle, m failures among them, p the share of these that the budget lets run;
    ranks count from 1 among what ran. `budget` is a share of the whole cycle's duration.
    """
    ran = run_within(order, durations, budget * float(durations.sum()))
    failures = int(failed.sum())
    if not failures:
        return Outcome(ran, 1.0)
    ranks = np.flatnonzero(failed[ran]) + 1
    share = ranks.size / failures
    tests = order.size
    value = share - float(ranks.sum()) / (tests * failures) + share / (2 * tests)
    return Outcome(ran, value)
