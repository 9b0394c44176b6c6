"""The fleet that a plan is made for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

from testfleet.config import Environment, Fleet, Profile
from testfleet.errors import UsageError

_USABLE: Final = 0.8
"""Share of a profile's time limit that predictions may fill: they are wrong now and then."""


@dataclass(frozen=True)
class Place:
    """Where shards run."""

    fleet: Fleet
    profiles: Mapping[str, Profile]
    profile: str | None = None
    """The suite's own profile; None is the fleet's usual one. Raises UsageError when unknown."""

    def __post_init__(self) -> None:
        if self.usual not in self.profiles:
            known = ", ".join(sorted(self.profiles))
            raise UsageError(f"no worker profile {self.usual!r}: this environment has {known}")

    @classmethod
    def of(cls, environment: Environment, profile: str | None = None) -> Self:
        """The place that an environment is."""
        return cls(environment.fleet, environment.profiles, profile)

    @property
    def usual(self) -> str:
        """Name of the profile that shards run on first."""
        return self.profile or self.fleet.default_profile

    @property
    def fallback(self) -> str:
        """Name of the profile for what the usual one has lost."""
        return self.fleet.fallback_profile or self.usual

    def usable_s(self, profile: str) -> float:
        """Predicted seconds that a shard on the profile may hold."""
        return self.profiles[profile].time_limit_s * _USABLE
