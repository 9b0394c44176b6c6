"""Small fleets and jobs, easy to work out by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from testfleet.config import Fleet, Profile
from testfleet.contracts.plan import Compute
from testfleet.planning.placement.place import Place
from testfleet.planning.simulation.limits import UNLIMITED, Limits
from testfleet.planning.simulation.simulator import Scenario
from testfleet.planning.work import Assignment, Job, WorkUnit

SMALL = Profile(
    compute=Compute.LAMBDA, memory_mb=2048, vcpu=1, disk_mb=512, time_limit_s=100, startup_s=2
)
LARGE = Profile(
    compute=Compute.FARGATE,
    memory_mb=8192,
    vcpu=4,
    disk_mb=20480,
    time_limit_s=1000,
    startup_s=30,
    docker=True,
)
CALM = replace(UNLIMITED, lambda_warm_start_s=0.5)
"""Starts cost something, nothing else does."""


def units_of(*seconds: float, **more: object) -> tuple[WorkUnit, ...]:
    """Units a, b, c, ... of these seconds."""
    return tuple(
        replace(WorkUnit(chr(ord("a") + at), duration_s), **more)  # type: ignore[arg-type]
        for at, duration_s in enumerate(seconds)
    )


def place_of(*, max_rounds: int = 3, small: Profile = SMALL, large: Profile = LARGE) -> Place:
    """`small` is usual, `large` the fallback."""
    fleet = Fleet(
        workers=4,
        max_shards=10_000,
        default_profile="small",
        fallback_profile="large",
        max_rounds=max_rounds,
    )
    return Place(fleet, {"small": small, "large": large})


def scenario(  # noqa: PLR0913 (one keyword for each thing that a test varies)
    units: Sequence[WorkUnit],
    shards: Sequence[Sequence[int]],
    *,
    workers: int | None = None,
    place: Place | None = None,
    limits: Limits = CALM,
    faults: float = 0.0,
    seed: int = 0,
    deadline_s: float | None = None,
) -> Scenario:
    """These shards, in this order, all at the same time unless `workers` says less."""
    place = place or place_of()
    job = Job(
        units=units,
        weights=(1.0,) * len(shards),
        workers=workers or len(shards),
        profile="small",
        profiles=place.profiles,
        deadline_s=deadline_s,
        seed=seed,
    )
    return Scenario(job, Assignment(tuple(map(tuple, shards))), place, limits, faults)
