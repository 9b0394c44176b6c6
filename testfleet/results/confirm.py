"""Failed tests that ran again alone: a pass among them makes the test flaky."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from testfleet.contracts.plan import HOME_SHARD, Splits, scope_of
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
    """
    home = [result for result in confirmations if result.shard_id.endswith(f"-{HOME_SHARD}")]
    alone = [result for result in confirmations if result not in home]
    again, notes = _attempts(run_id, alone)
    at_home, _ = _attempts(run_id, home)
    judged = [
        _judge(test, again.get(test.id, ()), at_home.get(test.id, ()), test.file in cut_files)
        if test.outcome in _FAILED
        else test
        for test in tests
    ]
    return judged, notes


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
    as_at_home = any(attempt.outcome is Outcome.PASSED for attempt in at_home)
    if any(attempt.outcome in _GOOD for attempt in alone) and not (as_at_home and is_cut):
        return test.model_copy(update={"outcome": Outcome.FLAKY, "attempts": attempts})
    if as_at_home:
        return test.model_copy(
            update={
                "outcome": Outcome.PASSED,
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
    for first, last in zip(before, after, strict=True):
        if first.outcome in _FAILED and last.outcome is Outcome.PASSED and last.file in cuts:
            scope = scope_of(last.id)
            groups = (group for group in cuts[last.file] if scope in group)
            found[last.file] |= {group[0]: None for group in groups}
    return {file: tuple(scopes) for file, scopes in found.items() if scopes}
