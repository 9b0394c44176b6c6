"""Makes the first round's plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from heapq import heapify, heapreplace
from typing import Literal

from testfleet.contracts.history import UnitHistory
from testfleet.contracts.plan import Plan, PlannedUnit, Shard, Splits
from testfleet.errors import NothingToRunError
from testfleet.planning.collector import collector_paused
from testfleet.planning.discovery.framework import Discovery
from testfleet.planning.partition.apart import MOST_UNITS
from testfleet.planning.placement.place import Place
from testfleet.planning.placement.score import Experience
from testfleet.planning.prediction.predict import predict
from testfleet.planning.prediction.scatter import scatters
from testfleet.planning.sharding.grouping import grouped
from testfleet.planning.sharding.node_groups import Cut, Inside, cut_long_files
from testfleet.planning.sharding.portions import Grouping, bundles_of, portions_of
from testfleet.planning.strategies import DEFAULT, is_ordered


@dataclass(frozen=True)
class PlanInput:
    """Everything that a plan depends on."""

    suite: str
    discovery: Discovery
    history: Mapping[str, UnitHistory]
    place: Place
    shards: int | Literal["auto"] = "auto"
    framework: str = "pytest"
    grouping: Grouping = field(default_factory=Grouping)
    """What is to be reached, and what is known beside the predictions."""


@dataclass(frozen=True)
class PlanHead:
    """What a plan says apart from its shards."""

    framework: str
    suite: str
    place: Place
    reasons: tuple[str, ...]
    splits: Splits = field(default_factory=dict)
    strategy: str = DEFAULT
    known: Experience | None = None


def make_plan(request: PlanInput) -> Plan:
    """The plan of the first round. The same input always gives the same plan.

    Raises NothingToRunError when there is no unit and nothing could collect any. Where only
    plugins or conftest files could, the plan is one shard without units that takes the rest.
    Raises UsageError for an unknown strategy, and for what no plan can reach.
    """
    found = request.discovery
    if not found.units and not found.open_ended:
        raise NothingToRunError(
            f"no tests in suite {request.suite!r}: {'; '.join(found.notes) or 'no test files'}",
            hint="check the path, the suite's root, and the framework's own settings",
        )
    with collector_paused():
        return _plan(request)


def _plan(request: PlanInput) -> Plan:
    found = request.discovery
    cut = _cut(request, predict(found.units, request.history, request.place.usual))
    known = replace(request.grouping, scatters=scatters(cut.units, request.history, MOST_UNITS))
    shards, reasons = _first_shards(replace(request, grouping=known), cut.units)
    head = PlanHead(
        request.framework,
        request.suite,
        request.place,
        (*found.notes, _knowledge(cut.units), *cut.reasons, *reasons),
        cut.splits,
        request.grouping.objectives.strategy,
        request.grouping.known,
    )
    return assemble(head, "r1", shards, takes_rest=True)


def shards_of(groups: Sequence[Sequence[PlannedUnit]], place: Place, profile: str) -> list[Shard]:
    """A shard for each group of units, still without its id."""
    compute = place.profiles[profile].compute
    return [Shard(id="", profile=profile, compute=compute, units=tuple(group)) for group in groups]


def assemble(head: PlanHead, prefix: str, shards: Sequence[Shard], *, takes_rest: bool) -> Plan:
    """Name the shards, longest first, and compute what the plan promises.

    With `takes_rest` the shortest one also takes the rest, unless one does already.
    """
    seconds = [shard.predicted_s for shard in shards]
    order = sorted(range(len(shards)), key=lambda at: -seconds[at])
    takes_rest = takes_rest and not any(shard.takes_rest for shard in shards)
    named = tuple(
        shards[at].model_copy(
            update={
                "id": f"{prefix}-{place:04}",
                "takes_rest": shards[at].takes_rest or (takes_rest and at == order[-1]),
            }
        )
        for place, at in enumerate(order)
    )
    lengths = [seconds[at] for at in order]
    workers = head.place.fleet.workers
    longest = max((unit.predicted_s for shard in named for unit in shard.units), default=0.0)
    return Plan(
        framework=head.framework,
        suite=head.suite,
        shards=named,
        workers=workers,
        predicted_s=_wall_s(lengths, workers),
        lower_bound_s=max(longest, sum(lengths) / workers),
        reasons=head.reasons,
        splits=head.splits,
        strategy=head.strategy,
        ordered=is_ordered(head.strategy),
        predicted_usd=_predicted_usd(head, named, lengths),
    )


def _predicted_usd(
    head: PlanHead, shards: Sequence[Shard], lengths: Sequence[float]
) -> float | None:
    if head.known is None:
        return None
    profiles = [head.place.profiles[shard.profile] for shard in shards]
    return sum(
        head.known.usd(profile, seconds + profile.startup_s)
        for profile, seconds in zip(profiles, lengths, strict=True)
    )


def _cut(request: PlanInput, units: Sequence[PlannedUnit]) -> Cut:
    if request.framework != "pytest":  # no other can be told to run a part of a file
        return Cut(list(units), {})
    workers = request.place.fleet.workers
    return cut_long_files(
        units,
        {
            file: Inside(past.scopes, past.bound)
            for file, past in request.history.items()
            if past.scopes
        },
        workers if request.shards == "auto" else min(workers, request.shards),
        {unit for group in request.discovery.together for unit in group},
    )


def _first_shards(
    request: PlanInput, units: Sequence[PlannedUnit]
) -> tuple[list[Shard], list[str]]:
    if not units:
        why = "no file is known to hold tests: one shard runs whatever the framework collects"
        return shards_of([[]], request.place, request.place.usual), [why]
    portions, placed = portions_of(
        bundles_of(units, request.discovery.together, request.grouping),
        request.place,
        request.grouping,
    )
    groups, reasons = grouped(portions, request.place, request.shards, request.grouping)
    shards = [
        shard
        for group in groups
        for shard in shards_of([group.units], request.place, group.profile)
    ]
    return shards, [*reasons, *placed]


def _knowledge(units: Sequence[PlannedUnit]) -> str:
    known = sum(unit.known for unit in units)
    return f"history knows {known} of {len(units)} unit{'s' * (len(units) != 1)}"


def _wall_s(lengths: Sequence[float], workers: int) -> float:
    """When the last worker is done, if each takes the next shard as soon as it is free."""
    free_at = [0.0] * workers
    heapify(free_at)
    for length in lengths:
        heapreplace(free_at, free_at[0] + length)
    return max(free_at)
