"""Plans a suite whose units need each other: what shares a shard, what waits for which stage."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from testfleet.contracts.dependencies import Dependency, RulesWithin
from testfleet.contracts.plan import Plan, PlannedUnit, Shard, file_of
from testfleet.planning.dependencies.clusters import Cluster, Worth, stages_of
from testfleet.planning.dependencies.graph import DependencyGraph
from testfleet.planning.dependencies.stage_goals import StageLoad, goals_of
from testfleet.planning.discovery.framework import Discovery
from testfleet.planning.placement.place import Place
from testfleet.planning.prediction.predict import predict
from testfleet.planning.sharding.plan import PlanInput, make_plan

ROUND_TRIP_S: Final = 1.0
"""From the end of a round to the start of the next one's workers, without their own start-up."""
_SHOWN: Final = 3


def plan_in_stages(request: PlanInput, dependencies: Sequence[Dependency] = ()) -> Plan:
    """The plan of the first round, and the shards of the stages after it in `later`.

    Without dependencies it is `make_plan`'s. Raises what that raises, and UsageError for a cycle.
    """
    together = request.discovery.together
    if not dependencies:
        plan = make_plan(request)
        return plan.model_copy(update={"together": together}) if together else plan
    units = predict(request.discovery.units, request.history, request.place.usual)
    seconds = {unit.id: unit.predicted_s for unit in units}
    worth = _worth(request, seconds)
    stages = stages_of(list(seconds), dependencies, together, worth)
    plans = _plans(request, stages, units, worth)
    later = [_later(plan, at) for at, plan in enumerate(plans[1:], start=2)]
    clusters = _in_one_shard(stages, together, dependencies)
    first, rules = plans[0], RulesWithin(dependencies)
    paths_s = DependencyGraph(list(seconds), dependencies).longest_paths(seconds)
    waiting_s = worth.barrier_s * len(later)
    return first.model_copy(
        update={
            "shards": tuple(in_order(shard, rules) for shard in first.shards),
            "later": tuple(in_order(shard, rules) for stage in later for shard in stage),
            "dependencies": tuple(dependencies),
            "together": together,
            "splits": {file: cut for plan in plans for file, cut in plan.splits.items()},
            "predicted_s": sum(plan.predicted_s for plan in plans) + waiting_s,
            "lower_bound_s": max(*paths_s.values(), sum(seconds.values()) / first.workers),
            "predicted_usd": _sum_usd(plans),
            "reasons": (*_joined_reasons(plans, later), *_of_clusters(clusters, worth)),
        }
    )


def _plans(
    request: PlanInput,
    stages: Sequence[Sequence[Cluster]],
    units: Sequence[PlannedUnit],
    worth: Worth,
) -> list[Plan]:
    """A plan for each stage, as if it were all."""
    known = {unit.id for unit in units if unit.known}
    loads = [_load(stage, worth.seconds, known) for stage in stages]
    grouping, workers = request.grouping, request.place.fleet.workers
    goals = goals_of(grouping.objectives, loads, workers, worth.barrier_s)
    return [
        make_plan(
            replace(
                request,
                discovery=_part(request.discovery, stage, first=not at),
                grouping=replace(grouping, objectives=goals[at]),
            )
        )
        for at, stage in enumerate(stages)
    ]


def _load(
    stage: Sequence[Cluster], seconds: Mapping[str, float], known: Collection[str]
) -> StageLoad:
    clusters_s = [sum(seconds[unit] for unit in cluster) for cluster in stage]
    return StageLoad(
        longest_s=max(clusters_s),
        total_s=sum(clusters_s),
        known=all(unit in known for cluster in stage for unit in cluster),
    )


def _sum_usd(plans: Iterable[Plan]) -> float | None:
    dollars = [plan.predicted_usd for plan in plans]
    return None if None in dollars else sum(each for each in dollars if each is not None)


def in_order(shard: Shard, rules: RulesWithin) -> Shard:
    """The shard with its units in an order in which each comes after what it needs, else as they
    are."""
    groups: dict[str, list[PlannedUnit]] = {}
    for unit in shard.units:
        groups.setdefault(file_of(unit.id), []).append(unit)
    inside = rules.files(groups)
    if not inside:
        return shard
    place = {file: at for at, file in enumerate(groups)}
    order = DependencyGraph(list(groups), inside).order(place.__getitem__)
    return shard.model_copy(update={"units": tuple(u for file in order for u in groups[file])})


def _worth(request: PlanInput, seconds: Mapping[str, float]) -> Worth:
    place, asked = request.place, request.shards
    workers = place.fleet.workers if asked == "auto" else min(place.fleet.workers, asked)
    return Worth(
        seconds=seconds,
        share_s=sum(seconds.values()) / max(workers, 1),
        barrier_s=barrier_s(place),
        most_s=place.usable_s(place.usual),
    )


def barrier_s(place: Place) -> float:
    """What it costs to wait for the end of a round and start workers again."""
    return ROUND_TRIP_S + place.profiles[place.usual].startup_s


def _part(found: Discovery, stage: Sequence[Cluster], *, first: bool) -> Discovery:
    """What a stage has of the suite. The first tells how all of it was found."""
    members = {unit for cluster in stage for unit in cluster}
    return replace(
        found,
        units=tuple(unit for unit in found.units if unit.id in members),
        notes=found.notes if first else (),
        # A group of one is a file that must not be cut.
        together=tuple(group for group in stage if len(group) > 1 or group in found.together),
    )


def _later(plan: Plan, stage: int) -> list[Shard]:
    return [
        shard.model_copy(update={"id": f"s{stage}-{at:04}", "stage": stage, "takes_rest": False})
        for at, shard in enumerate(plan.shards)
    ]


def _in_one_shard(
    stages: Sequence[Sequence[Cluster]],
    together: Iterable[Sequence[str]],
    dependencies: Sequence[Dependency],
) -> list[Cluster]:
    """Clusters that are there because of dependencies."""
    bound = {unit for group in together for unit in group}
    needing = {unit for rule in dependencies for unit in rule.units}
    return [
        cluster
        for stage in stages
        for cluster in stage
        if len(cluster) > 1 and any(unit in needing and unit not in bound for unit in cluster)
    ]


def _joined_reasons(plans: Sequence[Plan], later: Sequence[Sequence[Shard]]) -> Iterator[str]:
    """Those of the plans of all stages; each after the first says whose it is."""
    yield from plans[0].reasons
    for plan, shards in zip(plans[1:], later, strict=True):
        count = sum(len(shard.units) for shard in shards)
        yield (
            f"stage {shards[0].stage}, once what it needs has passed:"
            f" {count} unit{'s' * (count > 1)} in {len(shards)} shard{'s' * (len(shards) > 1)}"
        )
        yield from (f"stage {shards[0].stage}: {reason}" for reason in plan.reasons)


def _of_clusters(clusters: Sequence[Cluster], worth: Worth) -> Iterator[str]:
    if clusters:
        count = sum(map(len, clusters))
        groups = "; ".join(_shown(cluster) for cluster in clusters[:_SHOWN])
        yield (
            f"{count} units that need each other run in {len(clusters)}"
            f" group{'s' * (len(clusters) > 1)} of one shard each, in order ({groups}"
            f"{'; ...' * (len(clusters) > _SHOWN)}): a barrier would cost about"
            f" {worth.barrier_s:.1f} s and save less"
        )


def _shown(cluster: Cluster) -> str:
    return ", ".join(cluster[:_SHOWN]) + ", ..." * (len(cluster) > _SHOWN)
