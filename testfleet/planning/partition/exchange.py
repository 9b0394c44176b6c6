"""Local search on a partition: units change places between the longest shard and another.

Moves and swaps as in G. Finn, E. Horowitz, "A linear time approximation algorithm for
multiprocessor scheduling", BIT 19 (1979), and the pairwise interchange that followed it.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_BUDGET: Final = 200_000
"""Units looked at: the largest plans still take a fraction of a second."""
_PER_PAIR: Final = 20
"""What looking at a pair of shards costs at least, in units."""
_FEW: Final = 12
"""Units of two shards up to which all ways to cut them in two are tried."""
_NOISE: Final = 1e-9
"""Gains below this share of a shard are rounding, and could go round in circles."""


def loads_of(shards: Sequence[Sequence[int]], ascending: Sequence[float]) -> list[float]:
    """Seconds of each shard."""
    return [sum(ascending[at] for at in shard) for shard in shards]


def exchange(
    shards: Sequence[Sequence[int]], ascending: Sequence[float], goal_s: float
) -> list[list[int]]:
    """Shards of which the longest is no longer than before, and at best `goal_s`.

    Shards hold indices into the sorted durations. None becomes empty.
    """
    search = _Search([sorted(shard) for shard in shards], ascending)
    while search.budget > 0 and max(search.loads) > goal_s:
        if not search.relieve_longest() and not search.split_longest_anew():
            break
    return search.shards


class _Search:
    """A partition that is being improved."""

    def __init__(self, shards: list[list[int]], ascending: Sequence[float]) -> None:
        self.shards = shards
        """Each ascending."""
        self.loads = loads_of(shards, ascending)
        self.budget = _BUDGET
        self._ascending = ascending

    def relieve_longest(self) -> bool:
        """Let the longest shard change units with the shortest one that this helps. False: none."""
        order = sorted(range(len(self.loads)), key=self.loads.__getitem__)
        longest = order.pop()
        for other in order:
            self.budget -= len(self.shards[longest]) + _PER_PAIR
            step = self._best_step(longest, other)
            if step is not None:
                self._take(longest, other, step)
                return True
            if self.budget <= 0:
                break
        return False

    def split_longest_anew(self) -> bool:
        """Put the longest shard and another together and cut them in two as well as can be, with
        the shortest one that this helps. False: none, or they hold too many units to try all
        ways."""
        order = sorted(range(len(self.loads)), key=self.loads.__getitem__)
        longest = order.pop()
        limit_s = self.loads[longest] * (1 - _NOISE)
        for other in order:
            units = sorted(self.shards[longest] + self.shards[other])
            if len(units) > _FEW:
                continue
            self.budget -= 1 << (len(units) - 1)
            part = _half([self._ascending[at] for at in units])
            left = [at for place, at in enumerate(units) if part >> place & 1]
            right = [at for place, at in enumerate(units) if not part >> place & 1]
            loads = loads_of([left, right], self._ascending)
            if max(loads) < limit_s:
                self.shards[longest], self.shards[other] = left, right
                self.loads[longest], self.loads[other] = loads
                return True
            if self.budget <= 0:
                break
        return False

    def _best_step(self, longest: int, other: int) -> _Step | None:
        """Move one unit, or swap two, such that the two shards differ least."""
        least_s = _NOISE * self.loads[longest]
        gap_s = self.loads[longest] - self.loads[other]
        giver, taker = self.shards[longest], self.shards[other]
        best: _Step | None = None
        for unit in giver:
            for back in self._partners(unit, giver, taker, gap_s):
                shift_s = self._ascending[unit] - (0.0 if back is None else self._ascending[back])
                miss_s = abs(shift_s - gap_s / 2)
                if least_s < shift_s < gap_s - least_s and (best is None or miss_s < best.miss_s):
                    best = _Step(unit, back, shift_s, miss_s)
        return best

    def _partners(
        self, unit: int, giver: list[int], taker: list[int], gap_s: float
    ) -> list[int | None]:
        wanted = bisect_left(self._ascending, self._ascending[unit] - gap_s / 2)
        near = bisect_left(taker, wanted)
        nothing: list[int | None] = [None] if len(giver) > 1 else []
        return nothing + taker[max(near - 1, 0) : near + 1]

    def _take(self, longest: int, other: int, step: _Step) -> None:
        self.shards[longest].remove(step.unit)
        insort(self.shards[other], step.unit)
        if step.back is not None:
            self.shards[other].remove(step.back)
            insort(self.shards[longest], step.back)
        self.loads[longest] -= step.shift_s
        self.loads[other] += step.shift_s


def _half(seconds: Sequence[float]) -> int:
    """The subset, as bits, whose sum is nearest to half of all; without the last, which is thus in
    the other half. Neither half is empty if there are two."""
    sums = [0.0]
    for each in seconds[:-1]:
        sums += [one + each for one in sums]
    half_s = sum(seconds) / 2
    misses = [abs(one - half_s) for one in sums]
    return misses.index(min(misses))


@dataclass(frozen=True, slots=True)
class _Step:
    """One unit goes to the other shard, and maybe one comes back."""

    unit: int
    back: int | None
    shift_s: float
    miss_s: float
    """How far from making both shards equal."""
