"""On which profile which units run: requirements decide what may be, a score what is best.

Units that ask for the same are placed together, so that a suite is not torn into more shards than
it needs. A profile that a suite names is an order, and is only left for what it cannot run; a group
is a choice. Pure and deterministic: what was learnt comes in as a value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from testfleet.planning.placement.abilities import abilities_of
from testfleet.planning.placement.eligibility import able_profiles
from testfleet.planning.placement.place import Place
from testfleet.planning.placement.requirements import parse_all
from testfleet.planning.placement.score import (
    Experience,
    Score,
    compare,
    estimate,
    explain,
    rank,
    weighted,
)
from testfleet.planning.work import WorkUnit


@dataclass(frozen=True)
class Choice:
    """Units that run on one profile, and why."""

    profile: str
    units: tuple[int, ...]
    """Indices into the units, ascending."""
    scores: tuple[Score, ...]
    """Of every profile that was considered, best first."""
    reason: str
    is_usual: bool = True
    """It is where the suite's units run when nothing speaks against it."""
    alone: bool = False
    """Too long or too large for where they would run: a shard each."""
    is_short: bool = False
    """Expected to need more memory than any profile that can run them has."""

    @property
    def is_told(self) -> bool:
        """Whether anything was decided that a person would ask about."""
        return not self.is_usual or len(self.scores) > 1 or self.is_short


@dataclass(frozen=True)
class Placement:
    """Every unit in exactly one choice."""

    choices: tuple[Choice, ...]
    """Most units first."""

    @property
    def reasons(self) -> tuple[str, ...]:
        """Sentences for a person about all that was decided, scores included."""
        decided = [each for each in self.choices if each.is_told]
        return tuple(
            sentence
            for each in decided
            for sentence in (each.reason, *(map(explain, each.scores) if each.scores[1:] else ()))
        )


@dataclass(frozen=True)
class _Kind:
    """What units have in common that are placed together."""

    requires: frozenset[str]
    candidates: tuple[str, ...]
    alone: bool = False
    is_short: bool = False
    """No profile that can run them has the memory that they are expected to need."""


@dataclass(frozen=True)
class _Usual:
    """What nearly all units with the same requirements are: small enough for every candidate."""

    kind: _Kind
    limit_s: float
    memory_mb: float

    @classmethod
    def of(cls, requires: frozenset[str], place: Place) -> _Usual:
        able = eligible_profiles(requires, place)
        return cls(
            _Kind(requires, able),
            min(place.usable_s(name) for name in able),
            min(place.profiles[name].memory_mb for name in able),
        )


def place_units(units: Sequence[WorkUnit], place: Place, known: Experience) -> Placement:
    """Choose a profile for every unit. The same input always gives the same placement.

    Raises UsageError when units require what no profile has, and names the nearest profile.
    """
    kinds: dict[_Kind, list[int]] = {}
    usual: dict[frozenset[str], _Usual] = {}
    for at, unit in enumerate(units):
        usually = usual.get(unit.requires)
        if usually is None:
            usually = usual[unit.requires] = _Usual.of(unit.requires, place)
        kind = usually.kind
        if unit.duration_s > usually.limit_s or unit.memory_mb > usually.memory_mb:
            kind = _kind_of(unit, kind.candidates, place)
        kinds.setdefault(kind, []).append(at)
    choices = [
        _choose(kind, tuple(members), [units[at] for at in members], place, known)
        for kind, members in kinds.items()
    ]
    return Placement(tuple(sorted(choices, key=lambda each: (-len(each.units), each.units))))


def eligible_profiles(requires: frozenset[str], place: Place) -> tuple[str, ...]:
    """Profiles that have all of it: of the suite's own if one does, else of all others.

    Raises UsageError when none does, and names the nearest.
    """
    return able_profiles(requires, place.profiles, place.choices, bound=place.is_bound)


def _kind_of(unit: WorkUnit, able: tuple[str, ...], place: Place) -> _Kind:
    fitting = tuple(name for name in able if _fits(unit, name, place))
    if fitting:
        return _Kind(unit.requires, fitting)
    # A prediction is no order: what fits nowhere goes where there is most room.
    fallback = abilities_of(place.profiles[place.fallback])
    others = () if fallback.lacking(parse_all(unit.requires)) else (place.fallback,)
    roomiest = max((*able, *others), key=lambda name: _room(unit, name, place))
    is_short = unit.memory_mb > place.profiles[roomiest].memory_mb
    return _Kind(unit.requires, (roomiest,), alone=roomiest not in able, is_short=is_short)


def _fits(unit: WorkUnit, name: str, place: Place) -> bool:
    profile = place.profiles[name]
    return unit.duration_s <= place.usable_s(name) and unit.memory_mb <= profile.memory_mb


def _room(unit: WorkUnit, name: str, place: Place) -> tuple[bool, float, int]:
    profile = place.profiles[name]
    return unit.memory_mb <= profile.memory_mb, place.usable_s(name), profile.memory_mb


def _choose(
    kind: _Kind, members: tuple[int, ...], work: Sequence[WorkUnit], place: Place, known: Experience
) -> Choice:
    estimates = {
        name: estimate(work, name, place.profiles[name], place.fleet.workers, known)
        for name in kind.candidates
    }
    scores = rank(estimates, weighted(place.weights, known.state))
    return Choice(
        profile=scores[0].profile,
        units=members,
        scores=scores,
        reason=_reason(kind, len(members), scores, place) + _shortage(kind, work, place),
        is_usual=scores[0].profile in place.named,
        alone=kind.alone,
        is_short=kind.is_short,
    )


def _shortage(kind: _Kind, work: Sequence[WorkUnit], place: Place) -> str:
    """A prediction is no order, so what is too large runs; but not without a word."""
    if not kind.is_short:
        return ""
    (name,) = kind.candidates
    return (
        f"; up to {max(unit.memory_mb for unit in work):.0f} MB expected, and no profile that can"
        f" run them has more than the {place.profiles[name].memory_mb} MB of `{name}`"
    )


def _reason(kind: _Kind, count: int, scores: Sequence[Score], place: Place) -> str:
    what = f"{count} unit{'s' * (count != 1)}"
    if kind.requires:
        what += f" that require{'s' * (count == 1)} {', '.join(sorted(kind.requires))}"
    best = scores[0]
    if kind.alone:
        limit = f"{place.profiles[place.usual].memory_mb} MB"
        if not place.is_ready:
            limit = f"{place.usable_s(place.usual):.0f} s and {limit}"
        return f"{what} beyond the {limit} of `{place.usual}`: on `{best.profile}`, a shard each"
    if len(scores) > 1:
        return f"{what}: on `{best.profile}`, {compare(best, scores[1])}"
    named = place.named[0]
    lacking = abilities_of(place.profiles[named]).lacking(parse_all(kind.requires))
    missing = ", ".join(str(each) for each in lacking)
    why = "" if best.profile in place.named else f", since `{named}` lacks {missing}"
    return f"{what}: on `{best.profile}`{why}"
