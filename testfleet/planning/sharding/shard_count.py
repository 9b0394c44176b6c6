"""Into how many shards: enough to fill the workers, few enough to be worth their start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from testfleet.planning.sharding.workload import Workload

WORTH_SPLITTING_S: Final = 1.5
"""From here on two workers are used, even where a start costs more than a shard saves."""
MAX_SHARDS_PER_WORKER: Final = 4
START_SHARE: Final = 0.20
"""Additional starts may cost this share of the predicted seconds."""
AS_ASKED: Final = ", as asked for"
"""What a reason says of a number of shards that was kept."""
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


def given_count(work: Workload, wanted: int, of: int | None = None) -> ShardCount:
    """The number of shards that the user wants: no more than units, and enough that none outlives
    its worker. `of` is the number asked for where `wanted` is a share of it."""
    count = max(1, min(wanted, work.cap))
    safe = work.short_enough(count)
    shards = f"{safe} shard{'s' * (safe > 1)}"
    asked = f"{wanted}" if of is None else f"{wanted} (its share of the {of} asked for)"
    if safe > count:
        reason = f"{shards} instead of {asked}: a worker may hold {work.usable_s:.0f} s of tests"
    elif count < wanted:
        limit = "units" if count == len(work.ascending) else "shards allowed by the fleet"
        reason = f"{shards} instead of {asked}: no more {limit}"
    else:
        of_all = f", the share of these units of the {of} asked for"
        reason = shards + (AS_ASKED if of is None else of_all)
    return ShardCount((1.0,) * safe, reason)


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
