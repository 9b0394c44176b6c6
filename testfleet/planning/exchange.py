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
    while search.budget > 0 and max(search.loads) > goal_s and search.relieve_longest():
        pass
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


@dataclass(frozen=True, slots=True)
class _Step:
    """One unit goes to the other shard, and maybe one comes back."""

    unit: int
    back: int | None
    shift_s: float
    miss_s: float
    """How far from making both shards equal."""
