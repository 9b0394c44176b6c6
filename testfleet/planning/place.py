"""The fleet that a plan is made for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Self

from testfleet.config import Environment, Fleet, Group, Profile
from testfleet.contracts.profile import Weights
from testfleet.errors import UsageError

_USABLE: Final = 0.8
"""Share of a profile's time limit that predictions may fill: they are wrong now and then."""


@dataclass(frozen=True)
class Place:
    """Where shards run."""

    fleet: Fleet
    profiles: Mapping[str, Profile]
    profile: str | None = None
    """The suite's own profile or group; None is the fleet's usual one. Raises UsageError when
    unknown."""
    groups: Mapping[str, Group] = field(default_factory=dict)
    is_bound: bool = False
    """True for code that is not trusted: nothing of it may run anywhere else."""

    def __post_init__(self) -> None:
        if self._asked not in self.profiles and self._asked not in self.groups:
            known = ", ".join(sorted([*self.profiles, *self.groups]))
            raise UsageError(f"no worker profile {self._asked!r}: this environment has {known}")

    @classmethod
    def of(cls, environment: Environment, profile: str | None = None) -> Self:
        """The place that an environment is."""
        return cls(environment.fleet, environment.profiles, profile, environment.groups)

    @property
    def _asked(self) -> str:
        return self.profile or self.fleet.default_profile

    @property
    def choices(self) -> tuple[str, ...]:
        """Profiles that shards may run on first: one, or the members of a group."""
        group = self.groups.get(self._asked)
        return group.profiles if group else (self._asked,)

    @property
    def weights(self) -> Weights:
        """What counts when there is a choice."""
        group = self.groups.get(self._asked)
        return group.weights if group else Weights()

    @property
    def usual(self) -> str:
        """Name of the profile that shards run on first."""
        return self.choices[0]

    @property
    def fallback(self) -> str:
        """Name of the profile for what the usual one has lost."""
        if self.is_bound:
            return self.usual
        return self.fleet.fallback_profile or self.usual

    def usable_s(self, profile: str) -> float:
        """Predicted seconds that a shard on the profile may hold."""
        return self.profiles[profile].time_limit_s * _USABLE
