"""Shares that follow their use: what is seldom wanted goes to those who want more.

The demand of a scope is averaged exponentially over time (Brown, Exponential Smoothing for
Predicting Demand, 1956; here for demand that is constant between events, where the mean has a
closed form). Slots are dealt out by the method of largest remainders (Hamilton), so that a group's
shares are whole numbers that never add up to more than what is configured for it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from testfleet.contracts.quota import Average, Quota

TIME_CONSTANT_S: Final = 6 * 3600.0
"""After this long, demand that has ceased still counts with 1/e, about 37 %."""
_HEADROOM: Final = 1.25
"""A share aims above the mean, since demand comes in bursts."""


def roll(average: Average | None, demand: float, now: datetime) -> Average:
    """The average at `now`, when the demand has been `demand` since the last time.

    The first observation starts the average.
    """
    if average is None:
        return Average(slots=demand, at=now)
    passed_s = max((now - average.at).total_seconds(), 0.0)
    kept = math.exp(-passed_s / TIME_CONSTANT_S)
    return Average(slots=demand + (average.slots - demand) * kept, at=max(now, average.at))


def adjusted(quotas: Mapping[str, Quota], averages: Mapping[str, Average]) -> dict[str, int]:
    """The concurrency of each scope of a group, adjusted where it has bounds and a known use.

    Each stays within its bounds, and their sum is at most that of what is configured. First each
    gets its least, then what it needs, then the rest returns to whose it is.
    """
    own = {scope: quota.concurrency or 0 for scope, quota in sorted(quotas.items())}
    moving = [
        scope
        for scope, quota in sorted(quotas.items())
        if quota.bounds[0] != quota.bounds[1] and scope in averages
    ]
    if len(moving) < _FEWEST:
        return own
    least = {scope: quotas[scope].bounds[0] for scope in moving}
    needs = {scope: _need(quotas[scope], averages[scope]) for scope in moving}
    total = sum(own[scope] for scope in moving)
    shares = _deal(least, needs, total)
    shares = _deal(shares, {s: max(shares[s], own[s]) for s in moving}, total)
    return own | shares


_FEWEST: Final = 2
"""Nothing can move between fewer."""


def _need(quota: Quota, average: Average) -> int:
    least, most = quota.bounds
    return min(max(math.ceil(average.slots * _HEADROOM), least), most)


def _deal(levels: Mapping[str, int], goals: Mapping[str, int], total: int) -> dict[str, int]:
    """Raise levels towards their goals, in proportion to what is missing, up to `total` in all."""
    names = list(levels)
    missing = [goals[name] - levels[name] for name in names]
    amount = min(max(total - sum(levels.values()), 0), sum(missing))
    parts = largest_remainders(missing, amount)
    return {name: levels[name] + part for name, part in zip(names, parts, strict=True)}


def largest_remainders(weights: Sequence[int], amount: int) -> list[int]:
    """Split `amount` in proportion to the weights; the sum is exact, ties go to the first."""
    total = sum(weights)
    if total == 0:
        return [0] * len(weights)
    parts = [amount * weight // total for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda at: -(amount * weights[at] % total))
    for at in by_remainder[: amount - sum(parts)]:
        parts[at] += 1
    return parts
