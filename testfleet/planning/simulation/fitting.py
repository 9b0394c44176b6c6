"""Which profile a shard runs on: the usual one, unless its units ask for more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from testfleet.errors import UsageError
from testfleet.planning.placement.abilities import abilities_of
from testfleet.planning.placement.choice import eligible_profiles
from testfleet.planning.placement.place import Place
from testfleet.planning.placement.requirements import parse_all
from testfleet.planning.simulation.barriers import Before, chains_of
from testfleet.planning.work import WorkUnit

Part = tuple[str, tuple[int, ...]]
"""A profile, and the units that one of its workers runs, in their order."""


@dataclass(frozen=True, slots=True)
class _Need:
    """What units ask of one worker."""

    requires: frozenset[str]
    memory_mb: float
    longest_s: float

    @classmethod
    def of(cls, units: Iterable[WorkUnit]) -> _Need:
        requires: frozenset[str] = frozenset()
        memory_mb = longest_s = 0.0
        for unit in units:
            if not unit.requires <= requires:
                requires |= unit.requires
            memory_mb = max(memory_mb, unit.memory_mb)
            longest_s = max(longest_s, unit.duration_s)
        return cls(requires, memory_mb, longest_s)


class Fitting:
    """Chooses among the profiles of a place, by the rules of `placement.choice`."""

    def __init__(self, place: Place, units: Sequence[WorkUnit]) -> None:
        self._place = place
        self._units = units
        self._able: dict[tuple[frozenset[str], str], list[str]] = {}

    def split(self, shard: Sequence[int], first: str, bonds: Before) -> list[Part]:
        """The shard with its profile, `first` if that will do. In parts where no profile has what
        all its units require; units that are bound to each other stay in one part.

        Raises UsageError that names a unit that no profile can run, the nearest profile, and what
        that one lacks.
        """
        try:
            return [(self._choose(self._need(shard), first), tuple(shard))]
        except UsageError:
            parts: defaultdict[str, list[int]] = defaultdict(list)
        for chain in chains_of(shard, bonds):
            try:
                parts[self._choose(self._need(chain), first)] += chain
            except UsageError as exc:
                unit = self._units[chain[0]].id
                raise UsageError(f"unit {unit!r}: {exc}", hint=exc.hint) from None
        return [(profile, tuple(part)) for profile, part in parts.items()]

    def _need(self, members: Iterable[int]) -> _Need:
        return _Need.of(self._units[at] for at in members)

    def _choose(self, need: _Need, first: str) -> str:
        """The first profile that has all, or that with the most room: predictions are no orders."""
        able = self._profiles(need.requires, first)
        for name in able:
            if self._room(need, name)[0] and need.longest_s <= self._place.usable_s(name):
                return name
        return max(able, key=lambda name: self._room(need, name))

    def _profiles(self, requires: frozenset[str], first: str) -> list[str]:
        key = (requires, first)
        if key not in self._able:
            asked, profiles = parse_all(requires), self._place.profiles
            able = dict.fromkeys([first, *eligible_profiles(requires, self._place)])
            able[self._place.fallback] = None
            self._able[key] = [
                name for name in able if not abilities_of(profiles[name]).lacking(asked)
            ]
        return self._able[key]

    def _room(self, need: _Need, name: str) -> tuple[bool, float, int]:
        memory_mb = self._place.profiles[name].memory_mb
        return need.memory_mb <= memory_mb, self._place.usable_s(name), memory_mb
