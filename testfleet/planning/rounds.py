"""What comes after the first round: again for what was lost, and alone for what failed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from testfleet.contracts.plan import HOME_SHARD, Plan, PlannedUnit, Shard
from testfleet.contracts.report import TestReport
from testfleet.contracts.result import (
    Outcome,
    ShardResult,
    UnitStatus,
    WorkerError,
    WorkerErrorType,
)
from testfleet.planning.partition import partition
from testfleet.planning.place import Place
from testfleet.planning.prediction import MIN_UNIT_S, UNKNOWN_FILE_S
from testfleet.planning.sharding import PlanHead, assemble, shards_of

PROCESS_START_S: Final = 0.5
"""Until a framework that is started for one test has begun it."""

HOME_LIMIT: Final = 500
HOME_LIMIT_S: Final = 60.0

ALONE_AFTER: Final = 2
"""A unit lost this often may be what kills its workers: it takes no other with it again."""

_HOPELESS: Final = frozenset(
    {WorkerErrorType.ENVIRONMENT, WorkerErrorType.CONFIGURATION, WorkerErrorType.CANCELLED}
)
"""Errors that another round would only repeat."""


@dataclass(frozen=True)
class Rounds:
    """Everything that happened so far."""

    plans: tuple[Plan, ...]
    """Oldest first."""
    results: tuple[ShardResult, ...]
    losses: Mapping[str, WorkerError]
    """What the workflow recorded about shards that it lost, by shard id."""
    place: Place
    cancelled: bool = False

    @cached_property
    def results_by_shard(self) -> dict[str, list[ShardResult]]:
        """Results by shard id: several when a shard was uploaded twice."""
        found: dict[str, list[ShardResult]] = {}
        for result in self.results:
            found.setdefault(result.shard_id, []).append(result)
        return found

    def is_hopeless(self, shard: Shard) -> bool:
        """Whether the shard failed for a reason that only the user can mend."""
        errors = [error for result in self._of(shard) for error in result.errors]
        errors += [self.losses[shard.id]] if shard.id in self.losses else []
        return any(error.type in _HOPELESS for error in errors)

    def open_units(self, shard: Shard) -> list[PlannedUnit]:
        """Units of the shard that have to run again, and those that it found and left undone."""
        done = {
            unit.id
            for result in self._of(shard)
            for unit in result.units
            if unit.status is not UnitStatus.UNFINISHED
        }
        planned = {unit.id for unit in shard.units}
        found = {
            unit.id: PlannedUnit(id=unit.id, predicted_s=UNKNOWN_FILE_S, known=False)
            for result in self._of(shard)
            for unit in result.units
            if unit.id not in planned and unit.id not in done
        }
        return [unit for unit in shard.units if unit.id not in done] + list(found.values())

    def took_rest(self, shard: Shard) -> bool:
        """Whether the shard is the one that takes the rest, and got to its end."""
        return shard.takes_rest and any(result.is_whole for result in self._of(shard))

    def _of(self, shard: Shard) -> list[ShardResult]:
        return self.results_by_shard.get(shard.id, [])


def replan(rounds: Rounds) -> Plan | None:
    """A plan for what no round has finished, on the fallback profile.

    None when nothing is left, the rounds are used up, the run was cancelled, or all that is left
    failed for a reason that only the user can mend.
    """
    if rounds.cancelled or not rounds.plans or len(rounds.plans) >= rounds.place.fleet.max_rounds:
        return None
    units, losses, rest_is_open = _left_over(rounds)
    if not units and not rest_is_open:
        return None
    together = [unit for unit in units if losses[unit.id] < ALONE_AFTER]
    alone = [unit for unit in units if losses[unit.id] >= ALONE_AFTER]
    shards = shards_of(
        _spread(together, rounds.place.fleet.workers) + [[unit] for unit in alone],
        rounds.place,
        rounds.place.fallback,
    )
    if rest_is_open:
        shards = _with_rest(shards, len(alone), rounds.place)
    first = rounds.plans[0]
    reasons = _reasons(rounds.place, units, alone)
    head = PlanHead(first.framework, first.suite, rounds.place, reasons, first.splits)
    return assemble(head, f"r{len(rounds.plans) + 1}", shards, takes_rest=False)


def excluded_units(
    plans: Sequence[Plan], shard: Shard, results: Sequence[ShardResult] = ()
) -> tuple[str, ...] | None:
    """Units that the shard must leave to others, or None when it does not take the rest.

    With the results so far, units that an earlier round found and finished are left out too.
    """
    if not shard.takes_rest:
        return None
    own = {unit.id for unit in shard.units}
    others = {unit.id for plan in plans for each in plan.shards for unit in each.units}
    finished = {unit for result in results for unit in result.finished}
    return tuple(sorted((others | finished) - own))


def confirm_shards(tests: Sequence[TestReport], place: Place) -> tuple[Shard, ...]:
    """Shards that run each failed test alone, `confirm_attempts` times.

    None when more than `confirm_limit` tests failed: that has one reason, and it is not chance.
    """
    failed = [test for test in tests if test.outcome in (Outcome.FAILED, Outcome.ERROR)]
    if not failed or len(failed) > place.fleet.confirm_limit:
        return ()
    attempts = place.fleet.confirm_attempts
    count = min(len(failed), max(1, place.fleet.workers // attempts))
    # Each test starts a process of its own, which mostly costs more than the test.
    parts = partition([test.duration_s + PROCESS_START_S for test in failed], (1.0,) * count)
    groups = [[failed[at] for at in part] for part in parts] * attempts
    return tuple(_confirm_shard(at, group, place) for at, group in enumerate(groups))


def home_shard(
    tests: Sequence[TestReport], place: Place, cut_files: Collection[str] = ()
) -> Shard | None:
    """A shard that runs the failed tests once more, after all files of the suite were imported.

    At home pytest imports every test file before it runs any test, and a test may rest on what
    another file has imported. In a file that was cut into node groups it may also rest on the tests
    before it, so these run, too. None when nothing failed, or so much that it would take too long.
    """
    failed = [test for test in tests if test.outcome in (Outcome.FAILED, Outcome.ERROR)]
    seconds = sum(test.duration_s for test in failed)
    if not failed or len(failed) > HOME_LIMIT or seconds > HOME_LIMIT_S:
        return None
    shard = _confirm_shard(0, _with_those_before(failed, tests, cut_files), place)
    return shard.model_copy(update={"id": HOME_SHARD, "units": (), "together": True})


def _with_those_before(
    failed: Sequence[TestReport], tests: Sequence[TestReport], cut_files: Collection[str]
) -> list[TestReport]:
    last = {test.file: test.id for test in failed if test.file in cut_files}
    chosen = {test.id: test for test in failed}
    for test in tests:
        if test.file in last:
            chosen.setdefault(test.id, test)
            if test.id == last[test.file]:
                del last[test.file]
    return list(chosen.values())


def _confirm_shard(number: int, tests: Sequence[TestReport], place: Place) -> Shard:
    seconds: dict[str, float] = {}
    for test in tests:
        seconds[test.file] = seconds.get(test.file, 0.0) + max(test.duration_s, MIN_UNIT_S)
    units = tuple(
        PlannedUnit(id=file, predicted_s=spent, known=True) for file, spent in seconds.items()
    )
    return Shard(
        id=f"c-{number:04}",
        profile=place.usual,
        compute=place.profiles[place.usual].compute,
        units=units,
        tests=tuple(test.id for test in tests),
    )


def _left_over(rounds: Rounds) -> tuple[list[PlannedUnit], Counter[str], bool]:
    """Open units, how often each was lost, and whether the rest is open too."""
    open_units: dict[str, PlannedUnit] = {}
    losses: Counter[str] = Counter()
    shards = [shard for plan in rounds.plans for shard in plan.shards]
    settled: set[str] = set()
    for shard in shards:
        undone = {unit.id: unit for unit in rounds.open_units(shard)}
        settled |= {unit.id for unit in shard.units} - undone.keys()
        losses.update(undone.keys())
        if not rounds.is_hopeless(shard):
            open_units |= undone
    left = [unit for unit in open_units.values() if unit.id not in settled]
    return left, losses, _rest_is_open(rounds, [shard for shard in shards if shard.takes_rest])


def _rest_is_open(rounds: Rounds, takers: Sequence[Shard]) -> bool:
    if any(rounds.took_rest(shard) for shard in takers):
        return False
    return any(not rounds.is_hopeless(shard) for shard in takers)


def _spread(units: Sequence[PlannedUnit], workers: int) -> list[list[PlannedUnit]]:
    if not units:
        return []
    count = min(len(units), workers)
    parts = partition([unit.predicted_s for unit in units], (1.0,) * count)
    return [[units[at] for at in part] for part in parts]


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
    place: Place, units: Iterable[PlannedUnit], alone: Sequence[PlannedUnit]
) -> tuple[str, ...]:
    count = len(list(units))
    reasons = [f"{count} unit{'s' * (count != 1)} lost so far, again on `{place.fallback}`"]
    if alone:
        reasons.append(f"{len(alone)} of them lost {ALONE_AFTER} times: a shard each")
    return tuple(reasons)
