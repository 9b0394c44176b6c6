"""What comes after a round: again what was lost, and the next of what waited for others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from testfleet.contracts.dependencies import Dependency, RulesWithin
from testfleet.contracts.plan import Plan, PlannedUnit, Shard, file_of
from testfleet.contracts.result import ShardResult
from testfleet.planning.dependencies.barrier import Barrier
from testfleet.planning.dependencies.clusters import Groups
from testfleet.planning.dependencies.stages import in_order
from testfleet.planning.partition.balance import partition
from testfleet.planning.partition.settle import settled
from testfleet.planning.placement.place import Place
from testfleet.planning.rounds.standing import Rounds
from testfleet.planning.sharding.plan import PlanHead, assemble, shards_of

ALONE_AFTER: Final = 2
"""A unit lost this often may be what kills its workers: it takes no other with it again."""


def replan(rounds: Rounds) -> Plan | None:
    """A plan for what no round has finished, on the fallback profile, and for what waited until
    now for others to pass.

    None when nothing of it is left: all is done, each unit was lost `max_rounds` times, the run was
    cancelled, or what is left failed for a reason that only the user can mend.
    """
    if rounds.cancelled or not rounds.plans:
        return None
    barrier, rest_is_open = Barrier(rounds), _rest_is_open(rounds)
    others, alone = _lost_groups(rounds, barrier)
    held = _bundled(rounds, barrier.held_back(), rounds.dependencies)
    released = list(barrier.released())
    if not (others or alone or held or released or rest_is_open):
        return None
    place, workers = rounds.place, rounds.place.fleet.workers
    is_single = rounds.on_one_worker or rounds.has_no_fleet
    again = _spread(others, 1 if is_single else workers)
    shards = shards_of(again + alone, place, place.fallback)
    if rest_is_open:
        shards = _with_rest(shards, len(alone), place)
    shards += shards_of(_spread(held, workers), place, place.usual) + released
    first, rules = rounds.plans[0], RulesWithin(rounds.dependencies)
    reasons = (*_reasons(place, [*others, *alone], alone), *_release_reasons(held, released))
    head = PlanHead(first.framework, first.suite, place, reasons, first.splits)
    ordered = [in_order(shard, rules) for shard in settled(shards, place)]
    plan = assemble(head, f"r{len(rounds.plans) + 1}", ordered, takes_rest=False)
    kept = {name: getattr(first, name) for name in ("dependencies", "together", "ordered")}
    return plan.model_copy(update=kept)


def excluded_units(
    plans: Sequence[Plan], shard: Shard, results: Sequence[ShardResult] = ()
) -> tuple[str, ...] | None:
    """Units that the shard must leave to others, or None when it does not take the rest.

    With the results so far, units that an earlier round found and finished are left out too.
    """
    if not shard.takes_rest:
        return None
    own = {unit.id for unit in shard.units}
    shards = [each for plan in plans for each in (*plan.shards, *plan.later)]
    others = {unit.id for each in shards for unit in each.units}
    others.update(unit for plan in plans for unit in plan.skipped)
    finished = {unit for result in results for unit in result.finished}
    return tuple(sorted((others | finished) - own))


def _left_over(rounds: Rounds) -> list[PlannedUnit]:
    """What was lost and may run again, with all that it shares a shard with in any round."""
    lost = {
        name: unit
        for name, unit in rounds.standing.lost.items()
        if file_of(name) not in rounds.blocked
    }
    planned = {unit.id: unit for shard in rounds.shards for unit in shard.units}
    for group in rounds.plans[0].together:
        if any(name in lost for name in group):
            names = [name for name in group if name in planned and name not in rounds.blocked]
            lost |= {name: planned[name] for name in names if name not in lost}
    return list(lost.values())


def _lost_groups(
    rounds: Rounds, barrier: Barrier
) -> tuple[list[list[PlannedUnit]], list[list[PlannedUnit]]]:
    """What was lost, in groups that share a shard; and what may be what kills its workers.

    Of these, each runs by itself, so those that need each other run in one round after the other.
    """
    losses = rounds.standing.losses
    groups = _bundled(rounds, _left_over(rounds), rounds.dependencies)
    is_suspect = [any(losses[unit.id] >= ALONE_AFTER for unit in group) for group in groups]
    others = [group for group, bad in zip(groups, is_suspect, strict=True) if not bad]
    suspects = [
        unit for group, bad in zip(groups, is_suspect, strict=True) if bad for unit in group
    ]
    alone = [group for group in _bundled(rounds, suspects) if barrier.is_open_for(group)]
    return others, alone


def _bundled(
    rounds: Rounds, units: Sequence[PlannedUnit], dependencies: Sequence[Dependency] = ()
) -> list[list[PlannedUnit]]:
    """The units, in groups that share a shard: because they always do, or need each other."""
    groups = Groups([file_of(unit.id) for unit in units])
    files = {file_of(unit.id) for unit in units}
    for group in rounds.plans[0].together:
        groups.join(file for file in group if file in files)
    for rule in RulesWithin(dependencies).files(files):
        groups.join((*rule.units, *rule.providers))
    members, found = groups.members(), dict[str, list[PlannedUnit]]()
    for unit in units:
        name = groups.name(file_of(unit.id))
        # Node groups of a file that is bound to no other are not bound to each other either.
        found.setdefault(unit.id if len(members[name]) == 1 else name, []).append(unit)
    return list(found.values())


def _rest_is_open(rounds: Rounds) -> bool:
    takers = [shard for shard in rounds.shards if shard.takes_rest]
    if any(rounds.took_rest(shard) for shard in takers):
        return False
    if sum(shard.id not in rounds.forgiven for shard in takers) >= rounds.place.fleet.max_rounds:
        return False
    return any(not rounds.is_hopeless(shard) for shard in takers)


def _spread(groups: Sequence[Sequence[PlannedUnit]], workers: int) -> list[list[PlannedUnit]]:
    if not groups:
        return []
    seconds = [sum(unit.predicted_s for unit in group) for group in groups]
    parts = partition(seconds, (1.0,) * min(len(groups), workers))
    return [[unit for at in part for unit in groups[at]] for part in parts]


def _with_rest(shards: Sequence[Shard], alone: int, place: Place) -> list[Shard]:
    """Let the shortest shard take the rest, but none with a unit that may kill it."""
    together = list(shards[: len(shards) - alone])
    taker = min(together, key=lambda shard: shard.predicted_s, default=None)
    if taker is None:
        taker = shards_of([[]], place, place.fallback)[0]
        together.append(taker)
    at = together.index(taker)
    together[at] = taker.model_copy(update={"takes_rest": True})
    return together + list(shards[len(shards) - alone :])


def _reasons(
    place: Place, lost: Sequence[Sequence[PlannedUnit]], alone: Sequence[Sequence[PlannedUnit]]
) -> list[str]:
    count = sum(map(len, lost))
    if not count:
        return []
    reasons = [f"{count} unit{'s' * (count != 1)} lost so far, again on `{place.fallback}`"]
    if alone:
        many = sum(map(len, alone))
        reasons.append(f"{many} of them lost {ALONE_AFTER} times: a shard each")
    return reasons


def _release_reasons(held: Sequence[Sequence[PlannedUnit]], released: Sequence[Shard]) -> list[str]:
    reasons = []
    count = sum(map(len, held))
    if count:
        reasons.append(
            f"{count} unit{'s' * (count > 1)} after all: what they need was flaky, and has passed"
        )
    for stage in sorted({shard.stage for shard in released}):
        count = sum(len(shard.units) for shard in released if shard.stage == stage)
        reasons.append(
            f"stage {stage}: {count} unit{'s' * (count > 1)}, now that what they need has passed"
        )
    return reasons
