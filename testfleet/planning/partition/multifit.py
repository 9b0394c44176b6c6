"""Partition by packing bins of a guessed size, smaller ones as long as everything fits.

MULTIFIT: E. G. Coffman, M. R. Garey, D. S. Johnson, "An application of bin-packing to
multiprocessor scheduling", SIAM J. Comput. 7 (1978). Bins are not packed by first fit but one by
one, each with its longest unit and what leaves the least slack beside it (MBS'): K. Fleszar, K. S.
Hindi, "New heuristics for one-dimensional bin-packing", Computers & Operations Research 29 (2002).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Final

_HALVINGS: Final = 8
"""Of the interval in which the best size lies."""
_MOST_UNITS: Final = 10_000
"""With more units, longest first and exchanges have left nothing to gain."""
_TRIES: Final = 1_000
"""Units tried to fill one bin."""
_SLACK: Final = 0.0003
"""A bin with less of its size empty is full."""


def multifit(
    ascending: Sequence[float], count: int, low_s: float, high_s: float
) -> list[list[int]] | None:
    """Shards of which the longest is at most `high_s`, as near to `low_s` as was found.

    Shards hold indices into the sorted durations; none is empty when there are units enough. None
    when nothing was found, or there are too many units.
    """
    best: list[list[int]] | None = None
    for _ in range(_HALVINGS if len(ascending) <= _MOST_UNITS else 0):
        size_s = (low_s + high_s) / 2
        packed = _pack(ascending, count, size_s)
        if packed is None:
            low_s = size_s
        else:
            best, high_s = packed, size_s
    return None if best is None else _without_empty(best)


def _pack(ascending: Sequence[float], count: int, size_s: float) -> list[list[int]] | None:
    """The units in so many bins of that size. None: they did not fit."""
    left = list(range(len(ascending)))
    seconds = list(ascending)
    bins: list[list[int]] = []
    for _ in range(count):
        if not left:
            bins.append([])
            continue
        room_s = size_s - seconds[-1]
        if room_s < 0:
            return None
        beside = _least_slack(seconds, room_s, _SLACK * size_s)
        # Positions fall, so that what goes away does not move what is still to go.
        chosen = [len(left) - 1, *beside]
        bins.append([left[place] for place in chosen])
        for place in chosen:
            del left[place], seconds[place]
    return None if left else bins


def _least_slack(seconds: Sequence[float], room_s: float, enough_s: float) -> list[int]:
    """Falling positions before the last one whose sum fills the room best, by depth-first search,
    long ones first."""
    best: list[int] = []
    least_s = room_s
    chosen: list[int] = []
    rooms = [room_s]
    at = bisect_right(seconds, room_s, 0, len(seconds) - 1) - 1
    for _ in range(_TRIES):
        # Units this short cannot fill what is left better than it has been filled.
        if at >= 0 and rooms[-1] - seconds[at] * (rooms[-1] // seconds[0]) >= least_s:
            at = -1
        if at < 0:
            if not chosen:
                break
            at = chosen.pop() - 1
            rooms.pop()
            continue
        chosen.append(at)
        rooms.append(rooms[-1] - seconds[at])
        if rooms[-1] < least_s:
            best, least_s = list(chosen), rooms[-1]
            if least_s <= enough_s:
                break
        at = bisect_right(seconds, rooms[-1], 0, at) - 1
    return best


def _without_empty(shards: list[list[int]]) -> list[list[int]]:
    for shard in shards:
        if not shard:
            shard.append(max(shards, key=len).pop())
    return shards
