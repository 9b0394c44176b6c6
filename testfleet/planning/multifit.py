"""Partition by packing bins of a guessed size, smaller ones as long as everything fits.

MULTIFIT: E. G. Coffman, M. R. Garey, D. S. Johnson, "An application of bin-packing to
multiprocessor scheduling", SIAM J. Comput. 7 (1978); best fit takes the place of first fit here.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence
from typing import Final

_HALVINGS: Final = 10
"""Of the interval in which the best size lies."""
_BUDGET: Final = 300_000
"""Units packed in all. With more units, longest first has left nothing to gain."""


def multifit(
    ascending: Sequence[float], count: int, low_s: float, high_s: float
) -> list[list[int]] | None:
    """Shards of which the longest is shorter than `high_s`, as near to `low_s` as was found.

    Shards hold indices into the sorted durations; none is empty when there are units enough. None
    when nothing was found, or there are too many units.
    """
    best: list[list[int]] | None = None
    for _ in range(min(_HALVINGS, _BUDGET // max(len(ascending), 1))):
        size_s = (low_s + high_s) / 2
        packed = _best_fit_decreasing(ascending, count, size_s)
        if packed is None:
            low_s = size_s
        else:
            best, high_s = packed, size_s
    return None if best is None else _without_empty(best)


def _best_fit_decreasing(
    ascending: Sequence[float], count: int, size_s: float
) -> list[list[int]] | None:
    """Each unit, longest first, to the fullest shard that has room. None: one had none."""
    shards: list[list[int]] = [[] for _ in range(count)]
    filled = [(0.0, number) for number in range(count)]
    for at in range(len(ascending) - 1, -1, -1):
        fullest = bisect_left(filled, (size_s - ascending[at], count)) - 1
        if fullest < 0:
            return None
        load_s, number = filled.pop(fullest)
        shards[number].append(at)
        insort(filled, (load_s + ascending[at], number))
    return shards


def _without_empty(shards: list[list[int]]) -> list[list[int]]:
    for shard in shards:
        if not shard:
            shard.append(max(shards, key=len).pop())
    return shards
