"""What a run teaches: its units and tests as history keeps them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from testfleet.contracts.history import UnitHistory, Verdict
from testfleet.contracts.plan import Plan, file_of
from testfleet.contracts.report import TestReport
from testfleet.contracts.result import Outcome, UnitStatus
from testfleet.planning.prediction.remember import SCOPED_S, Scopes, UnitRun
from testfleet.planning.prediction.single_tests import TestRun, by_scope
from testfleet.planning.sharding.node_groups import whole_files
from testfleet.results.aggregate import Aggregate

_VERDICTS: Final = {
    Outcome.FAILED: Verdict.FAILED,
    Outcome.ERROR: Verdict.FAILED,
    Outcome.FLAKY: Verdict.FLAKY,
}
_WORST_FIRST: Final = (Verdict.FAILED, Verdict.FLAKY, Verdict.PASSED)


def runs_of_tests(found: Aggregate) -> list[TestRun]:
    """The run's tests. What the fleet lost says nothing about a test."""
    return [
        TestRun(test.id, test.duration_s, _verdict(test))
        for test in found.tests
        if test.outcome is not Outcome.LOST
    ]


def runs_of_units(
    found: Aggregate, plans: Sequence[Plan], history: Mapping[str, UnitHistory]
) -> list[UnitRun]:
    """The run's finished files."""
    tests: defaultdict[str, list[TestReport]] = defaultdict(list)
    for test in found.tests:
        tests[test.file].append(test)
    profiles = _profiles(plans, found.tests)
    cut = {file for plan in plans for file in plan.splits}
    return [
        UnitRun(
            id=unit.id,
            duration_s=unit.duration_s,
            tests=unit.tests,
            verdict=_worst(tests[unit.id]),
            profile=profiles.get(unit.id, ""),
            memory_mb=unit.memory_mb,
            scopes=_scopes(tests[unit.id], _order(history.get(unit.id)) if unit.id in cut else {})
            if unit.duration_s >= SCOPED_S
            else (),
            bound=found.bound.get(unit.id, ()),
        )
        for unit in whole_files(found.units)
        if unit.status is UnitStatus.FINISHED
    ]


def _verdict(test: TestReport) -> Verdict:
    return _VERDICTS.get(test.outcome, Verdict.PASSED)


def _worst(tests: Iterable[TestReport]) -> Verdict:
    return min(map(_verdict, tests), key=_WORST_FIRST.index, default=Verdict.PASSED)


def _profiles(plans: Iterable[Plan], tests: Iterable[TestReport]) -> dict[str, str]:
    """Where each file ran: as planned, or as its tests say where no plan names it."""
    by_shard: dict[str, str] = {}
    found: dict[str, str] = {}
    for plan in plans:
        for shard in plan.shards:
            by_shard[shard.id] = shard.profile
            found |= {file_of(unit.id): shard.profile for unit in shard.units}
    ran = {test.file: by_shard[test.shard] for test in tests if test.shard in by_shard}
    return found | ran


def _order(past: UnitHistory | None) -> dict[str, int]:
    return {name: at for at, (name, _) in enumerate(past.scopes)} if past else {}


def _scopes(tests: Iterable[TestReport], before: Mapping[str, int]) -> Scopes:
    """Seconds of each class and function at the top of a file, in the order of its tests.

    The groups of a cut file come back in any order: what was known `before` keeps its place, and
    what is new follows what it came after.
    """
    seconds = by_scope((test.id, test.duration_s) for test in tests)
    place, last = {}, -1
    for name in seconds:
        last = before.get(name, last)
        place[name] = last
    return tuple((name, seconds[name]) for name in sorted(seconds, key=place.__getitem__))
