"""Small builders for profiles, places and units."""

from __future__ import annotations

from typing import Any

from testfleet.config import Fleet, Group, Profile
from testfleet.contracts.placement import PlacementState
from testfleet.contracts.plan import Compute
from testfleet.contracts.profile import Weights
from testfleet.planning.placement.place import Place
from testfleet.planning.placement.score import Experience
from testfleet.planning.work import WorkUnit


def make_profile(**changes: Any) -> Profile:
    usual = {
        "compute": Compute.LAMBDA,
        "memory_mb": 1024,
        "vcpu": 1,
        "disk_mb": 512,
        "time_limit_s": 900,
        "startup_s": 1,
    }
    return Profile.model_validate(usual | changes)


PROFILES = {
    "small": make_profile(),
    "large": make_profile(
        compute=Compute.FARGATE, memory_mb=8192, vcpu=4, time_limit_s=7200, startup_s=60
    ),
    "browser": make_profile(memory_mb=4096, browsers={"chromium": "131.0"}),
    "docker": make_profile(compute=Compute.FARGATE, docker=True, startup_s=60),
}


def make_fleet_of(
    *members: str, weights: Weights | None = None, bound: bool = False, workers: int = 4
) -> Place:
    """A place of these profiles: of one, or of a group of several."""
    fleet = Fleet(
        workers=workers,
        max_shards=64,
        default_profile="all" if len(members) > 1 else members[0],
        fallback_profile="large",
    )
    group = Group(profiles=members, weights=weights or Weights())
    return Place(fleet, PROFILES, None, {"all": group}, is_bound=bound)


def make_work(
    count: int, *requires: str, seconds: float = 10.0, memory_mb: float = 0.0
) -> list[WorkUnit]:
    return [
        WorkUnit(f"test_{at:03}.py", seconds, requires=frozenset(requires), memory_mb=memory_mb)
        for at in range(count)
    ]


def by_memory(profile: Profile, seconds: float) -> float:
    """A price: of memory, and dearer for each second."""
    return profile.memory_mb / 1024 * seconds * 1e-5


def knowing(state: PlacementState | None = None) -> Experience:
    return Experience(by_memory, state or PlacementState())
