"""How much capacity to keep warm for the load that is predicted.

Out at once, in slowly: a worker too many costs cents, a cold start in a burst costs everybody's
time. Capacity falls only when neither the coming hours nor the last ones need it (the stabilisation
window of the Kubernetes Horizontal Pod Autoscaler), by a quarter at a time, and never below what is
running. Differences that are small stay (a dead band, as in hysteresis control). All of it follows
from history and the present capacity, so nothing has to be remembered between two decisions.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from testfleet.planning.scaling.load import Forecast

_DEAD_BAND: Final = 0.2
"""Share of the present capacity that a change must exceed."""
_DRAIN: Final = 0.25
"""Share of the present capacity that may go at once."""


@dataclass(frozen=True)
class Capacity:
    """Units that are there: workers, or instances of an endpoint."""

    provisioned: int
    running: int
    """Units that are busy, or were in the last minutes."""
    most: int | None = None
    """What the unit's own service allows at present. None: it sets no limit."""


@dataclass(frozen=True)
class Bounds:
    """What may be kept warm at most, and why."""

    configured: int
    affordable: int
    """Units that the month's budget pays for until its end."""
    load_per_unit: int = 1
    """Busy workers that one unit serves."""


@dataclass(frozen=True)
class Target:
    """Units to provide, and why."""

    units: int
    reason: str


def target(
    forecasts: Sequence[Forecast], recent: Sequence[float], now: Capacity, bounds: Bounds
) -> Target:
    """Units for the coming hours. `recent` are the loads of the last hours, the cool-down."""
    coming = _units(max((each.high for each in forecasts), default=0.0), bounds)
    lately = _units(max(recent, default=0.0), bounds)
    most, limit = _limit(now, bounds)
    if now.provisioned > most:
        return Target(min(max(most, now.running), now.provisioned), f"{limit} allows {most}")
    if coming > most:
        return Target(most, f"{coming} predicted, {limit} allows {most}")
    if coming > now.provisioned:
        return _out(now, coming)
    return _in(now, min(max(coming, lately, now.running), now.provisioned), lately)


def _out(now: Capacity, wanted: int) -> Target:
    if now.provisioned > 0 and wanted - now.provisioned <= now.provisioned * _DEAD_BAND:
        return Target(now.provisioned, f"kept: {wanted} predicted is no more than a small change")
    return Target(wanted, f"{wanted} predicted")


def _in(now: Capacity, floor: int, lately: int) -> Target:
    surplus = now.provisioned - floor
    if surplus == 0 or (surplus <= now.provisioned * _DEAD_BAND and floor > 0):
        return Target(now.provisioned, f"kept: {floor} needed, {lately} in the last hours")
    step = max(math.ceil(now.provisioned * _DRAIN), 1)
    left = max(floor, now.provisioned - step)
    return Target(left, f"{floor} needed, {lately} in the last hours: drained by {step} at a time")


def _limit(now: Capacity, bounds: Bounds) -> tuple[int, str]:
    limits = [(bounds.configured, "the configuration"), (bounds.affordable, "the budget")]
    if now.most is not None:
        limits.append((now.most, "the service"))
    most, name = min(limits, key=lambda each: each[0])
    return max(most, 0), name


def _units(load: float, bounds: Bounds) -> int:
    return math.ceil(load / bounds.load_per_unit)
