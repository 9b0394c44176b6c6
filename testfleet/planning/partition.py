"""Splits durations into shards of nearly the same length.

Longest processing time first: R. L. Graham, "Bounds on Multiprocessing Timing Anomalies", SIAM J.
Appl. Math. 17 (1969): the longest shard is at most 4/3 - 1/(3k) times the shortest possible one.
Then units change places between the longest and the shortest shard as long as that helps, which
can only improve on that bound. The same input always gives the same shards.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from heapq import heapify, heapreplace
from typing import Final

_GOOD_ENOUGH: Final = 0.001
"""Stop improving when longest and shortest differ by this share of the longest."""
_IMPROVEMENT_BUDGET: Final = 2_000_000
"""Units looked at while improving, so that the largest plans still take a fraction of a second."""
_MAX_STEPS: Final = 200


def partition(durations: Sequence[float], weights: Sequence[float]) -> list[list[int]]:
    """Indices of the durations, shard by shard, ascending inside a shard.

    `weights` says how many shards there are and what share of the whole each should have. With
    no fewer durations than weights, no shard is empty. Durations must be finite and positive.
    """
    shards = _longest_first(durations, weights)
    if len(set(weights)) == 1:
        _improve(shards, durations)
    return [sorted(shard) for shard in shards]


def _longest_first(durations: Sequence[float], weights: Sequence[float]) -> list[list[int]]:
    order = sorted(range(len(durations)), key=lambda at: (-durations[at], at))
    shards: list[list[int]] = [[] for _ in weights]
    # Empty shards come first, whatever their weight, so that none stays empty.
    heap = [(0.0, number) for number in range(len(weights))]
    heapify(heap)
    for at in order:
        filled, number = heap[0]
        shards[number].append(at)
        heapreplace(heap, (filled + durations[at] / weights[number], number))
    return shards


def _improve(shards: list[list[int]], durations: Sequence[float]) -> None:
    loads = [sum(durations[at] for at in shard) for shard in shards]
    for _ in range(min(_MAX_STEPS, _IMPROVEMENT_BUDGET // max(len(durations), 1))):
        long = max(range(len(loads)), key=lambda at: (loads[at], -at))
        short = min(range(len(loads)), key=lambda at: (loads[at], at))
        gap = loads[long] - loads[short]
        if gap <= _GOOD_ENOUGH * loads[long]:
            return
        moved = _exchange(shards[long], shards[short], durations, gap)
        if moved == 0.0:
            return
        loads[long] -= moved
        loads[short] += moved


def _exchange(long: list[int], short: list[int], durations: Sequence[float], gap: float) -> float:
    """Move one unit, or swap two, such that the gap shrinks most. Seconds moved; 0: no help."""
    by_length = sorted(short, key=lambda at: (durations[at], at))
    lengths = [durations[at] for at in by_length]
    best: tuple[float, int, int | None] | None = None
    for unit in long:
        wanted = durations[unit] - gap / 2
        candidates: list[int | None] = [None] if len(long) > 1 else []
        near = bisect_left(lengths, wanted)
        candidates += by_length[max(near - 1, 0) : near + 1]
        for other in candidates:
            shift = durations[unit] - (durations[other] if other is not None else 0.0)
            miss = abs(shift - gap / 2)
            if 0.0 < shift < gap and (best is None or miss < best[0]):
                best = (miss, unit, other)
    if best is None:
        return 0.0
    _, unit, partner = best
    long.remove(unit)
    short.append(unit)
    if partner is None:
        return durations[unit]
    short.remove(partner)
    long.append(partner)
    return durations[unit] - durations[partner]
