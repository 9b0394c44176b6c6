"""The order that is expected to find most failures, earliest, within a budget.

For an order of n tests, E[NAPFD] = sum over what runs of q_i (1 - (r_i - 1/2) / n), where q_i is
the expected share of the cycle's failures that test i holds, and r_i its rank. So what runs should
stand by q alone; what runs at all is a knapsack (Dantzig's greedy: by q per second), in which a
late place is worth less. Greedy by q / seconds^b bridges both. No rule is best for all cycles, and
how long each test takes is a guess; so several exponents b and several parts of the budget are
tried on durations drawn from what is known, and the order that finds most on average is taken
(sample average approximation: Kleywegt, Shapiro, Homem-de-Mello, 2002).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from testfleet.planning.priority.napfd import Floats, Ints, run_within

_EXPONENTS = (0.0, 0.5, 1.0)
_PARTS = (1.0, 0.8, 0.6)
_SAMPLES = 8
_SHORTEST = 1e-3
"""Share of the mean duration that every test counts for at least."""

_DIGITS = 12
"""Sums in another order differ in their last digits, and what is equal must stay equal."""


@dataclass(frozen=True)
class Durations:
    """What is known of how long each row takes."""

    seconds: Floats
    doubt: Floats | None = None
    """Standard deviation of the logarithm; none without it."""

    def drawn(self) -> list[Floats]:
        """Durations as they may be, the same each time; without doubt, the expected ones."""
        if self.doubt is None:
            return [self.seconds]
        chance = np.random.default_rng(0)
        noise = chance.standard_normal((_SAMPLES // 2, self.seconds.size)) * self.doubt
        return list(self.seconds * np.exp(np.concatenate([noise, -noise])))


def best_order(
    shares: Floats, durations: Durations, budget: float, curiosity: Floats | None = None
) -> Ints:
    """All rows, first the ones to run, by `shares` of the expected failures.

    `budget` is a share of the sum of all durations. Shares times `curiosity` decide what runs,
    shares alone in which order: what runs to be known better comes late and costs little. Ties go
    to the shorter, then to the first.
    """
    shares = np.round(shares, _DIGITS)
    by_share = np.lexsort((durations.seconds, -shares))
    if budget >= 1:
        return by_share
    wanted = shares if curiosity is None else shares * curiosity
    drawn = [(seconds, budget * float(seconds.sum())) for seconds in durations.drawn()]
    worth = 1 - (np.arange(shares.size) + 0.5) / shares.size
    best, best_value, tried = by_share, -1.0, set()
    for order in _candidates(by_share, wanted, durations.seconds, budget):
        if (same := order.tobytes()) in tried:
            continue
        tried.add(same)
        runs = [run_within(order, seconds, limit) for seconds, limit in drawn]
        value = sum(float(shares[ran] @ worth[: ran.size]) for ran in runs)
        if value > best_value + 1e-12:
            best, best_value = order, value
    return best


def _candidates(by_share: Ints, wanted: Floats, seconds: Floats, budget: float) -> Iterator[Ints]:
    """Orders worth trying: what is wanted, by share, then the rest, most wanted per second first.

    A test that seems too long for the budget is left out at no cost if it is; so the most wanted of
    these is tried as the first, too. Of equal orders the earlier counts.
    """
    shortest = _SHORTEST * float(seconds.mean()) + 1e-12
    limit = budget * float(seconds.sum())
    too_long = by_share[seconds[by_share] > limit][:1]
    worth_all = 2 * float(wanted[too_long].sum()) > float(wanted.sum())
    for exponent in _EXPONENTS:
        weight = np.maximum(seconds[by_share], shortest) ** exponent
        greedy = by_share[np.argsort(-wanted[by_share] / weight, kind="stable")]
        for part in _PARTS:
            runs = np.zeros(seconds.size, dtype=np.bool_)
            runs[run_within(greedy, seconds, part * limit)] = True
            order = np.concatenate([by_share[runs[by_share]], greedy[~runs[greedy]]])
            bold = np.concatenate([too_long, order[~np.isin(order, too_long)]])
            yield from (bold, order) if worth_all else (order, bold)
