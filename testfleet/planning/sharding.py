"""Makes the first round's plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heapify, heapreplace
from typing import Literal

from testfleet.contracts.history import UnitHistory
from testfleet.contracts.plan import Plan, PlannedUnit, Shard, Splits
from testfleet.errors import NothingToRunError
from testfleet.planning.framework import Discovery
from testfleet.planning.node_groups import Cut, cut_long_files
from testfleet.planning.partition import partition
from testfleet.planning.place import Place
from testfleet.planning.prediction import predict
from testfleet.planning.shard_count import automatic_count, given_count


@dataclass(frozen=True)
class PlanInput:
    """Everything that a plan depends on."""

    suite: str
    discovery: Discovery
    history: Mapping[str, UnitHistory]
    place: Place
    shards: int | Literal["auto"] = "auto"
    framework: str = "pytest"


@dataclass(frozen=True)
class PlanHead:
    """What a plan says apart from its shards."""

    framework: str
    suite: str
    place: Place
    reasons: tuple[str, ...]
    splits: Splits = field(default_factory=dict)


def make_plan(request: PlanInput) -> Plan:
    """The plan of the first round. The same input always gives the same plan.

    Raises NothingToRunError when there is no unit and nothing could collect any. Where only
    plugins or conftest files could, the plan is one shard without units that takes the rest.
    """
    found = request.discovery
    if not found.units and not found.open_ended:
        raise NothingToRunError(
            f"no tests in suite {request.suite!r}: {'; '.join(found.notes) or 'no test files'}",
            hint="check the path, the suite's root, and the framework's own settings",
        )
    cut = _cut(request, predict(found.units, request.history))
    units = cut.units
    usual, oversized = _by_profile(units, request.place)
    groups, reasons = _group(request, usual)
    shards = shards_of(groups, request.place, request.place.usual)
    shards += shards_of([[unit] for unit in oversized], request.place, request.place.fallback)
    if oversized:
        reasons.append(_oversized_reason(len(oversized), request.place))
    head = PlanHead(
        request.framework,
        request.suite,
        request.place,
        (*found.notes, _knowledge(units), *cut.reasons, *reasons),
        cut.splits,
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
    ordered = sorted(shards, key=lambda shard: -shard.predicted_s)
    last = len(ordered) - 1
    takes_rest = takes_rest and not any(shard.takes_rest for shard in ordered)
    named = tuple(
        shard.model_copy(
            update={
                "id": f"{prefix}-{at:04}",
                "takes_rest": shard.takes_rest or (takes_rest and at == last),
            }
        )
        for at, shard in enumerate(ordered)
    )
    workers = head.place.fleet.workers
    lengths = [shard.predicted_s for shard in named]
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
    )


def _cut(request: PlanInput, units: Sequence[PlannedUnit]) -> Cut:
    workers = request.place.fleet.workers
    return cut_long_files(
        units,
        {file: past.scopes for file, past in request.history.items() if past.scopes},
        workers if request.shards == "auto" else min(workers, request.shards),
        {unit for group in request.discovery.together for unit in group},
    )


def _group(
    request: PlanInput, units: Sequence[PlannedUnit]
) -> tuple[list[list[PlannedUnit]], list[str]]:
    if not units:
        why = "no file is known to hold tests: one shard runs whatever the framework collects"
        return ([], []) if request.discovery.units else ([[]], [why])
    bundles = _bundles(units, request.discovery.together)
    wholes = [_whole(bundle) for bundle in bundles]
    if request.shards == "auto":
        count = automatic_count(wholes, request.place, request.place.usual)
    else:
        count = given_count(wholes, request.place, request.shards)
    parts = partition([whole.predicted_s for whole in wholes], count.weights)
    position = {unit.id: at for at, unit in enumerate(units)}
    groups = [[unit for at in part for unit in bundles[at]] for part in parts]
    for group in groups:
        group.sort(key=lambda unit: position[unit.id])
    return groups, [count.reason]


def _bundles(
    units: Sequence[PlannedUnit], together: Sequence[Sequence[str]]
) -> list[list[PlannedUnit]]:
    """What one shard must have whole: mostly a unit by itself. In the order of the first units."""
    leader = {unit: group[0] for group in together for unit in group}
    bundles: dict[str, list[PlannedUnit]] = {}
    for unit in units:
        bundles.setdefault(leader.get(unit.id, unit.id), []).append(unit)
    return list(bundles.values())


def _whole(bundle: Sequence[PlannedUnit]) -> PlannedUnit:
    if len(bundle) == 1:
        return bundle[0]
    predicted_s = sum(unit.predicted_s for unit in bundle)
    known = all(unit.known for unit in bundle)
    return PlannedUnit(id=bundle[0].id, predicted_s=predicted_s, known=known)


def _by_profile(
    units: Sequence[PlannedUnit], place: Place
) -> tuple[list[PlannedUnit], list[PlannedUnit]]:
    """Units for the usual profile, and those that would outlive it but not the fallback."""
    limit = place.usable_s(place.usual)
    if place.usable_s(place.fallback) <= limit:
        return list(units), []
    usual = [unit for unit in units if unit.predicted_s <= limit]
    return usual, [unit for unit in units if unit.predicted_s > limit]


def _oversized_reason(count: int, place: Place) -> str:
    return (
        f"{count} unit{'s' * (count > 1)} longer than {place.usable_s(place.usual):.0f} s, which"
        f" profile `{place.usual}` allows: on `{place.fallback}`, a shard each"
    )


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
