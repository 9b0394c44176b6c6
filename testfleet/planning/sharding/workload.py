"""What decides how many shards are worth their start: the work, the workers, and a start's cost."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from testfleet.contracts.plan import PlannedUnit
from testfleet.planning.partition.balance import bound_of_sorted_s, partition
from testfleet.planning.partition.spread import spread_s
from testfleet.planning.placement.place import Place

AS_GOOD = 1.02
"""A plan with fewer shards may be this much longer."""


@dataclass(frozen=True)
class Workload:
    """Units that must not be torn apart, and where they run."""

    ascending: tuple[float, ...]
    """Seconds of the units."""
    guessed_s: float
    """Of these, seconds that are a guess."""
    variance_s2: float
    """Sum of the variances of the units' seconds."""
    workers: int
    startup_s: float
    """Start, set-up and transfer, paid once a shard."""
    cap: int
    """No more shards than units, nor than the fleet allows."""
    usable_s: float
    """Seconds that a shard may hold."""

    @classmethod
    def of(
        cls,
        units: Sequence[PlannedUnit],
        place: Place,
        profile: str,
        startup_s: float | None = None,
    ) -> Self:
        """The units on one profile of the place. A start takes what the profile says, or
        `startup_s`."""
        configured_s = place.profiles[profile].startup_s
        return cls(
            ascending=tuple(sorted(unit.predicted_s for unit in units)),
            guessed_s=sum(unit.predicted_s for unit in units if not unit.known),
            variance_s2=sum(
                spread_s(unit.predicted_s, unit.low_s, unit.high_s, known=unit.known) ** 2
                for unit in units
            ),
            workers=place.fleet.workers,
            startup_s=configured_s if startup_s is None else startup_s,
            cap=max(1, min(len(units), place.fleet.max_shards)),
            usable_s=place.usable_s(profile),
        )

    @property
    def total_s(self) -> float:
        """Seconds of all units."""
        return sum(self.ascending)

    @property
    def longest_s(self) -> float:
        """Seconds of the longest unit."""
        return self.ascending[-1] if self.ascending else 0.0

    def shard_s(self, count: int) -> float:
        """Seconds of the longest of so many shards, as even as can be: a lower bound, which
        partitions of real suites reach within a percent."""
        return bound_of_sorted_s(self.ascending, count)

    def fewest_as_good(self, most: int) -> int:
        """Where one long unit sets the pace, additional shards only cost starts."""
        if self.longest_s <= 0:
            return most
        limit_s = AS_GOOD * self.shard_s(most)
        fewest = min(math.ceil(self.total_s / self.longest_s), most)
        while fewest < most and self.shard_s(fewest) > limit_s:
            fewest += max(1, fewest // 8)
        return min(fewest, most)

    def short_enough(self, count: int) -> int:
        """That many shards, or more: until none outlives its worker. Where there are more than
        workers, each worker gets as many as the others."""
        limit_s = max(self.usable_s, self.longest_s)
        if self.total_s / count + self.longest_s <= limit_s:
            return count  # by the bound of list scheduling
        while count < self.cap and not self._fits(count, limit_s):
            count += max(1, count // 8)
            if count > self.workers:
                count += -count % self.workers
            count = min(count, self.cap)
        return count

    def _fits(self, count: int, limit_s: float) -> bool:
        if self.shard_s(count) > limit_s:
            return False  # the bound is quick to tell, and a partition is not
        shards = partition(self.ascending, (1.0,) * count)
        return max(sum(self.ascending[at] for at in shard) for shard in shards) <= limit_s
