"""What each shard says about each unit: accepted, sorted, and one winner chosen a unit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from testfleet.contracts.plan import Plan, Shard
from testfleet.contracts.result import Outcome, ShardResult, TestResult, UnitResult, UnitStatus

SEVERITY: Final = {
    Outcome.LOST: 0,
    Outcome.SKIPPED: 1,
    Outcome.PASSED: 2,
    Outcome.FLAKY: 3,
    Outcome.ERROR: 4,
    Outcome.FAILED: 5,
}
"""Where two reports of one test contradict each other, the worse one is told."""


@dataclass(frozen=True)
class AcceptedResult:
    """A result of a shard that was really planned, with the round that planned it."""

    round: int
    shard: Shard
    result: ShardResult


@dataclass(frozen=True)
class Claim:
    """What one shard says about one unit."""

    round: int
    shard_id: str
    unit: UnitResult
    tests: tuple[TestResult, ...]


@dataclass(frozen=True)
class JudgedTest:
    """A test's result and the shard that it comes from."""

    shard_id: str
    result: TestResult


@dataclass(frozen=True)
class JudgedUnit:
    """A unit, once: how far it got and the tests that count."""

    unit: UnitResult
    shard_id: str
    """The last shard that had it."""
    tests: tuple[JudgedTest, ...]


def accept(
    run_id: str, plans: Sequence[Plan], results: Iterable[ShardResult]
) -> tuple[list[AcceptedResult], list[str]]:
    """Results of this run's shards, one each, in the order of the plans; and why others are not."""
    by_shard: defaultdict[str, list[ShardResult]] = defaultdict(list)
    planned = {shard.id for plan in plans for shard in plan.shards}
    notes = set()
    for result in results:
        if result.run_id != run_id:
            notes.add(f"refused a result of another run: {result.run_id[:80]}")
        elif result.shard_id not in planned:
            notes.add(f"refused a result of an unknown shard: {result.shard_id[:80]}")
        else:
            by_shard[result.shard_id].append(result)
    accepted = [
        AcceptedResult(number, shard, _best(by_shard[shard.id]))
        for number, plan in enumerate(plans, start=1)
        for shard in plan.shards
        if shard.id in by_shard
    ]
    return accepted, sorted(notes)


def judge_units(plans: Sequence[Plan], accepted: Sequence[AcceptedResult]) -> list[JudgedUnit]:
    """Each planned and each found unit exactly once, sorted by id."""
    shards = [each for plan in plans for each in plan.later]
    shards += [each for plan in plans for each in plan.shards]
    last_shard = {unit.id: each.id for each in shards for unit in each.units}
    claims: defaultdict[str, list[Claim]] = defaultdict(list)
    for claim in (claim for each in accepted for claim in _claims(each, last_shard.keys())):
        claims[claim.unit.id].append(claim)
    judged = []
    for unit in sorted(last_shard.keys() | claims.keys(), key=lambda path: path.split("/")):
        shard = last_shard.get(unit) or claims[unit][-1].shard_id
        judged.append(_judge(unit, shard, claims[unit], planned=unit in last_shard))
    return judged


def _best(results: Sequence[ShardResult]) -> ShardResult:
    """The copy that finished most; between equals, a choice that the order cannot change."""
    if len(results) == 1:
        return results[0]
    return max(
        results,
        key=lambda result: (len(result.finished), result.finished_at, result.model_dump_json()),
    )


def _claims(accepted: AcceptedResult, planned: AbstractSet[str]) -> Iterator[Claim]:
    tests: defaultdict[str, list[TestResult]] = defaultdict(list)
    for test in accepted.result.tests:
        tests[test.file].append(test)
    units = {unit.id: unit for unit in sorted(accepted.result.units, key=_least_done_last)}
    own = {unit.id for unit in accepted.shard.units}
    whole = UnitStatus.FINISHED if accepted.result.is_whole else UnitStatus.UNFINISHED
    for unit_id in units.keys() | tests.keys():
        unit = units.get(unit_id) or _implied(unit_id, whole, tests[unit_id])
        if unit_id in planned and unit_id not in own:
            # Another shard answers for this unit: what was seen here counts, its end does not.
            unit = unit.model_copy(update={"status": UnitStatus.UNFINISHED})
        yield Claim(accepted.round, accepted.shard.id, unit, tuple(tests[unit_id]))


def _implied(unit: str, status: UnitStatus, tests: Sequence[TestResult]) -> UnitResult:
    """The unit of tests that came without one."""
    seconds = sum(test.duration_s for test in tests)
    return UnitResult(id=unit, status=status, tests=len(tests), duration_s=seconds)


def _least_done_last(unit: UnitResult) -> int:
    order = (UnitStatus.FINISHED, UnitStatus.STOPPED, UnitStatus.UNFINISHED)
    return order.index(unit.status)


def _judge(unit: str, shard: str, claims: Sequence[Claim], *, planned: bool) -> JudgedUnit:
    finished = [claim for claim in claims if claim.unit.status is UnitStatus.FINISHED]
    if finished:
        newest = max(finished, key=lambda claim: (claim.round, claim.shard_id))
        # A unit that nobody planned may be shared by shards, as the items of a checker plugin are.
        used = [newest] if planned else finished
        return JudgedUnit(newest.unit, newest.shard_id, _merge(used))
    stopped = any(claim.unit.status is UnitStatus.STOPPED for claim in claims)
    tests = _merge(claims)
    left = UnitResult(
        id=unit,
        status=UnitStatus.STOPPED if stopped else UnitStatus.UNFINISHED,
        tests=len(tests),
        duration_s=max((claim.unit.duration_s for claim in claims), default=0.0),
    )
    return JudgedUnit(left, shard, tests)


def _merge(claims: Sequence[Claim]) -> tuple[JudgedTest, ...]:
    """Each id once: a real outcome before a lost one, then the newest round, then the worse."""
    best: dict[str, tuple[tuple[bool, int, int], JudgedTest]] = {}
    for claim in claims:
        for test in claim.tests:
            lost = test.outcome is Outcome.LOST
            rank = (not lost, claim.round, SEVERITY[test.outcome])
            if test.id not in best or rank > best[test.id][0]:
                best[test.id] = (rank, JudgedTest(claim.shard_id, test))
    return tuple(judged for _, judged in best.values())
