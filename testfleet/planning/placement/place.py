"""The fleet that a plan is made for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final, Self

from testfleet.config import Environment, Fleet, Group, Profile
from testfleet.contracts.profile import Weights
from testfleet.errors import UsageError
from testfleet.planning.placement.abilities import abilities_of
from testfleet.planning.placement.eligibility import able_profiles
from testfleet.planning.placement.needs import Needs
from testfleet.planning.placement.requirements import parse_all

_USABLE: Final = 0.8
"""Share of a profile's time limit that predictions may fill: they are wrong now and then."""
_FOREVER_S: Final = 10**15
"""Longer than any table of units: the time limit of a worker that has none."""


@dataclass(frozen=True)
class Place:
    """Where shards run."""

    fleet: Fleet
    profiles: Mapping[str, Profile]
    profile: str | None = None
    """The suite's own profile or group; None is the fleet's usual one. Raises UsageError when
    unknown."""
    groups: Mapping[str, Group] = field(default_factory=dict)
    needs: Needs = field(default_factory=Needs)
    """What the suite's units require of their workers."""
    is_bound: bool = field(default=False, kw_only=True)
    """True for code that is not trusted: nothing of it may run anywhere else."""

    def __post_init__(self) -> None:
        if self._asked not in self.profiles and self._asked not in self.groups:
            known = ", ".join(sorted([*self.profiles, *self.groups]))
            raise UsageError(f"no worker profile {self._asked!r}: this environment has {known}")

    @classmethod
    def of(
        cls,
        environment: Environment,
        profile: str | None = None,
        needs: Needs | None = None,
        *,
        is_bound: bool = False,
    ) -> Self:
        """The place that an environment is, for a suite with this profile and these needs."""
        return cls(
            environment.fleet,
            environment.profiles,
            profile,
            environment.groups,
            needs or Needs(),
            is_bound=is_bound,
        )

    @property
    def _asked(self) -> str:
        return self.profile or self.fleet.default_profile

    @property
    def named(self) -> tuple[str, ...]:
        """Profiles that the suite names, or the fleet for it: one, or the members of a group."""
        group = self.groups.get(self._asked)
        return group.profiles if group else (self._asked,)

    @cached_property
    def choices(self) -> tuple[str, ...]:
        """Profiles that shards may run on first: those named that have what the whole suite
        requires, or others that have it.

        Raises UsageError when none has.
        """
        return able_profiles(self.needs.suite, self.profiles, self.named, bound=self.is_bound)

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
        named = self.fleet.fallback_profile
        if named is None or self.is_bound or not self._has(named, self.needs.suite):
            return self.usual
        return named

    def able(self, units: Iterable[str], preferred: str) -> str:
        """The preferred profile, or the first that has what all of the units require.

        Where none has, the preferred one: units of different needs must not meet in a shard.
        """
        requires = self._required(units)
        others = self.named if self.is_bound else (*self.choices, *self.profiles)
        for name in (preferred, *others):
            if self._has(name, requires):
                return name
        return preferred

    def is_able(self, profile: str, units: Iterable[str]) -> bool:
        """Whether the profile has what all of the units require."""
        return self._has(profile, self._required(units))

    def able_to(self, profile: str, requires: frozenset[str]) -> bool:
        """Whether the profile has all of it."""
        return self._has(profile, requires)

    def _required(self, units: Iterable[str]) -> frozenset[str]:
        return self.needs.suite.union(*(self.needs.of(unit) for unit in units))

    def _has(self, profile: str, requires: frozenset[str]) -> bool:
        return not abilities_of(self.profiles[profile]).lacking(parse_all(requires))

    def ready(self) -> Self:
        """The same with ideal workers: none takes any time to start, or has to end in time."""
        ready = {
            name: profile.model_copy(update={"startup_s": 0.0, "time_limit_s": _FOREVER_S})
            for name, profile in self.profiles.items()
        }
        return replace(self, profiles=ready)

    @property
    def is_ready(self) -> bool:
        """Whether its workers are ideal, see `ready`: a time limit of theirs means nothing."""
        return self.profiles[self.usual].time_limit_s >= _FOREVER_S

    def usable_s(self, profile: str) -> float:
        """Predicted seconds that a shard on the profile may hold."""
        return self.profiles[profile].time_limit_s * _USABLE
