"""Where each unit stands after the rounds so far: done, lost, held back, or not to be run at all.

Held back are units that a shard skipped because a unit before them, in the same shard, had failed.
If that turns out to be chance, they run after all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from testfleet.contracts.dependencies import Dependency, blocked_by
from testfleet.contracts.plan import Plan, PlannedUnit, Shard, file_of
from testfleet.contracts.result import (
    Outcome,
    ShardResult,
    UnitStatus,
    WorkerError,
    WorkerErrorType,
)
from testfleet.planning.placement.place import Place
from testfleet.planning.prediction.predict import UNKNOWN_FILE_S

_HOPELESS: Final = frozenset(
    {WorkerErrorType.ENVIRONMENT, WorkerErrorType.CONFIGURATION, WorkerErrorType.CANCELLED}
)
"""Errors that another round would only repeat."""
_FAILED: Final = (Outcome.FAILED, Outcome.ERROR)


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
    failed: frozenset[str] = frozenset()
    """Files of which a test has failed and was not found to be flaky since."""
    stopped: bool = False
    """A fail-fast run has seen a failure: what has not started yet never will."""
    resumed_after: int = 0
    """Rounds before somebody let the run go on: what they left undone, for whatever reason, runs
    again, and is none of the losses that are counted."""
    on_one_worker: bool = False
    """What was lost runs again on one worker."""

    @property
    def dependencies(self) -> tuple[Dependency, ...]:
        """What needs what, as the first plan has it."""
        return self.plans[0].dependencies

    @cached_property
    def shards(self) -> list[Shard]:
        """All that were started, oldest first."""
        return [shard for plan in self.plans for shard in plan.shards]

    @cached_property
    def forgiven(self) -> frozenset[str]:
        """Shards of the rounds before the run was resumed, by id."""
        plans = self.plans[: self.resumed_after]
        return frozenset(shard.id for plan in plans for shard in plan.shards)

    @property
    def has_no_fleet(self) -> bool:
        """Whether the last round has come to nothing: workers cannot be had."""
        last = self.plans[-1].shards
        return len(last) > 1 and all(shard.id in self.losses for shard in last)

    @cached_property
    def standing(self) -> Standing:
        """Where each unit stands."""
        return _standing(self)

    @cached_property
    def passed(self) -> frozenset[str]:
        """Files of which all is done and nothing has failed."""
        planned = [unit.id for shard in self.shards for unit in shard.units]
        planned += [unit.id for shard in self.plans[0].later for unit in shard.units]
        files = {file_of(unit) for unit in planned}
        left = {file_of(unit) for unit in planned if unit not in self.standing.finished}
        return frozenset(files - left - self.failed)

    @cached_property
    def blocked(self) -> Mapping[str, str]:
        """Files that must not run, each with the failed or lost file that is the reason."""
        if not self.dependencies:
            return {}
        by_failure = blocked_by(self.dependencies, self.failed)
        gone = {file_of(unit) for unit in self.standing.gone}
        gone -= self.failed | by_failure.keys()
        return blocked_by(self.dependencies, self.failed | gone)

    def is_hopeless(self, shard: Shard) -> bool:
        """Whether the shard failed for a reason that only the user can mend, and who has not."""
        if shard.id in self.forgiven:
            return False
        errors = [error for result in self._of(shard) for error in result.errors]
        errors += [self.losses[shard.id]] if shard.id in self.losses else []
        return any(error.type in _HOPELESS for error in errors)

    def open_units(self, shard: Shard) -> list[PlannedUnit]:
        """Units of the shard that have to run again, and those that it found and left undone."""
        undone = {UnitStatus.UNFINISHED}
        if shard.id in self.forgiven:
            undone.add(UnitStatus.STOPPED)
        done = {
            unit.id
            for result in self._of(shard)
            for unit in result.units
            if unit.status not in undone
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
        if not shard.takes_rest:
            return False
        is_final = shard.id not in self.forgiven
        return any(
            result.is_whole and (is_final or result.finished >= {unit.id for unit in result.units})
            for result in self._of(shard)
        )

    def held_back(self, shard: Shard) -> list[PlannedUnit]:
        """Units of the shard that were not to run after a failure in it."""
        if not self.dependencies:
            return []
        results = self._of(shard)
        failed = {
            file_of(test.file)
            for result in results
            for test in result.tests
            if test.outcome in _FAILED
        }
        blocked = blocked_by(self.dependencies, failed) if failed else {}
        return [unit for unit in shard.units if file_of(unit.id) in blocked]

    def finished_in(self, shard: Shard) -> set[str]:
        """Units that the shard says are finished."""
        return {unit for result in self._of(shard) for unit in result.finished}

    @cached_property
    def _by_shard(self) -> dict[str, list[ShardResult]]:
        """Results by shard id: several when a shard was uploaded twice."""
        found: dict[str, list[ShardResult]] = {}
        for result in self.results:
            found.setdefault(result.shard_id, []).append(result)
        return found

    def _of(self, shard: Shard) -> list[ShardResult]:
        return self._by_shard.get(shard.id, [])


@dataclass
class Standing:
    """Where the units stand. Those in no set have never been started, or were stopped."""

    finished: set[str] = field(default_factory=set)
    lost: dict[str, PlannedUnit] = field(default_factory=dict)
    """To be run again."""
    held: dict[str, PlannedUnit] = field(default_factory=dict)
    """To be run if what they need has passed since."""
    gone: set[str] = field(default_factory=set)
    """Lost for good."""
    losses: Counter[str] = field(default_factory=Counter)
    """How often each unit was lost."""


def _standing(rounds: Rounds) -> Standing:
    found = Standing()
    settled: set[str] = set()
    hopeful: set[str] = set()
    for shard in rounds.shards:
        held = {unit.id: unit for unit in rounds.held_back(shard)}
        undone = {unit.id: unit for unit in rounds.open_units(shard) if unit.id not in held}
        if shard.id not in rounds.forgiven:
            found.losses.update(undone.keys())
        found.lost |= undone
        found.held = _without(found.held, undone) | held
        found.finished |= rounds.finished_in(shard) - held.keys()
        settled |= {unit.id for unit in shard.units} - undone.keys() - held.keys()
        if not rounds.is_hopeless(shard):
            hopeful |= undone.keys()
    found.held = _without(found.held, settled)
    most = rounds.place.fleet.max_rounds
    open_units = _without(found.lost, settled | found.held.keys())
    found.lost = {
        name: unit
        for name, unit in open_units.items()
        if name in hopeful and found.losses[name] < most
    }
    found.gone = open_units.keys() - found.lost.keys()
    return found


def _without(units: Mapping[str, PlannedUnit], names: Iterable[str]) -> dict[str, PlannedUnit]:
    left_out = set(names)
    return {name: unit for name, unit in units.items() if name not in left_out}
