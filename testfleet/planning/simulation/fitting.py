"""Which profile a shard runs on: the usual one, unless its units ask for more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from testfleet.errors import UsageError
from testfleet.planning.abilities import Abilities, Requirement, abilities_of
from testfleet.planning.place import Place
from testfleet.planning.requirements import parse_all
from testfleet.planning.work import WorkUnit


@dataclass(frozen=True)
class Need:
    """What units ask of one worker."""

    requirements: tuple[Requirement, ...]
    longest_s: float

    @classmethod
    def of(cls, units: Iterable[WorkUnit]) -> Need:
        """What a worker must have to run all of them. Raises UsageError for an unknown ability."""
        requires: set[str] = set()
        memory_mb = longest_s = 0.0
        for unit in units:
            if unit.requires:
                requires |= unit.requires
            memory_mb = max(memory_mb, unit.memory_mb)
            longest_s = max(longest_s, unit.duration_s)
        if memory_mb > 0:
            requires.add(f"memory>={memory_mb:.0f}")
        return cls(parse_all(requires), longest_s)


class Fitting:
    """Chooses among the profiles of a place."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._abilities: Mapping[str, Abilities] = {
            name: abilities_of(profile) for name, profile in place.profiles.items()
        }

    def split(
        self, shard: Sequence[int], units: Sequence[WorkUnit], first: str
    ) -> list[tuple[str, tuple[int, ...]]]:
        """The shard with its profile; in parts where no profile has what all its units need.

        Raises UsageError for a unit that no profile can run: it names the nearest profile and what
        that one lacks.
        """
        whole = self._choose(Need.of(units[at] for at in shard), first)
        if whole is not None:
            return [(whole, tuple(shard))]
        parts: defaultdict[str, list[int]] = defaultdict(list)
        for at in shard:
            need = Need.of([units[at]])
            profile = self._choose(need, first)
            if profile is None:
                raise self._nobody(units[at].id, need)
            parts[profile].append(at)
        return [(profile, tuple(part)) for profile, part in parts.items()]

    def _choose(self, need: Need, first: str) -> str | None:
        """The first profile that has all and lives long enough; else the longest-lived able one."""
        able = [
            name
            for name in self._order(first)
            if not self._abilities[name].lacking(need.requirements)
        ]
        for name in able:
            if need.longest_s <= self._place.usable_s(name):
                return name
        return max(able, key=self._place.usable_s, default=None)

    def _order(self, first: str) -> list[str]:
        profiles = self._place.profiles
        others = sorted(profiles, key=lambda name: (profiles[name].memory_mb, name))
        return list(dict.fromkeys([first, self._place.fallback, *others]))

    def _nobody(self, unit: str, need: Need) -> UsageError:
        lacks = {name: found.lacking(need.requirements) for name, found in self._abilities.items()}
        nearest = min(lacks, key=lambda name: (len(lacks[name]), name))
        found = self._abilities[nearest]
        missing = "; ".join(f"{each}, but {found.describe(each)}" for each in lacks[nearest])
        return UsageError(
            f"unit {unit!r}: no profile has all that it requires; the nearest, {nearest!r}, lacks"
            f" {missing}",
            hint="add a profile to the environment's file, or mend `requires` or `memory_mb`",
        )
