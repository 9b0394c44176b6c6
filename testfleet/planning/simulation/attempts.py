"""One shard on one worker: how it begins, and how it ends."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate
from random import Random
from typing import Final

from testfleet.config import Profile
from testfleet.planning.simulation.limits import Limits

_HOUR_S: Final = 3600.0


class Ending(StrEnum):
    """How an attempt ended."""

    FINISHED = "finished"
    LOST = "lost"
    """The worker died and left no result: nothing of the shard counts."""
    TIMED_OUT = "timed-out"
    """The profile's time limit: what was done by then counts."""
    INTERRUPTED = "interrupted"
    """Spot took its worker back, with a warning: what was done by then counts."""


@dataclass(frozen=True, slots=True)
class Order:
    """A shard that is handed to the fleet."""

    id: str
    profile: str
    units: tuple[int, ...]
    """Indices of the job's units, in the order in which they run."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """An order on a worker. Seconds count from the start of the fan-out."""

    order: Order
    worker: str
    start_s: float
    """The worker is there and begins to get ready."""
    tests_s: float
    """Its first test begins, if it lives so long."""
    end_s: float
    ending: Ending
    done: int
    """Units that have a result: the first ones of the order."""


@dataclass(frozen=True)
class Conditions:
    """What attempts depend on beside their order."""

    seconds: Sequence[float]
    """Of each unit of the job."""
    profiles: Mapping[str, Profile]
    limits: Limits
    faults: float = 0.0
    """Chance that an attempt is lost, 0 to 1."""
    seed: int = 0

    def chance(self, order: Order, purpose: str) -> Random:
        """Draws of one order: the same whatever else happens in the fleet."""
        return Random(f"{self.seed}/{order.id}/{purpose}")  # noqa: S311 (a simulation, no secret)


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of an order on a worker, in seconds from the worker's start."""

    startup_s: float
    length_s: float
    ending: Ending
    done: int


def fate_of(order: Order, conditions: Conditions, *, is_warm: bool) -> Fate:
    """Whatever comes first: the end of the tests, the time limit, a loss, an interruption.

    A worker that is to be lost is lost at any moment of its life with the same chance. Draws are
    made whether they matter or not, so that a higher `faults` loses the same shards and more.
    """
    profile, limits = conditions.profiles[order.profile], conditions.limits
    chance = conditions.chance(order, "fate")
    warm_s = min(limits.lambda_warm_start_s, profile.startup_s)
    startup_s = warm_s if is_warm else profile.startup_s
    ends = list(accumulate((conditions.seconds[at] for at in order.units), initial=startup_s))
    length_s, ending = ends[-1], Ending.FINISHED
    if length_s > profile.time_limit_s:
        length_s, ending = float(profile.time_limit_s), Ending.TIMED_OUT
    is_lost = chance.random() < conditions.faults
    moment_s, taken_s = chance.random() * length_s, _interruption_s(profile, limits, chance)
    if is_lost:
        length_s, ending = moment_s, Ending.LOST
    if taken_s < length_s:
        # Warned, a worker reports what it has and stops; unwarned it would be a loss.
        is_warned = limits.spot_warning_s > 0
        length_s, ending = taken_s, Ending.INTERRUPTED if is_warned else Ending.LOST
    done = 0 if ending is Ending.LOST else max(0, bisect_right(ends, length_s) - 1)
    return Fate(min(startup_s, length_s), length_s, ending, done)


def _interruption_s(profile: Profile, limits: Limits, chance: Random) -> float:
    """Interruptions of Spot come at a constant rate, so the time to one is exponential."""
    drawn = chance.random()
    if not profile.spot or limits.spot_interruptions_per_h <= 0:
        return math.inf
    return -math.log(1.0 - drawn) * _HOUR_S / limits.spot_interruptions_per_h
