"""Failed tests that ran again alone: a pass among them makes the test flaky."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from testfleet.contracts.plan import HOME_SHARD, Splits, file_of, scope_of
from testfleet.contracts.report import TestReport
from testfleet.contracts.result import Outcome, ShardResult, TestResult

_FAILED: Final = (Outcome.FAILED, Outcome.ERROR)
_GOOD: Final = (Outcome.PASSED, Outcome.FLAKY)
_NEEDS_OTHERS: Final = (
    "fails when only its own file is imported; passed, as at home, once all test files were"
)

_NEEDS_ITS_FILE: Final = (
    "fails when its file is cut; passed, as at home, after the tests that stand before it"
)


def confirm(
    run_id: str,
    tests: Iterable[TestReport],
    confirmations: Sequence[ShardResult],
    cut_files: Collection[str] = (),
) -> tuple[list[TestReport], list[str]]:
    """The tests with their final outcome, and notes about results that were refused.

    The first failure's message stays: it is what a person needs to understand the flakiness. In a
    file that was cut into node groups, what passes as at home is no chance: the cut was at fault.
    A file that could not be collected alone, but could as at home, is replaced by its tests.
    """
    home = [result for result in confirmations if result.shard_id.endswith(f"-{HOME_SHARD}")]
    alone = [result for result in confirmations if result not in home]
    again, notes = _attempts(run_id, alone)
    at_home, _ = _attempts(run_id, home)
    tests = list(tests)
    collected = _collected(run_id, home, {test.id for test in tests})
    judged: list[TestReport] = []
    for test in tests:
        inside = _tests_inside(test, collected) if test.outcome in _FAILED else []
        if inside:
            judged.extend(inside)
        elif test.outcome in _FAILED:
            of_home = at_home.get(test.id, ())
            judged.append(_judge(test, again.get(test.id, ()), of_home, test.file in cut_files))
        else:
            judged.append(test)
    if home:
        notes.extend(_not_tried(judged, at_home))
    return judged, notes


def _collected(
    run_id: str, home: Sequence[ShardResult], known: Collection[str]
) -> list[tuple[str, TestResult]]:
    """Shard and result of what has none yet, in files of which all tests were run as at home."""
    own = {result.shard_id: result for result in home if result.run_id == run_id}
    return [
        (shard, test)
        for shard, result in sorted(own.items())
        for test in result.tests
        if test.file in result.finished and test.id not in known
    ]


def _tests_inside(
    test: TestReport, collected: Sequence[tuple[str, TestResult]]
) -> list[TestReport]:
    """What stands in place of a file or folder that could not be collected: its tests, if there
    are any by now."""
    if "::" in test.id:
        return []
    inside = {
        one.id: (shard, one)
        for shard, one in collected
        if one.id.startswith((f"{test.id}::", f"{test.id}/"))
    }
    return [
        TestReport(
            **one.model_dump(exclude={"file", "message"}),
            file=file_of(one.file),
            message=one.message or _NEEDS_OTHERS,
            shard=shard,
        )
        for shard, one in inside.values()
    ]


def _not_tried(tests: Sequence[TestReport], at_home: Mapping[str, object]) -> list[str]:
    failed = [test for test in tests if test.outcome in _FAILED]
    left = sum(test.id not in at_home for test in failed)
    if not left:
        return []
    return [
        f"{left} of {len(failed)} failures could not be tried again in one process with the whole"
        " suite, as at home: those that only fail apart from other files are still among them"
    ]


def _attempts(
    run_id: str, confirmations: Sequence[ShardResult]
) -> tuple[dict[str, list[TestResult]], list[str]]:
    # A shard that was uploaded twice counts once.
    own = {result.shard_id: result for result in confirmations if result.run_id == run_id}
    again: defaultdict[str, list[TestResult]] = defaultdict(list)
    for _, result in sorted(own.items()):
        for test in result.tests:
            again[test.id].append(test)
    foreign = {result.run_id for result in confirmations if result.run_id != run_id}
    notes = [f"refused a result of another run: {other[:80]}" for other in sorted(foreign)]
    return dict(again), notes


def _judge(
    test: TestReport,
    alone: Sequence[TestResult],
    at_home: Sequence[TestResult],
    is_cut: bool,  # noqa: FBT001  one caller
) -> TestReport:
    attempts = test.attempts + sum(
        attempt.attempts for attempt in (*alone, *at_home) if attempt.outcome is not Outcome.LOST
    )
    outcomes = {attempt.outcome for attempt in at_home}
    as_at_home = bool(outcomes & {Outcome.PASSED, Outcome.SKIPPED})
    if any(attempt.outcome in _GOOD for attempt in alone) and not (as_at_home and is_cut):
        return test.model_copy(update={"outcome": Outcome.FLAKY, "attempts": attempts})
    if as_at_home:
        return test.model_copy(
            update={
                "outcome": Outcome.PASSED if Outcome.PASSED in outcomes else Outcome.SKIPPED,
                "attempts": attempts,
                "message": _NEEDS_ITS_FILE if is_cut else _NEEDS_OTHERS,
                "longrepr": "",
            }
        )
    return test.model_copy(update={"attempts": attempts})


def faults_of_cuts(
    before: Sequence[TestReport], after: Sequence[TestReport], cuts: Splits
) -> dict[str, tuple[str, ...]]:
    """First scopes of the node groups in which a test failed that passed as at home, by file."""
    found: defaultdict[str, dict[str, None]] = defaultdict(dict)
    failed = {test.id for test in before if test.outcome in _FAILED}
    for last in after:
        if last.id in failed and last.outcome is Outcome.PASSED and last.file in cuts:
            scope = scope_of(last.id)
            groups = (group for group in cuts[last.file] if scope in group)
            found[last.file] |= {group[0]: None for group in groups}
    return {file: tuple(scopes) for file, scopes in found.items() if scopes}
