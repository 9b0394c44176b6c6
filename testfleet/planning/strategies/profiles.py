"""Which profile can run a unit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from testfleet.config import Profile
from testfleet.errors import UsageError
from testfleet.planning.placement.abilities import abilities_of
from testfleet.planning.placement.requirements import parse_all
from testfleet.planning.work import WorkUnit

_RESERVED_MB: Final = 256.0
"""Memory of a worker that its own processes take."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What a worker must have."""

    requires: frozenset[str]
    memory_mb: float
    whose: str
    """Unit that a message names."""

    @classmethod
    def of(cls, units: Iterable[WorkUnit]) -> Needs:
        """What one worker must have to run all of them."""
        all_units = list(units)
        hungriest = max(all_units, key=lambda unit: unit.memory_mb)
        requires = frozenset[str]().union(*(unit.requires for unit in all_units))
        return cls(requires, hungriest.memory_mb, hungriest.id)


class ProfileChoice:
    """Chooses the usual profile where it is enough, else the smallest that is."""

    def __init__(self, profiles: Mapping[str, Profile], usual: str) -> None:
        self._profiles = profiles
        self._usual = usual
        self._abilities = {name: abilities_of(each) for name, each in profiles.items()}
        self._able: dict[frozenset[str], list[str]] = {}

    def profile_for(self, needs: Needs) -> str:
        """Name of the profile. A prediction of memory is no order: what is too large for all that
        have what is required goes to the largest of them.

        Raises UsageError when none has what is required: with the nearest one.
        """
        if not self._profiles and not needs.requires:
            return self._usual  # of a job without profiles nothing is known to be too small
        able = self._able_profiles(needs.requires)
        if not able:
            raise self._nothing_fits(needs)
        roomy = (name for name in able if self._has_room(name, needs))
        return next(roomy, max(able, key=lambda name: self._profiles[name].memory_mb))

    def _able_profiles(self, requires: frozenset[str]) -> list[str]:
        """The usual one first, then from the smallest to the largest."""
        able = self._able.get(requires)
        if able is None:
            able = [name for name in self._in_order() if not self._lacking(name, requires)]
            self._able[requires] = able
        return able

    def _in_order(self) -> list[str]:
        def size(name: str) -> tuple[bool, int, float, str]:
            profile = self._profiles[name]
            return name != self._usual, profile.memory_mb, profile.vcpu, name

        return sorted(self._profiles, key=size)

    def _lacking(self, name: str, requires: frozenset[str]) -> list[str]:
        return [str(each) for each in self._abilities[name].lacking(parse_all(requires))]

    def _has_room(self, name: str, needs: Needs) -> bool:
        return needs.memory_mb <= max(self._profiles[name].memory_mb - _RESERVED_MB, 0.0)

    def _nothing_fits(self, needs: Needs) -> UsageError:
        lacking = {name: self._lacking(name, needs.requires) for name in self._in_order()}
        nearest = min(lacking, key=lambda name: len(lacking[name]), default=None)
        known = (
            "the job names no profiles"
            if nearest is None
            else f"the nearest, {nearest!r}, lacks {', '.join(lacking[nearest])}"
        )
        return UsageError(
            f"no profile can run unit {needs.whose!r}, which requires"
            f" {', '.join(sorted(needs.requires))}: {known}",
            hint="add a profile to config/, or take the requirement away",
        )
