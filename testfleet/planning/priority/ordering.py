"""The order that is expected to find most failures, earliest, within a budget.

For an order of n tests, E[NAPFD] = sum over what runs of q_i (1 - (r_i - 1/2) / n), where q_i is
the expected share of the cycle's failures that test i holds, and r_i its rank. So what runs should
stand by q alone; what runs at all is a knapsack (Dantzig's greedy: by q per second), in which a
late place is worth less. Greedy by q / seconds^b bridges both; the best b is found by trying, for
the knapsack's weights are small and few in small cycles, where no single rule is best.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from testfleet.planning.priority.napfd import Floats, Ints, run_within

_EXPONENTS = (0.0, 0.25, 0.5, 0.75, 1.0)
_SHORTEST = 1e-3
"""Share of the mean duration that every test counts for at least: none is free to start."""

_DIGITS = 12
"""Sums in another order differ in their last digits, and what is equal must stay equal."""


def best_order(
    shares: Floats, seconds: Floats, budget: float, curiosity: Floats | None = None
) -> Ints:
    """All rows, first the ones to run, by `shares` of the expected failures.

    `seconds` are predictions, `budget` a share of their sum. Shares times `curiosity` decide what
    runs, shares alone in which order: what runs to be known better comes late and costs little.
    Ties go to the shorter, then to the first. A test that seems too long for the budget is left out
    at no cost if it is; so it goes first where it would be worth more than all others if it did
    fit, else last.
    """
    shares = np.round(shares, _DIGITS)
    wanted = shares if curiosity is None else shares * curiosity
    by_share = np.lexsort((seconds, -shares))
    if budget >= 1:
        return by_share
    limit = budget * float(seconds.sum())
    late = (np.arange(shares.size) + 0.5) / shares.size
    too_long = seconds[by_share] > limit
    fitting = by_share[~too_long]
    first, rest = _knapsack(fitting, _Goods(shares, wanted, seconds), limit)
    value = float((shares[first] * (1 - late[: first.size])).sum())
    long_ones = by_share[too_long]
    worth_trying = shares[long_ones] * (1 - late[0]) > value
    return np.concatenate([long_ones[worth_trying], first, rest, long_ones[~worth_trying]])


@dataclass(frozen=True)
class _Goods:
    """What a knapsack is filled with."""

    shares: Floats
    wanted: Floats
    seconds: Floats


def _knapsack(by_share: Ints, goods: _Goods, limit: float) -> tuple[Ints, Ints]:
    """Which of these rows run and which do not, each in their order."""
    size = goods.shares.size
    shortest = _SHORTEST * float(goods.seconds.mean()) + 1e-12
    late = (np.arange(size) + 0.5) / size
    best, best_value = (by_share[:0], by_share), 0.0
    for exponent in _EXPONENTS:
        weight = np.maximum(goods.seconds[by_share], shortest) ** exponent
        greedy = by_share[np.argsort(-goods.wanted[by_share] / weight, kind="stable")]
        runs = np.zeros(size, dtype=np.bool_)
        runs[run_within(greedy, goods.seconds, limit)] = True
        first = by_share[runs[by_share]]
        value = float((goods.shares[first] * (1 - late[: first.size])).sum())
        if value > best_value + 1e-12:
            best, best_value = (first, greedy[~runs[greedy]]), value
    return best
