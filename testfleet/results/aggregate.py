"""One truth from everything that workers and workflow report about a run.

Its promises, whatever is lost, doubled, late, partial or from elsewhere: each planned unit is
accounted for exactly once, each test id is reported exactly once, and a run in which something is
missing is never called passed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from testfleet.contracts.plan import Plan, file_of
from testfleet.contracts.report import RunStatus, TestReport, Totals
from testfleet.contracts.result import (
    Outcome,
    ShardResult,
    TestResult,
    UnitResult,
    UnitStatus,
    WorkerError,
    WorkerErrorType,
)
from testfleet.results.blocked import LeftOut
from testfleet.results.claims import (
    SEVERITY,
    AcceptedResult,
    JudgedTest,
    JudgedUnit,
    accept,
    judge_units,
)
from testfleet.results.confirm import confirm, faults_of_cuts
from testfleet.results.incidents import incidents
from testfleet.results.missing import MissingTests

_NO_TESTS: Final = WorkerError(
    type=WorkerErrorType.NOTHING_TO_RUN,
    message="no tests: the framework collected none; `testfleet logs` shows what it printed",
)


@dataclass(frozen=True)
class AggregateInput:
    """Everything that is known at the end of a run."""

    run_id: str
    plans: tuple[Plan, ...]
    """All rounds, oldest first."""
    results: tuple[ShardResult, ...]
    """In any order."""
    losses: Mapping[str, WorkerError] = field(default_factory=dict)
    """What the workflow recorded about shards that it lost, by shard id."""
    confirmations: tuple[ShardResult, ...] = ()
    """Results of the shards that ran failed tests again, alone."""
    known_tests: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Test ids by unit, where known from elsewhere."""
    cancelled: bool = False
    fail_fast: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Aggregate:
    """The judgement."""

    status: RunStatus
    totals: Totals
    tests: tuple[TestReport, ...]
    units: tuple[UnitResult, ...]
    """Each planned and each found unit once, sorted by id."""
    errors: tuple[WorkerError, ...]
    notes: tuple[str, ...]
    blocked: frozenset[str] = frozenset()
    """Files that were not run because what they need did not pass."""
    bound: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Of files that were cut into node groups: first scopes of groups that failed for the cut."""


def aggregate(request: AggregateInput) -> Aggregate:
    """Judge a run. Pure, and independent of the order of the results."""
    accepted, refused = accept(request.run_id, request.plans, request.results)
    units = judge_units(request.plans, accepted)
    errors = incidents(_errors(request, accepted))
    if _is_refused(units, errors):
        return _rejected(units, accepted)
    first = _tests(request, units, accepted)
    cuts = {file: groups for plan in request.plans for file, groups in plan.splits.items()}
    tests, odd = confirm(request.run_id, first, request.confirmations, cuts)
    left_out = LeftOut(request.plans, units, tests, request.fail_fast)
    if left_out.reasons:
        units, tests = left_out.judged_units(), left_out.judged_tests()
    rest_is_open = _rest_is_open(request.plans, accepted)
    status, reason = _status(units, tests, rest_is_open=rest_is_open)
    if status is RunStatus.REJECTED:
        errors = (*errors, _NO_TESTS)
    return Aggregate(
        status=status,
        totals=_totals(tests),
        tests=tuple(tests),
        units=tuple(judged.unit for judged in units),
        errors=errors,
        blocked=frozenset(left_out.reasons),
        bound=faults_of_cuts(first, tests, cuts) if cuts else {},
        notes=tuple(
            dict.fromkeys(
                [*request.notes, *reason, *left_out.notes, *refused, *odd, *_worker_notes(accepted)]
            )
        ),
    )


def _is_refused(units: Sequence[JudgedUnit], errors: Sequence[WorkerError]) -> bool:
    """Whether the framework would not run at all: its arguments or settings are wrong."""
    wrong = any(error.type is WorkerErrorType.CONFIGURATION for error in errors)
    return wrong and not any(judged.tests for judged in units)


def _rejected(units: Sequence[JudgedUnit], accepted: Sequence[AcceptedResult]) -> Aggregate:
    # Every shard says the same: how many there were tells nothing.
    errors = dict.fromkeys(error for each in accepted for error in each.result.errors)
    return Aggregate(
        status=RunStatus.REJECTED,
        totals=Totals(),
        tests=(),
        units=tuple(judged.unit for judged in units),
        errors=tuple(errors),
        notes=tuple(dict.fromkeys(_worker_notes(accepted))),
    )


def _tests(
    request: AggregateInput, units: Sequence[JudgedUnit], accepted: Sequence[AcceptedResult]
) -> list[TestReport]:
    causes = {each.shard.id: error for each in accepted for error in each.result.errors[:1]}
    missing = MissingTests(
        causes=causes | dict(request.losses),
        known_tests=request.known_tests,
        cancelled=request.cancelled,
        fail_fast=request.fail_fast,
    )
    best: dict[str, TestReport] = {}
    for judged in units:
        for report in _reports(judged, missing):
            other = best.get(report.id)
            if other is None or SEVERITY[report.outcome] > SEVERITY[other.outcome]:
                best[report.id] = report
    return list(best.values())


def _reports(judged: JudgedUnit, missing: MissingTests) -> Iterator[TestReport]:
    for test in judged.tests:
        if test.result.outcome is not Outcome.LOST:
            yield _report(test)
    if judged.unit.status is UnitStatus.FINISHED:
        yield from (_report(test) for test in judged.tests if test.result.outcome is Outcome.LOST)
    else:
        yield from missing.reports(judged)


def _report(test: JudgedTest) -> TestReport:
    result: TestResult = test.result
    # Nothing new is in it, so nothing has to be checked again: with 60,000 tests that is 0.4 s.
    return TestReport.model_construct(
        id=result.id,
        file=file_of(result.file),
        outcome=result.outcome,
        duration_s=result.duration_s,
        shard=test.shard_id,
        attempts=result.attempts,
        message=result.message,
        longrepr=result.longrepr,
    )


def _rest_is_open(plans: Sequence[Plan], accepted: Sequence[AcceptedResult]) -> bool:
    """Whether tests that no unit names may have been missed."""
    if not any(shard.takes_rest for plan in plans for shard in plan.shards):
        return False
    return not any(each.shard.takes_rest and each.result.is_whole for each in accepted)


def _status(
    units: Sequence[JudgedUnit], tests: Sequence[TestReport], *, rest_is_open: bool
) -> tuple[RunStatus, list[str]]:
    outcomes = {test.outcome for test in tests}
    statuses = Counter(judged.unit.status for judged in units)
    failed = bool(outcomes & {Outcome.FAILED, Outcome.ERROR})
    if statuses[UnitStatus.UNFINISHED] or Outcome.LOST in outcomes:
        return RunStatus.INCOMPLETE, []
    if rest_is_open:
        return RunStatus.INCOMPLETE, [
            "the shard that collects what no unit names did not finish: tests may be missing"
        ]
    if failed:
        return RunStatus.FAILED, []
    if statuses[UnitStatus.STOPPED]:
        # Fail-fast stopped the run for a failure that later turned out to be flaky.
        return RunStatus.INCOMPLETE, ["tests were left out after a failure that was only flaky"]
    return (RunStatus.PASSED if tests else RunStatus.REJECTED), []


def _totals(tests: Iterable[TestReport]) -> Totals:
    counts = Counter(test.outcome.value for test in tests)
    return Totals(**counts)


def _errors(request: AggregateInput, accepted: Sequence[AcceptedResult]) -> list[WorkerError]:
    planned = {shard.id for plan in request.plans for shard in plan.shards}
    found = [
        error
        for each in accepted
        for error in each.result.errors
        # A run that was resumed is no longer cancelled.
        if request.cancelled or error.type is not WorkerErrorType.CANCELLED
    ]
    return found + [request.losses[id_] for id_ in sorted(request.losses) if id_ in planned]


def _worker_notes(accepted: Sequence[AcceptedResult]) -> list[str]:
    return [note for each in accepted for note in each.result.notes]
