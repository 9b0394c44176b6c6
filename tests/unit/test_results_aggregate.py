from collections import Counter
from typing import Any

import pytest

from testfleet.contracts.report import RunStatus
from testfleet.contracts.result import (
    Outcome,
    ShardResult,
    TestResult,
    UnitStatus,
    WorkerError,
    WorkerErrorType,
)
from testfleet.results.aggregate import Aggregate, AggregateInput, aggregate
from tests.planning_samples import RUN, make_plan_of, make_result, make_shard, make_test

DONE, OPEN, STOPPED = UnitStatus.FINISHED, UnitStatus.UNFINISHED, UnitStatus.STOPPED
PLAN = make_plan_of(make_shard("r1-0000", "a", "b"), make_shard("r1-0001", "c", takes_rest=True))
SECOND = make_plan_of(make_shard("r2-0000", "a", "b"))
FIRST_DONE = make_result("r1-0000", {"a": DONE, "b": DONE}, [make_test("a::1"), make_test("b::1")])
REST_DONE = make_result("r1-0001", {"c": DONE}, [make_test("c::1")])


def judged(*results: ShardResult, **options: Any) -> Aggregate:
    options.setdefault("plans", (PLAN,))
    return aggregate(AggregateInput(run_id=RUN, results=results, **options))


def outcomes(result: Aggregate) -> dict[str, str]:
    assert len({test.id for test in result.tests}) == len(result.tests)
    return {test.id: test.outcome.value for test in result.tests}


def test_a_run_in_which_everything_passed_has_passed() -> None:
    result = judged(FIRST_DONE, REST_DONE)
    assert (result.status, result.totals.passed) == (RunStatus.PASSED, 3)
    assert [unit.id for unit in result.units] == ["a", "b", "c"]


def test_a_failed_test_fails_the_run() -> None:
    failed = make_result("r1-0001", {"c": DONE}, [make_test("c::1", Outcome.FAILED)])
    result = judged(FIRST_DONE, failed)
    assert (result.status, result.totals.failed) == (RunStatus.FAILED, 1)


def test_the_order_of_the_results_does_not_matter() -> None:
    assert judged(FIRST_DONE, REST_DONE) == judged(REST_DONE, FIRST_DONE)


def test_a_lost_shard_leaves_one_lost_entry_a_unit_with_the_reason() -> None:
    loss = WorkerError(type=WorkerErrorType.WORKER_LOST, message="the worker\nvanished")
    result = judged(REST_DONE, losses={"r1-0000": loss})
    assert outcomes(result) == {"a": "lost", "b": "lost", "c::1": "passed"}
    assert result.status is RunStatus.INCOMPLETE
    assert result.tests[0].message == "worker-lost: the worker vanished"
    assert result.errors == (loss,)


def test_known_tests_of_a_lost_unit_are_lost_one_by_one() -> None:
    result = judged(REST_DONE, known_tests={"a": ("a::1", "a::2")})
    assert outcomes(result) == {"a::1": "lost", "a::2": "lost", "b": "lost", "c::1": "passed"}


def test_what_finished_in_an_unfinished_unit_keeps_its_outcome() -> None:
    tests = [make_test("a::1"), make_test("a::2", Outcome.FAILED), make_test("a::3", Outcome.LOST)]
    result = judged(make_result("r1-0000", {"a": OPEN, "b": DONE}, tests), REST_DONE)
    assert outcomes(result) == {
        "a::1": "passed",
        "a::2": "failed",
        "a::3": "lost",
        "c::1": "passed",
    }
    assert result.status is RunStatus.INCOMPLETE


def test_an_unfinished_unit_of_which_nothing_is_known_to_miss_is_still_lost() -> None:
    result = judged(make_result("r1-0000", {"a": OPEN, "b": DONE}, [make_test("a::1")]), REST_DONE)
    assert outcomes(result) == {"a::1": "passed", "a": "lost", "c::1": "passed"}


def test_a_collection_error_in_an_unfinished_unit_does_not_hide_the_loss() -> None:
    partial = make_result("r1-0000", {"a": OPEN, "b": DONE}, [make_test("a", Outcome.ERROR)])
    found = outcomes(judged(partial, REST_DONE))
    assert found == {"a": "error", "a::(not finished)": "lost", "c::1": "passed"}


def test_the_round_that_finished_a_unit_wins_with_its_tests_only() -> None:
    partial = make_result(
        "r1-0000", {"a": OPEN}, [make_test("a::1", Outcome.FAILED), make_test("a::x")]
    )
    again = make_result("r2-0000", {"a": DONE, "b": DONE}, [make_test("a::1")])
    result = judged(partial, REST_DONE, again, plans=(PLAN, SECOND))
    assert outcomes(result) == {"a::1": "passed", "c::1": "passed"}
    assert result.status is RunStatus.PASSED
    assert result.tests[0].shard == "r2-0000"


def test_the_latest_of_two_finishing_rounds_wins() -> None:
    again = make_result("r2-0000", {"a": DONE}, [make_test("a::1", Outcome.FAILED)])
    result = judged(FIRST_DONE, REST_DONE, again, plans=(PLAN, SECOND))
    assert outcomes(result)["a::1"] == "failed"


def test_a_test_that_only_an_earlier_finishing_round_saw_is_gone() -> None:
    again = make_result("r2-0000", {"a": DONE, "b": DONE}, [make_test("a::new")])
    result = judged(FIRST_DONE, REST_DONE, again, plans=(PLAN, SECOND))
    assert outcomes(result) == {"a::new": "passed", "c::1": "passed"}


def test_a_shard_that_was_uploaded_twice_counts_once() -> None:
    assert judged(FIRST_DONE, FIRST_DONE, REST_DONE) == judged(FIRST_DONE, REST_DONE)


def test_of_two_uploads_the_one_that_finished_more_counts() -> None:
    partial = make_result("r1-0000", {"a": DONE, "b": OPEN}, [make_test("a::1")])
    assert judged(partial, FIRST_DONE, REST_DONE) == judged(FIRST_DONE, REST_DONE)


def test_a_result_of_another_run_is_refused_with_a_note() -> None:
    foreign = make_result("r1-0000", {"a": DONE, "b": DONE}, run_id="20250101-000000-000000")
    result = judged(foreign, REST_DONE)
    assert result.status is RunStatus.INCOMPLETE
    assert "refused a result of another run: 20250101-000000-000000" in result.notes


def test_a_result_of_an_unknown_shard_is_refused_with_a_note() -> None:
    result = judged(
        FIRST_DONE, REST_DONE, make_result("r9-0000", {"a": DONE}, [make_test("evil::1")])
    )
    assert "evil::1" not in outcomes(result)
    assert "refused a result of an unknown shard: r9-0000" in result.notes


def test_a_shard_cannot_finish_a_unit_of_another_shard() -> None:
    thief = make_result("r1-0001", {"c": DONE, "a": DONE}, [make_test("c::1"), make_test("a::1")])
    result = judged(thief)
    assert outcomes(result) == {"a::1": "passed", "a": "lost", "b": "lost", "c::1": "passed"}
    assert result.status is RunStatus.INCOMPLETE


def test_a_test_reported_twice_by_one_worker_keeps_the_worse_outcome() -> None:
    tests = [make_test("c::1", Outcome.FAILED), make_test("c::1")]
    result = judged(FIRST_DONE, make_result("r1-0001", {"c": DONE}, tests))
    assert outcomes(result)["c::1"] == "failed"


def test_the_rest_shard_brings_units_that_nobody_planned() -> None:
    tests = [make_test("c::1"), make_test("doc.txt::doc.txt", Outcome.FAILED), make_test("new::1")]
    result = judged(FIRST_DONE, make_result("r1-0001", {"c": DONE, "doc.txt": DONE}, tests))
    assert [unit.id for unit in result.units] == ["a", "b", "c", "doc.txt", "new"]
    assert result.units[-1].duration_s == 0.5
    assert result.status is RunStatus.FAILED


def test_an_item_that_every_shard_reports_is_one_test() -> None:
    first = make_result("r1-0000", {"a": DONE, "b": DONE}, [make_test("mypy", Outcome.FAILED)])
    second = make_result("r1-0001", {"c": DONE}, [make_test("mypy")])
    assert outcomes(judged(first, second)) == {"mypy": "failed"}


def test_a_lost_rest_makes_the_run_incomplete_though_all_units_finished() -> None:
    second = make_plan_of(make_shard("r2-0000", "c"))
    again = make_result("r2-0000", {"c": DONE}, [make_test("c::1")])
    result = judged(FIRST_DONE, again, plans=(PLAN, second))
    assert result.status is RunStatus.INCOMPLETE
    assert any("what no unit names did not finish" in note for note in result.notes)


def test_fail_fast_reports_what_it_left_out_as_skipped() -> None:
    tests = [make_test("a::1", Outcome.FAILED), make_test("b::1", Outcome.LOST)]
    stopped = make_result("r1-0000", {"a": DONE, "b": STOPPED}, tests)
    rest = make_result("r1-0001", {"c": STOPPED})
    result = judged(stopped, rest, fail_fast=True)
    assert outcomes(result) == {"a::1": "failed", "b::1": "skipped", "c": "skipped"}
    assert result.status is RunStatus.FAILED
    assert "--fail-fast" in result.tests[1].message


def test_fail_fast_for_a_failure_that_was_flaky_is_incomplete() -> None:
    stopped = make_result("r1-0000", {"a": DONE, "b": STOPPED}, [make_test("a::1", Outcome.FAILED)])
    confirmed = make_result("c-0000", {"a": DONE}, [make_test("a::1")])
    result = judged(stopped, REST_DONE, fail_fast=True, confirmations=(confirmed,))
    assert result.status is RunStatus.INCOMPLETE


def test_a_cancelled_run_has_lost_what_it_did_not_run() -> None:
    stopped = make_result("r1-0000", {"a": DONE, "b": STOPPED}, [make_test("a::1")])
    result = judged(stopped, REST_DONE, cancelled=True)
    assert outcomes(result) == {"a::1": "passed", "b": "lost", "c::1": "passed"}
    assert result.status is RunStatus.INCOMPLETE
    assert result.tests[1].message == "not run: the run was cancelled"


def test_an_environment_error_that_kept_everything_from_running_is_incomplete() -> None:
    failed = [
        make_result(
            shard.id,
            dict.fromkeys([unit.id for unit in shard.units], OPEN),
            error=WorkerErrorType.ENVIRONMENT,
        )
        for shard in PLAN.shards
    ]
    result = judged(*failed)
    assert result.status is RunStatus.INCOMPLETE
    assert [error.message for error in result.errors] == ["it went wrong (2 times)"]


def test_no_tests_at_all_is_not_passed() -> None:
    result = judged(
        make_result("r1-0000", {"a": DONE, "b": DONE}), make_result("r1-0001", {"c": DONE})
    )
    assert result.status is RunStatus.REJECTED
    assert [error.type for error in result.errors] == [WorkerErrorType.NOTHING_TO_RUN]


def test_a_framework_that_refuses_its_arguments_rejects_the_run() -> None:
    result = judged(
        make_result("r1-0000", {"a": OPEN, "b": OPEN}, error=WorkerErrorType.CONFIGURATION),
        make_result("r1-0001", {"c": OPEN}, error=WorkerErrorType.CONFIGURATION),
    )
    assert (result.status, result.tests) == (RunStatus.REJECTED, ())
    assert [error.message for error in result.errors] == ["it went wrong"]


def test_no_result_is_dropped_because_another_shard_was_refused() -> None:
    result = judged(
        FIRST_DONE, make_result("r1-0001", {"c": OPEN}, error=WorkerErrorType.CONFIGURATION)
    )
    assert result.status is RunStatus.INCOMPLETE
    assert outcomes(result) == {"a::1": "passed", "b::1": "passed", "c": "lost"}


def test_only_skipped_tests_pass() -> None:
    skipped = make_result("r1-0001", {"c": DONE}, [make_test("c::1", Outcome.SKIPPED)])
    assert judged(FIRST_DONE, skipped).status is RunStatus.PASSED


def confirmation(shard: str, outcome: Outcome, run_id: str = RUN) -> ShardResult:
    return make_result(shard, {"c": DONE}, [make_test("c::1", outcome)], run_id=run_id)


@pytest.mark.parametrize(
    ("attempts", "outcome", "status", "count"),
    [
        ([Outcome.PASSED], Outcome.FLAKY, RunStatus.PASSED, 2),
        ([Outcome.FAILED, Outcome.PASSED], Outcome.FLAKY, RunStatus.PASSED, 3),
        ([Outcome.FAILED, Outcome.ERROR], Outcome.FAILED, RunStatus.FAILED, 3),
        ([Outcome.LOST], Outcome.FAILED, RunStatus.FAILED, 1),
        ([Outcome.SKIPPED], Outcome.FAILED, RunStatus.FAILED, 2),
        ([], Outcome.FAILED, RunStatus.FAILED, 1),
    ],
)
def test_a_pass_in_any_confirmation_makes_a_failure_flaky(
    attempts: list[Outcome], outcome: Outcome, status: RunStatus, count: int
) -> None:
    failed = make_result("r1-0001", {"c": DONE}, [make_test("c::1", Outcome.FAILED)])
    again = tuple(confirmation(f"c-{at:04}", each) for at, each in enumerate(attempts))
    result = judged(FIRST_DONE, failed, confirmations=again)
    [test] = [test for test in result.tests if test.id == "c::1"]
    assert (test.outcome, test.attempts, test.message) == (outcome, count, "boom")
    assert result.status is status


def at_home(*tests: TestResult, status: UnitStatus = DONE) -> ShardResult:
    return make_result("c-home", {"c": status}, tests)


FILE_ERROR = make_result("r1-0001", {"c": DONE}, [make_test("c", Outcome.ERROR)])


def test_a_file_that_could_not_be_imported_alone_is_replaced_by_its_tests() -> None:
    home = at_home(make_test("c::1"), make_test("c::2", Outcome.FAILED))
    result = judged(FIRST_DONE, FILE_ERROR, confirmations=(home,))
    assert outcomes(result) == {
        "a::1": "passed",
        "b::1": "passed",
        "c::1": "passed",
        "c::2": "failed",
    }
    [passed, failed] = [test for test in result.tests if test.file == "c"]
    assert "once all test files were" in passed.message
    assert (failed.message, failed.shard) == ("boom", "c-home")


@pytest.mark.parametrize(
    "home",
    [
        at_home(make_test("c", Outcome.ERROR)),
        at_home(make_test("c::1"), status=OPEN),
        at_home(),
    ],
    ids=["error again", "unfinished", "nothing collected"],
)
def test_a_file_stays_an_error_while_its_tests_are_not_known(home: ShardResult) -> None:
    result = judged(FIRST_DONE, FILE_ERROR, confirmations=(home,))
    assert outcomes(result)["c"] == "error"
    assert result.status is RunStatus.FAILED


def test_failures_that_were_not_tried_as_at_home_are_counted() -> None:
    tests = [make_test(f"c::{at}", Outcome.FAILED) for at in range(3)]
    failed = make_result("r1-0001", {"c": DONE}, tests)
    result = judged(FIRST_DONE, failed, confirmations=(at_home(tests[0]),))
    assert any(note.startswith("2 of 3 failures could not be tried") for note in result.notes)


def test_a_confirmation_never_worsens_a_test_that_passed() -> None:
    result = judged(FIRST_DONE, REST_DONE, confirmations=(confirmation("c-0000", Outcome.FAILED),))
    assert result.status is RunStatus.PASSED


def test_a_confirmation_of_another_run_is_refused() -> None:
    failed = make_result("r1-0001", {"c": DONE}, [make_test("c::1", Outcome.FAILED)])
    foreign = confirmation("c-0000", Outcome.PASSED, run_id="20250101-000000-000000")
    result = judged(FIRST_DONE, failed, confirmations=(foreign,))
    assert result.status is RunStatus.FAILED
    assert "refused a result of another run: 20250101-000000-000000" in result.notes


def test_totals_count_every_outcome() -> None:
    tests = [make_test(f"c::{outcome}", outcome) for outcome in Outcome]
    result = judged(FIRST_DONE, make_result("r1-0001", {"c": DONE}, tests))
    assert result.totals.model_dump() == Counter({o.value: 1 for o in Outcome} | {"passed": 3})
