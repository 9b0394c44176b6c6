"""The number of shards under a deadline or a budget: as cheap, or as quick, as that allows.

A cost model of three parts: the tests are paid for once, however they are cut; every shard adds a
start, paid for and waited for; the longest shard sets the end.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from testfleet.errors import UsageError
from testfleet.planning.partition.spread import UPPER
from testfleet.planning.sharding.shard_count import ShardCount
from testfleet.planning.sharding.workload import Workload

_NEWEST: Final = 50
"""Measured starts that count."""
_BELIEF: Final = 5
"""The configured start weighs as much as this many measured ones."""


@dataclass(frozen=True)
class Limits:
    """What a run may take."""

    deadline_s: float | None = None
    """Seconds until the last shard should have ended."""
    max_usd: float | None = None
    """Dollars for all shards."""

    def __bool__(self) -> bool:
        return self.deadline_s is not None or self.max_usd is not None


@dataclass(frozen=True)
class CostModel:
    """Seconds and dollars of a workload by its number of shards."""

    work: Workload
    usd: Callable[[float], float] | None = None
    """Dollars of one shard whose worker is charged for so many seconds, its start included. None:
    nobody asks for dollars."""

    def expected_s(self, count: int) -> float:
        """When the last of so many shards is expected to end. Falls with the count, as long as
        there are workers for it."""
        waves = math.ceil(count / self.work.workers)
        longest_s = self.work.shard_s(min(count, self.work.workers))
        return waves * self.work.startup_s + longest_s

    def likely_s(self, count: int) -> float:
        """When a shard as long as the longest has ended in nine of ten cases: its variance is its
        share of that of all units, and its seconds nearly normal."""
        return self.expected_s(count) + UPPER * math.sqrt(self.work.variance_s2 / count)

    def expected_usd(self, count: int) -> float:
        """Dollars of so many even shards; 0 without prices. Rises with the count."""
        if self.usd is None:
            return 0.0
        return count * self.usd(self.work.total_s / count + self.work.startup_s)

    @property
    def most(self) -> int:
        """Shards beyond which nothing ends sooner."""
        return max(1, min(self.work.workers, self.work.cap))


def limited_count(model: CostModel, limits: Limits) -> ShardCount:
    """The fewest shards that meet the deadline, or the quickest that the budget pays for.

    With both, the budget holds and the deadline is a wish. What cannot be met is said in the
    reason, and the plan comes as near to it as it can. Raises UsageError for a budget without
    prices.
    """
    if limits.max_usd is not None and model.usd is None:
        raise UsageError("a budget needs prices, and this plan was asked for without any")
    if limits.max_usd is not None:
        count, reason = _within_budget(model, limits.max_usd, limits.deadline_s)
    else:
        count, reason = _in_time(model, limits.deadline_s or math.inf, model.most)
    safe = model.work.short_enough(count)
    if safe > count:
        reason += f"; {safe} shards, because a worker may not run longer"
    return ShardCount((1.0,) * safe, reason)


def judged(model: CostModel, limits: Limits, given: ShardCount) -> ShardCount:
    """A number of shards that the user gave, and whether it keeps within the limits."""
    count = len(given.weights)
    over = []
    if limits.deadline_s is not None and model.expected_s(count) > limits.deadline_s:
        over.append(f"later than {limits.deadline_s:g} s")
    if limits.max_usd is not None and model.expected_usd(count) > limits.max_usd:
        over.append(f"more than ${limits.max_usd:g}")
    verdict = f", {' and '.join(over)}" if over else ""
    return ShardCount(given.weights, f"{given.reason}: {_outcome(model, count)}{verdict}")


def measured_startup_s(configured_s: float, measured: Sequence[float]) -> float:
    """Seconds that a shard takes beside its tests: from what past shards took, oldest first.

    The median of the newest, drawn to the configured value while there are few. Numbers that are
    no seconds are left out.
    """
    usable = [seconds for seconds in measured if 0 <= seconds < math.inf][-_NEWEST:]
    if not usable:
        return configured_s
    weight = len(usable) / (len(usable) + _BELIEF)
    return weight * median(usable) + (1 - weight) * configured_s


def _in_time(model: CostModel, deadline_s: float, most: int) -> tuple[int, str]:
    counts = range(1, most + 1)
    fitting = bisect_left(counts, 1, key=lambda count: model.likely_s(count) <= deadline_s)
    if fitting < len(counts):
        count = counts[fitting]
        return count, (
            f"{_shards(count)}, the fewest for {deadline_s:g} s: {_outcome(model, count)}"
        )
    count = model.work.fewest_as_good(most)
    verdict = "may be missed" if model.expected_s(count) <= deadline_s else "will be missed"
    return count, (
        f"{_shards(count)}: the deadline of {deadline_s:g} s {verdict}, more shards would not"
        f" help: {_outcome(model, count)}"
    )


def _within_budget(model: CostModel, max_usd: float, deadline_s: float | None) -> tuple[int, str]:
    counts = range(1, model.most + 1)
    affordable = bisect_left(counts, 1, key=lambda count: model.expected_usd(count) > max_usd)
    if affordable == 0:
        return 1, (
            f"1 shard: the budget of ${max_usd:g} is not enough for the tests, and more shards"
            f" cost more: {_outcome(model, 1)}"
        )
    if deadline_s is not None:
        count, reason = _in_time(model, deadline_s, affordable)
        return count, f"{reason}, within ${max_usd:g}"
    count = model.work.fewest_as_good(affordable)
    return count, f"{_shards(count)}, the quickest for ${max_usd:g}: {_outcome(model, count)}"


def _shards(count: int) -> str:
    return f"{count} shard{'s' * (count > 1)}"


def _outcome(model: CostModel, count: int) -> str:
    price = "" if model.usd is None else f" and ${model.expected_usd(count):.4f}"
    return f"about {model.expected_s(count):.1f} s{price}"
