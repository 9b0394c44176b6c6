"""The order that is expected to find most failures, earliest, within a budget.

For an order of n tests, E[NAPFD] = sum over what runs of q_i (1 - (r_i - 1/2) / n), where q_i is
the expected share of the cycle's failures that test i holds, and r_i its rank. So what runs should
stand by q alone; what runs at all is a knapsack (Dantzig's greedy: by q per second), in which a
late place is worth less. Greedy by q / seconds^b bridges both; the best b is found by trying, for
the knapsack's weights are small and few in small cycles, where no single rule is best.
"""

from __future__ import annotations

import numpy as np

from testfleet.planning.priority.napfd import Floats, Ints, run_within

_EXPONENTS = (0.0, 0.25, 0.5, 0.75, 1.0)
_SHORTEST = 1e-3
"""Share of the mean duration that every test counts for at least: none is free to start."""


def best_order(shares: Floats, seconds: Floats, budget: float) -> Ints:
    """All rows, first the ones to run, by `shares` of the expected failures.

    `seconds` are predictions, `budget` a share of their sum. Ties go to the shorter, then to the
    first.
    """
    by_share = np.lexsort((seconds, -shares))
    if budget >= 1:
        return by_share
    limit = budget * float(seconds.sum())
    per_second = np.maximum(seconds, _SHORTEST * float(seconds.mean()) + 1e-12)
    best, best_value = by_share, -1.0
    for exponent in _EXPONENTS:
        greedy = np.lexsort((seconds, -shares / per_second**exponent))
        runs = np.zeros(shares.size, dtype=np.bool_)
        runs[run_within(greedy, seconds, limit)] = True
        first = by_share[runs[by_share]]
        late = (np.arange(first.size) + 0.5) / shares.size
        value = float((shares[first] * (1 - late)).sum())
        if value > best_value + 1e-12:
            best, best_value = np.concatenate([first, greedy[~runs[greedy]]]), value
    return best
