"""Into how many shards: enough to fill the workers, few enough to be worth their start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from testfleet.contracts.plan import PlannedUnit
from testfleet.planning.placement.place import Place
from testfleet.planning.sharding.workload import Workload

WORTH_SPLITTING_S: Final = 1.5
"""From here on two workers are used, even where a start costs more than a shard saves."""
MAX_SHARDS_PER_WORKER: Final = 4
START_SHARE: Final = 0.20
"""Additional starts may cost this share of the predicted seconds."""
_GUESSED_SHARE: Final = 0.25
"""With more than this share of the seconds guessed, the predictions count as unknown."""


@dataclass(frozen=True)
class ShardCount:
    """How many shards, of what relative size, and the reason."""

    weights: tuple[float, ...]
    reason: str


def count_for(work: Workload) -> ShardCount:
    """The number of shards that saves most time while each is worth its start."""
    useful = _useful(work)
    spread = _spread(work, useful)
    if work.guessed_s > _GUESSED_SHARE * work.total_s and spread > work.workers:
        weights = _falling_weights(spread, work.workers)
        if work.total_s * weights[0] / sum(weights) > work.usable_s:
            weights = (1.0,) * work.short_enough(spread)
        return ShardCount(
            weights,
            f"{len(weights)} shards for {work.workers} workers: most durations are guesses, so"
            " workers that are done early take another shard",
        )
    fewest = useful if useful <= 2 else work.fewest_as_good(useful)  # noqa: PLR2004 (nothing to save)
    count = work.short_enough(fewest)
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


def _useful(work: Workload) -> int:
    """At most one shard a worker, each longer than the start that it costs."""
    worth = int(work.total_s / work.startup_s) if work.startup_s > 0 else work.cap
    floor = 2 if work.total_s >= WORTH_SPLITTING_S else 1
    return min(max(worth, floor), work.workers, work.cap)


def _spread(work: Workload, useful: int) -> int:
    """Several shards a worker, as long as their starts stay cheap."""
    if useful < work.workers:
        return useful
    extra = int(START_SHARE * work.total_s / work.startup_s) if work.startup_s else work.cap
    rounds = min(MAX_SHARDS_PER_WORKER, (work.workers + extra) // work.workers)
    return min(rounds * work.workers, work.cap)


def _falling_weights(count: int, workers: int) -> tuple[float, ...]:
    """Each batch of one shard a worker is half as long as the one before, the last two equal.

    After S. F. Hummel, E. Schonberg, L. E. Flynn, "Factoring: a method for scheduling parallel
    loops", CACM 35(8), 1992: long shards first, short ones to even out what was guessed wrongly.
    """
    last = (count - 1) // workers
    return tuple(0.5 ** min(at // workers, max(last - 1, 0)) for at in range(count))
