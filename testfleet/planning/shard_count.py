"""Into how many shards: enough to fill the workers, few enough to be worth their start."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from testfleet.contracts.plan import PlannedUnit
from testfleet.planning.partition import partition
from testfleet.planning.place import Place

WORTH_SPLITTING_S: Final = 1.5
"""From here on two workers are used, even where a start costs more than a shard saves."""
MAX_SHARDS_PER_WORKER: Final = 4
START_SHARE: Final = 0.20
"""Additional starts may cost this share of the predicted seconds."""
_GUESSED_SHARE: Final = 0.25
"""With more than this share of the seconds guessed, the predictions count as unknown."""
_AS_GOOD: Final = 1.02
"""A plan with fewer shards may be this much longer."""


@dataclass(frozen=True)
class ShardCount:
    """How many shards, of what relative size, and the reason."""

    weights: tuple[float, ...]
    reason: str


def automatic_count(units: Sequence[PlannedUnit], place: Place, profile: str) -> ShardCount:
    """The number of shards when the user gave none."""
    work = _Work.of(units, place, profile)
    if work.is_guessed and work.spread > work.workers:
        weights = _falling_weights(work.spread, work.workers)
        if work.total_s * weights[0] / sum(weights) > work.usable_s:
            weights = (1.0,) * _short_enough(work, work.spread)
        return ShardCount(
            weights,
            f"{len(weights)} shards for {work.workers} workers: most durations are guesses, so"
            " workers that are done early take another shard",
        )
    count = _short_enough(work, _fewest_as_good(work))
    return ShardCount(
        (1.0,) * count,
        f"{count} shard{'s' * (count > 1)} for {work.workers} worker{'s' * (work.workers > 1)}:"
        f" {work.total_s:.1f} s of tests, the longest unit {work.longest_s:.1f} s",
    )


def given_count(units: Sequence[PlannedUnit], place: Place, wanted: int) -> ShardCount:
    """The number of shards that the user wants, as far as there are units for it."""
    count = max(1, min(wanted, len(units), place.fleet.max_shards))
    reason = f"{count} shard{'s' * (count > 1)}, as asked for"
    if count < wanted:
        limit = "units" if count == len(units) else "shards allowed by the fleet"
        reason = f"{count} shard{'s' * (count > 1)} instead of {wanted}: no more {limit}"
    return ShardCount((1.0,) * count, reason)


@dataclass(frozen=True)
class _Work:
    durations: tuple[float, ...]
    guessed_s: float
    workers: int
    startup_s: float
    cap: int
    """No more shards than units, nor than the fleet allows."""
    usable_s: float

    @classmethod
    def of(cls, units: Sequence[PlannedUnit], place: Place, profile: str) -> _Work:
        return cls(
            durations=tuple(unit.predicted_s for unit in units),
            guessed_s=sum(unit.predicted_s for unit in units if not unit.known),
            workers=place.fleet.workers,
            startup_s=place.profiles[profile].startup_s,
            cap=max(1, min(len(units), place.fleet.max_shards)),
            usable_s=place.usable_s(profile),
        )

    @property
    def total_s(self) -> float:
        return sum(self.durations)

    @property
    def longest_s(self) -> float:
        return max(self.durations, default=0.0)

    @property
    def is_guessed(self) -> bool:
        return self.guessed_s > _GUESSED_SHARE * self.total_s

    @property
    def useful(self) -> int:
        """At most one shard a worker, each longer than the start that it costs."""
        worth = int(self.total_s / self.startup_s) if self.startup_s > 0 else self.cap
        floor = 2 if self.total_s >= WORTH_SPLITTING_S else 1
        return min(max(worth, floor), self.workers, self.cap)

    @property
    def spread(self) -> int:
        """Several shards a worker, as long as their starts stay cheap."""
        if self.useful < self.workers:
            return self.useful
        extra = int(START_SHARE * self.total_s / self.startup_s) if self.startup_s else self.cap
        rounds = min(MAX_SHARDS_PER_WORKER, (self.workers + extra) // self.workers)
        return min(rounds * self.workers, self.cap)


def _fewest_as_good(work: _Work) -> int:
    """Where one long unit sets the pace, additional shards only cost starts."""
    if work.useful <= 2 or work.longest_s <= 0:  # noqa: PLR2004 (nothing to save)
        return work.useful
    length = _longest_shard(work)
    fewest = math.ceil(work.total_s / work.longest_s)
    best = length(work.useful) if fewest < work.useful else 0.0
    while fewest < work.useful and length(fewest) > _AS_GOOD * best:
        fewest += max(1, fewest // 8)
    return min(fewest, work.useful)


def _short_enough(work: _Work, count: int) -> int:
    """More shards, until none outlives its worker."""
    limit = max(work.usable_s, work.longest_s)
    if work.total_s / count + work.longest_s <= limit:
        return count  # by the bound of list scheduling
    length = _longest_shard(work)
    while count < work.cap and length(count) > limit:
        count = min(work.cap, count + max(1, count // 8))
    return count


def _longest_shard(work: _Work) -> Callable[[int], float]:
    def length(count: int) -> float:
        shards = partition(work.durations, (1.0,) * count)
        return max(sum(work.durations[at] for at in shard) for shard in shards)

    return length


def _falling_weights(count: int, workers: int) -> tuple[float, ...]:
    """Each batch of one shard a worker is half as long as the one before, the last two equal.

    After S. F. Hummel, E. Schonberg, L. E. Flynn, "Factoring: a method for scheduling parallel
    loops", CACM 35(8), 1992: long shards first, short ones to even out what was guessed wrongly.
    """
    last = (count - 1) // workers
    return tuple(0.5 ** min(at // workers, max(last - 1, 0)) for at in range(count))
