"""Splits durations into shards of nearly the same length.

The problem is P||Cmax, or multiprocessor scheduling. In three steps, each only where the one before
has left something to gain over the lower bound:

1. Longest processing time first: R. L. Graham, "Bounds on Multiprocessing Timing Anomalies", SIAM
   J. Appl. Math. 17 (1969): at most 4/3 - 1/(3k) times the shortest possible.
2. Units change places between the longest shard and another: `partition.exchange`.
3. Bins of a guessed size, packed with the least slack: `partition.multifit`.

All work on the sorted durations, so that neither the order of the input nor ties change how long
the longest shard is. The same input always gives the same shards.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from heapq import heapify, heapreplace
from typing import Final

from testfleet.planning.partition.exchange import exchange, loads_of
from testfleet.planning.partition.multifit import multifit

_CROWDED: Final = 16
"""Units in one shard up to which the lower bound counts them: with more it is the mean."""
_GOOD_ENOUGH: Final = 1.000001
"""Stop improving when the longest shard is this close to the lower bound."""
_WORTH_PACKING: Final = 1.001
"""Pack bins only while more than this is left to gain: it takes longer than exchanges."""
_LOOSE: Final = 1.05
"""Bins this much too large are packed in another way than shards are after exchanges, and often
lead to better ones."""


def partition(durations: Sequence[float], weights: Sequence[float]) -> list[list[int]]:
    """Indices of the durations, shard by shard, ascending inside a shard.

    `weights` says how many shards there are and what share of the whole each should have. With
    no fewer durations than weights, no shard is empty. Durations must be finite and positive.
    """
    order = sorted(range(len(durations)), key=lambda at: (durations[at], -at))
    ascending = [durations[at] for at in order]
    shards = list_schedule(range(len(order) - 1, -1, -1), ascending, weights)
    if len(set(weights)) == 1 and len(weights) < len(durations):
        shards = _improved(shards, ascending)
    return [sorted(order[at] for at in shard) for shard in shards]


def lower_bound_s(durations: Sequence[float], count: int) -> float:
    """No partition into that many shards has a shorter longest shard.

    The greatest of the mean, the longest, and this: of the k * count + 1 longest some k + 1 share
    a shard, at best the shortest of them (in S. Martello, P. Toth, "Knapsack Problems", Wiley
    1990, the same argument bounds bins).
    """
    return bound_of_sorted_s(sorted(durations), count)


def list_schedule(
    order: Iterable[int], durations: Sequence[float], weights: Sequence[float]
) -> list[list[int]]:
    """Each duration, in that order, to the shard that is least filled for its weight.

    R. L. Graham, "Bounds for Certain Multiprocessing Anomalies", Bell System Technical J. 45
    (1966): whatever the order, at most 2 - 1/k times the shortest possible.
    """
    shards: list[list[int]] = [[] for _ in weights]
    # Empty shards come first, whatever their weight, so that none stays empty.
    heap = [(0.0, number) for number in range(len(weights))]
    heapify(heap)
    for at in order:
        filled, number = heap[0]
        shards[number].append(at)
        heapreplace(heap, (filled + durations[at] / weights[number], number))
    return shards


def bound_of_sorted_s(ascending: Sequence[float], count: int) -> float:
    """`lower_bound_s` of durations that are sorted already."""
    if not ascending:
        return 0.0
    size = len(ascending)
    crowds = (
        sum(ascending[size - k * count - 1 : size - k * count + k])
        for k in range(1, min((size - 1) // count, _CROWDED) + 1)
    )
    return max(ascending[-1], sum(ascending) / count, max(crowds, default=0.0))


def _improved(shards: list[list[int]], ascending: Sequence[float]) -> list[list[int]]:
    goal_s = bound_of_sorted_s(ascending, len(shards)) * _GOOD_ENOUGH
    longest_s = max(loads_of(shards, ascending))
    if longest_s <= goal_s:
        return shards
    shards = exchange(shards, ascending, goal_s)
    longest_s = max(loads_of(shards, ascending))
    if longest_s <= goal_s * _WORTH_PACKING:
        return shards
    packed = multifit(ascending, len(shards), goal_s, max(longest_s, goal_s * _LOOSE))
    if packed is None:
        return shards
    return min(
        (exchange(packed, ascending, goal_s), shards),
        key=lambda found: max(loads_of(found, ascending)),
    )
