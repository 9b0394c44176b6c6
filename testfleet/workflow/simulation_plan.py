"""The plan of a simulated run: profiles, number of shards, who shares one. As for a real run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Literal

from testfleet.contracts.plan import PlannedUnit
from testfleet.contracts.run import Objectives
from testfleet.costs.metering import worker_usd
from testfleet.planning.placement.choice import place_units
from testfleet.planning.placement.place import Place
from testfleet.planning.placement.score import Experience
from testfleet.planning.sharding import batching
from testfleet.planning.sharding.outliving import rehoused
from testfleet.planning.sharding.shard_count import ShardCount, count_for, given_count
from testfleet.planning.sharding.workload import Workload
from testfleet.planning.simulation.limits import Limits, published_limits
from testfleet.planning.simulation.simulator import Scenario
from testfleet.planning.strategies import assign, strategy_named
from testfleet.planning.strategies.bundles import apportion
from testfleet.planning.work import Assignment, Job, WorkUnit


@dataclass(frozen=True)
class SimulationRequest:
    """What to simulate."""

    units: Sequence[WorkUnit]
    place: Place
    shards: int | Literal["auto"] = "auto"
    workers: int | None = None
    """Shards at the same time. None: all of a given number; with `auto`, as the fleet has."""
    objectives: Objectives = field(default_factory=Objectives)
    faults: float = 0.0
    seed: int = 0
    limits: Limits = field(default_factory=published_limits)


@dataclass(frozen=True)
class _Portion:
    """Units that run on one profile."""

    profile: str
    members: Sequence[int]
    alone: bool = False
    """Each in a shard of its own."""


@dataclass(frozen=True)
class _Share:
    """How many shards a portion may have."""

    shards: int
    of: int | None
    """All that were asked for, where there are other portions, too."""


@dataclass
class _Draft:
    """The assignment while it grows, portion by portion."""

    shards: list[tuple[int, ...]] = field(default_factory=list)
    profiles: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)

    def add(self, portion: _Portion, answer: Assignment, count: ShardCount) -> None:
        """Shards of a portion that are not empty, their indices turned into those of all units."""
        members = portion.members
        profiles = answer.profiles or (portion.profile,) * len(answer.shards)
        for shard, profile in zip(answer.shards, profiles, strict=True):
            if shard:
                self.shards.append(tuple(members[at] for at in shard))
                self.profiles.append(profile)
        self.reasons += [count.reason, *answer.reasons]


def draw_up(request: SimulationRequest) -> tuple[Scenario, tuple[str, ...]]:
    """The plan, not yet run, and the reasons for it.

    Raises UsageError for an unknown strategy, units that no profile can run, dependencies in a
    cycle, and an answer of a plugin that is none.
    """
    portions, reasons = _portions(request)
    draft = _Draft(reasons=reasons)
    for portion in portions:
        if portion.alone:
            shards = tuple((at,) for at in range(len(portion.members)))
            why = f"{len(shards)} of them a shard each"
            draft.add(portion, Assignment(shards), ShardCount((1.0,) * len(shards), why))
    spread = [portion for portion in portions if not portion.alone]
    totals = [sum(request.units[at].duration_s for at in each.members) for each in spread]
    wanted = _workers(request) if request.shards == "auto" else request.shards
    for portion, share in zip(spread, apportion(totals, wanted), strict=True):
        of = None if len(portions) == 1 or request.shards == "auto" else request.shards
        job, count = _part(request, portion, _Share(share, of))
        draft.add(portion, assign(strategy_named(request.objectives.strategy), job), count)
    if request.shards != "auto":
        dealt = [[request.units[at] for at in shard] for shard in draft.shards]
        draft.profiles, told = rehoused(dealt, draft.profiles, request.place)
        draft.reasons += told
    job = _job(request, request.units, (1.0,) * len(draft.shards), request.place.usual)
    assignment = Assignment(tuple(draft.shards), profiles=tuple(draft.profiles))
    scenario = Scenario(job, assignment, request.place, request.limits, request.faults)
    return scenario, tuple(draft.reasons)


def _portions(request: SimulationRequest) -> tuple[list[_Portion], list[str]]:
    """By the rules of `testfleet.planning.placement.choice`, where anything is to be decided."""
    units, place = request.units, request.place
    usual = place.profiles[place.usual]
    limit_s = place.usable_s(place.usual)
    if len(place.choices) == 1 and not any(
        unit.requires or unit.memory_mb > usual.memory_mb or unit.duration_s > limit_s
        for unit in units
    ):
        return [_Portion(place.usual, range(len(units)))], []
    bundles = list(_bundles(units).values())
    wholes = [_whole([units[at] for at in bundle]) for bundle in bundles]
    placement = place_units(wholes, place, Experience(worker_usd))
    members: dict[tuple[str, bool], list[int]] = {}
    for choice in placement.choices:
        found = members.setdefault((choice.profile, choice.alone), [])
        found += [at for each in choice.units for at in bundles[each]]
    portions = [_Portion(name, sorted(found), alone) for (name, alone), found in members.items()]
    return portions, list(placement.reasons)


def _bundles(units: Sequence[WorkUnit]) -> Mapping[str | int, list[int]]:
    bundles: dict[str | int, list[int]] = {}
    for at, unit in enumerate(units):
        bundles.setdefault(at if unit.together is None else unit.together, []).append(at)
    return bundles


def _whole(bundle: Sequence[WorkUnit]) -> WorkUnit:
    """What must not be torn apart, as one unit."""
    if len(bundle) == 1:
        return bundle[0]
    return replace(
        bundle[0],
        duration_s=sum(unit.duration_s for unit in bundle),
        memory_mb=max(unit.memory_mb for unit in bundle),
        requires=frozenset().union(*(unit.requires for unit in bundle)),
    )


def _part(request: SimulationRequest, portion: _Portion, share: _Share) -> tuple[Job, ShardCount]:
    """The portion as a job of its own, in at most so many shards, or exactly so many if given."""
    units = [request.units[at] for at in portion.members]
    # Millions of them are made to be counted only; they were checked when they were read.
    planned = [
        PlannedUnit.model_construct(id=unit.id, predicted_s=unit.duration_s, known=unit.known)
        for unit in units
    ]
    count = _count(request, portion, planned, share)
    return _job(request, units, count.weights, portion.profile), count


def _count(
    request: SimulationRequest, portion: _Portion, planned: Sequence[PlannedUnit], may: _Share
) -> ShardCount:
    objectives = request.objectives
    share = sum(unit.predicted_s for unit in planned) / sum(
        unit.duration_s for unit in request.units
    )
    max_usd = objectives.max_usd and objectives.max_usd * share
    wanted = batching.Limits(objectives.deadline_s, max_usd)
    fleet = request.place.fleet.model_copy(update={"workers": may.shards})
    work = Workload.of(planned, replace(request.place, fleet=fleet), portion.profile)
    given = None if request.shards == "auto" else given_count(work, may.shards, may.of)
    if given is not None and not wanted:
        return given
    price = partial(worker_usd, request.place.profiles[portion.profile])
    model = batching.CostModel(work, price)
    if given is not None:
        return batching.judged(model, wanted, given)
    return batching.limited_count(model, wanted) if wanted else count_for(work)


def _job(
    request: SimulationRequest, units: Sequence[WorkUnit], weights: tuple[float, ...], profile: str
) -> Job:
    place, objectives = request.place, request.objectives
    return Job(
        units=units,
        weights=weights,
        workers=min(_workers(request), len(weights)),
        profile=profile,
        profiles=place.profiles,
        overhead_s=place.profiles[profile].startup_s,
        deadline_s=objectives.deadline_s,
        max_usd=objectives.max_usd,
        seed=request.seed,
    )


def _workers(request: SimulationRequest) -> int:
    """As many as asked for; else all of a given number of shards, or as many as the fleet has."""
    return request.workers or (
        request.place.fleet.workers if request.shards == "auto" else request.shards
    )
