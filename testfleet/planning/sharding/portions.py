"""Which units run on which profile, before they are cut into shards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from testfleet.contracts.placement import PastShard
from testfleet.contracts.plan import PlannedUnit, file_of
from testfleet.contracts.run import Objectives
from testfleet.planning.placement.choice import place_units
from testfleet.planning.placement.place import Place
from testfleet.planning.placement.score import Experience
from testfleet.planning.work import Traits, WorkUnit


@dataclass(frozen=True)
class Grouping:
    """What is to be reached, and what is known beside the predictions."""

    objectives: Objectives = field(default_factory=Objectives)
    known: Experience | None = None
    """Prices, and what past shards tell of profiles. None: they neither choose nor price."""
    traits: Mapping[str, Traits] = field(default_factory=dict)
    """By unit or by file."""
    scatters: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    """How runs of units differed, as `prediction.scatter` has it."""
    shares: Mapping[str, float] = field(default_factory=dict)
    """Of owners, for strategies that share fairly."""
    startup_s: float | None = None
    """What a shard of this suite takes beside its tests. None: what its profile says."""

    @property
    def past(self) -> Sequence[PastShard]:
        """Shards of earlier runs, oldest first."""
        return self.known.state.past if self.known else ()

    def of(self, unit: PlannedUnit) -> Traits:
        """The traits of a unit, or those of the file that it is a part of."""
        if not self.traits:
            return _NONE
        return self.traits.get(unit.id) or self.traits.get(file_of(unit.id)) or _NONE


_NONE = Traits()


@dataclass(frozen=True, slots=True)
class Bundle:
    """What one shard must have whole: mostly a unit by itself."""

    planned: Sequence[PlannedUnit]
    work: Sequence[WorkUnit]
    """The same units, as strategies see them."""

    @property
    def whole(self) -> WorkUnit:
        """The bundle as one unit, with all that its units require."""
        if len(self.work) == 1:
            return self.work[0]
        return WorkUnit(
            id=self.work[0].id,
            duration_s=sum(unit.duration_s for unit in self.work),
            memory_mb=max(unit.memory_mb for unit in self.work),
            requires=frozenset().union(*(unit.requires for unit in self.work)),
            known=all(unit.known for unit in self.work),
        )

    @property
    def planned_whole(self) -> PlannedUnit:
        """The bundle as one unit of a plan."""
        if len(self.planned) == 1:
            return self.planned[0]
        whole = self.whole
        return PlannedUnit(id=whole.id, predicted_s=whole.duration_s, known=whole.known)


@dataclass(frozen=True)
class Portion:
    """Bundles that run on one profile."""

    profile: str
    bundles: Sequence[Bundle]
    alone: bool = False
    """Each in a shard of its own."""

    @cached_property
    def total_s(self) -> float:
        """Predicted seconds of all units."""
        return sum(unit.duration_s for bundle in self.bundles for unit in bundle.work)


def bundles_of(
    units: Sequence[PlannedUnit], together: Sequence[Sequence[str]], grouping: Grouping
) -> list[Bundle]:
    """In the order of their first units."""
    leader = {unit: group[0] for group in together for unit in group}
    members: dict[str, list[PlannedUnit]] = {}
    for unit in units:
        members.setdefault(leader.get(unit.id, unit.id), []).append(unit)
    return [
        Bundle(each, [_work_unit(unit, each, grouping) for unit in each])
        for each in members.values()
    ]


def _work_unit(unit: PlannedUnit, bundle: Sequence[PlannedUnit], grouping: Grouping) -> WorkUnit:
    traits = grouping.of(unit)
    return WorkUnit(
        id=unit.id,
        duration_s=unit.predicted_s,
        low_s=unit.low_s,
        high_s=unit.high_s,
        scatter=grouping.scatters.get(unit.id, ()),
        memory_mb=float(unit.memory_mb or 0),
        requires=traits.requires,
        together=None if len(bundle) == 1 else bundle[0].id,
        priority=traits.priority,
        owner=traits.owner,
        kind=traits.kind,
        deadline_s=traits.deadline_s,
        known=unit.known,
    )


def portions_of(
    bundles: Sequence[Bundle], place: Place, grouping: Grouping
) -> tuple[list[Portion], list[str]]:
    """Every bundle in exactly one portion, and the reasons.

    With experience by requirements and score, see `placement.choice`; without, only
    what would outlive a worker of the usual profile leaves it. Raises UsageError for requirements
    that no profile meets.
    """
    if grouping.known is None:
        return _by_length(bundles, place)
    placement = place_units([bundle.whole for bundle in bundles], place, grouping.known)
    portions = [
        Portion(choice.profile, [bundles[at] for at in choice.units], choice.alone)
        for choice in placement.choices
    ]
    return portions, list(placement.reasons)


def _by_length(bundles: Sequence[Bundle], place: Place) -> tuple[list[Portion], list[str]]:
    limit_s = place.usable_s(place.usual)
    if place.usable_s(place.fallback) <= limit_s:
        return [Portion(place.usual, bundles)], []
    short: list[Bundle] = []
    long: list[Bundle] = []
    for bundle in bundles:
        (short if bundle.whole.duration_s <= limit_s else long).append(bundle)
    portions = [Portion(place.usual, short)] if short else []
    if not long:
        return portions, []
    reason = (
        f"{len(long)} unit{'s' * (len(long) > 1)} longer than {limit_s:.0f} s, which profile"
        f" `{place.usual}` allows: on `{place.fallback}`, a shard each"
    )
    return [*portions, Portion(place.fallback, long, alone=True)], [reason]
