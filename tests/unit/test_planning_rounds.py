from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testfleet.contracts.plan import Plan
from testfleet.contracts.result import (
    Outcome,
    ShardResult,
    UnitStatus,
    WorkerError,
    WorkerErrorType,
)
from testfleet.planning.rounds.confirmation import Failures, confirm_shards, home_shard
from testfleet.planning.rounds.replan import excluded_units, replan
from testfleet.planning.rounds.standing import Rounds
from tests.planning_samples import (
    make_place,
    make_plan_of,
    make_report,
    make_result,
    make_shard,
)

DONE, OPEN, STOPPED = UnitStatus.FINISHED, UnitStatus.UNFINISHED, UnitStatus.STOPPED
FIRST = make_plan_of(
    make_shard("r1-0000", "a", "b"), make_shard("r1-0001", "c", "d", takes_rest=True)
)
REST_DONE = make_result("r1-0001", {"c": DONE, "d": DONE})


def next_round(
    *results: ShardResult, plans: tuple[Plan, ...] = (FIRST,), **options: Any
) -> Plan | None:
    place = options.pop("place", make_place(fallback=True))
    return replan(Rounds(plans, results, options.pop("losses", {}), place, **options))


def units_of(plan: Plan | None) -> list[str]:
    assert plan is not None
    return sorted(unit.id for shard in plan.shards for unit in shard.units)


def test_nothing_is_planned_again_when_everything_finished() -> None:
    assert next_round(make_result("r1-0000", {"a": DONE, "b": DONE}), REST_DONE) is None


def test_a_lost_shard_is_planned_again_on_the_fallback_profile() -> None:
    plan = next_round(REST_DONE)
    assert plan is not None
    assert units_of(plan) == ["a", "b"]
    assert [shard.id for shard in plan.shards] == ["r2-0000", "r2-0001"]
    assert {shard.profile for shard in plan.shards} == {"large"}
    assert "2 units lost so far, again on `large`" in plan.reasons


def test_without_a_fallback_the_usual_profile_gets_another_chance() -> None:
    plan = next_round(REST_DONE, place=make_place())
    assert plan is not None
    assert {shard.profile for shard in plan.shards} == {"local"}


def test_only_the_unfinished_units_of_a_partial_shard_run_again() -> None:
    partial = make_result("r1-0000", {"a": DONE, "b": OPEN}, error=WorkerErrorType.OUT_OF_MEMORY)
    assert units_of(next_round(partial, REST_DONE)) == ["b"]


def test_a_unit_that_a_result_does_not_mention_runs_again() -> None:
    assert units_of(next_round(make_result("r1-0000", {"a": DONE}), REST_DONE)) == ["b"]


def test_a_late_result_of_an_earlier_round_counts() -> None:
    second = make_plan_of(make_shard("r2-0000", "a", "b"))
    late = make_result("r1-0000", {"a": DONE, "b": DONE})
    assert next_round(late, REST_DONE, plans=(FIRST, second)) is None


def test_the_rest_is_taken_again_when_its_shard_was_lost() -> None:
    plan = next_round(make_result("r1-0000", {"a": DONE, "b": DONE}))
    assert units_of(plan) == ["c", "d"]
    assert plan is not None
    assert [shard.takes_rest for shard in plan.shards].count(True) == 1


def test_the_rest_is_not_taken_again_when_its_shard_finished() -> None:
    plan = next_round(REST_DONE)
    assert plan is not None
    assert not any(shard.takes_rest for shard in plan.shards)


def test_what_the_rest_shard_found_and_left_undone_becomes_a_unit() -> None:
    partial = make_result("r1-0001", {"c": DONE, "d": DONE, "found": OPEN, "other": DONE})
    plan = next_round(make_result("r1-0000", {"a": DONE, "b": DONE}), partial)
    assert units_of(plan) == ["found"]
    assert plan is not None
    assert plan.shards[0].takes_rest


def test_a_unit_lost_twice_goes_alone_and_the_rest_goes_without_it() -> None:
    second = make_plan_of(
        make_shard("r2-0000", "a", "c", takes_rest=True), make_shard("r2-0001", "b", "d")
    )
    results = [make_result("r2-0001", {"b": DONE, "d": DONE})]
    plan = next_round(*results, plans=(FIRST, second))
    assert plan is not None
    groups = {tuple(unit.id for unit in shard.units): shard.takes_rest for shard in plan.shards}
    assert groups == {("a",): False, ("c",): False, (): True}
    assert "2 of them lost 2 times: a shard each" in plan.reasons


def test_the_rounds_are_bounded() -> None:
    assert next_round(place=make_place(max_rounds=1)) is None


def test_a_cancelled_run_is_not_planned_again() -> None:
    assert next_round(cancelled=True) is None


@pytest.mark.parametrize(
    "kind",
    [WorkerErrorType.ENVIRONMENT, WorkerErrorType.CONFIGURATION, WorkerErrorType.CANCELLED],
)
def test_what_only_the_user_can_mend_is_not_tried_again(kind: WorkerErrorType) -> None:
    results = [
        make_result("r1-0000", {"a": OPEN, "b": OPEN}, error=kind),
        make_result("r1-0001", {"c": OPEN, "d": OPEN}, error=kind),
    ]
    assert next_round(*results) is None


def test_units_stopped_on_purpose_are_not_planned_again() -> None:
    stopped = make_result("r1-0000", {"a": DONE, "b": STOPPED})
    assert next_round(stopped, REST_DONE) is None


@given(st.data())
def test_every_round_plans_each_open_unit_once_until_the_rounds_are_used_up(
    data: st.DataObject,
) -> None:
    plans: list[Plan] = [FIRST]
    results: list[ShardResult] = []
    statuses = st.sampled_from([DONE, OPEN])
    while True:
        for shard in plans[-1].shards:
            if data.draw(st.booleans(), label="shard came back"):
                ended = {unit.id: data.draw(statuses) for unit in shard.units}
                results.append(make_result(shard.id, ended))
        plan = next_round(*results, plans=tuple(plans))
        finished = {unit for result in results for unit in result.finished}
        if plan is None:
            rest = any(r.is_whole for r in results for s in FIRST.shards[1:] if r.shard_id == s.id)
            assert len(plans) == 3 or (
                finished == {"a", "b", "c", "d"} and (rest or len(plans) > 1)
            )
            return
        assert units_of(plan) == sorted({"a", "b", "c", "d"} - finished)
        plans.append(plan)


def test_only_the_shard_that_takes_the_rest_has_exclusions() -> None:
    assert excluded_units([FIRST], FIRST.shards[0]) is None
    assert excluded_units([FIRST], FIRST.shards[1]) == ("a", "b")


def test_exclusions_hold_all_rounds_and_what_was_found_and_finished() -> None:
    second = make_plan_of(make_shard("r2-0000", "d", takes_rest=True))
    results = [make_result("r1-0001", {"c": DONE, "d": OPEN, "found": DONE})]
    assert excluded_units([FIRST, second], second.shards[0], results) == ("a", "b", "c", "found")


CANCELLED = make_result("r1-0000", {"a": DONE, "b": STOPPED}, error=WorkerErrorType.CANCELLED)
REST_STOPPED = make_result("r1-0001", {"c": DONE, "d": STOPPED}, error=WorkerErrorType.CANCELLED)


def test_what_was_stopped_runs_once_the_run_is_resumed() -> None:
    assert next_round(CANCELLED, REST_STOPPED) is None
    plan = next_round(CANCELLED, REST_STOPPED, resumed_after=1)
    assert units_of(plan) == ["b", "d"]
    assert plan is not None
    assert sum(shard.takes_rest for shard in plan.shards) == 1


def test_losses_before_a_run_was_resumed_do_not_count() -> None:
    plans = (FIRST, *(make_plan_of(make_shard(f"r{at}-0000", "a")) for at in (2, 3)))
    done = make_result("r1-0000", {"a": OPEN, "b": DONE})
    assert next_round(done, REST_DONE, plans=plans) is None
    assert units_of(next_round(done, REST_DONE, plans=plans, resumed_after=3)) == ["a"]


def test_what_was_lost_can_run_on_one_worker() -> None:
    plan = next_round(REST_DONE, on_one_worker=True)
    assert plan is not None
    assert [len(shard.units) for shard in plan.shards] == [2]


def test_without_a_fleet_one_worker_takes_everything() -> None:
    lost = WorkerError(type=WorkerErrorType.THROTTLED, message="no worker")
    plan = next_round(losses={"r1-0000": lost, "r1-0001": lost})
    assert plan is not None
    assert [len(shard.units) for shard in plan.shards] == [4]


def test_each_failed_test_is_confirmed_as_often_as_the_fleet_says() -> None:
    tests = [
        make_report("a::x", Outcome.FAILED),
        make_report("a::y", Outcome.ERROR),
        make_report("b::z", Outcome.PASSED),
    ]
    shards = confirm_shards(tests, make_place(2))
    assert [shard.id for shard in shards] == ["c-0000", "c-0001"]
    assert [shard.tests for shard in shards] == [("a::x", "a::y")] * 2
    assert [unit.id for unit in shards[0].units] == ["a"]


def test_confirmations_use_all_workers() -> None:
    tests = [make_report(f"a::{at}") for at in range(8)]
    shards = confirm_shards(tests, make_place(8))
    assert [len(shard.tests) for shard in shards] == [2] * 8


def test_failed_tests_run_together_once_more_as_at_home() -> None:
    tests = [make_report("a::x"), make_report("b::y"), make_report("c::z", Outcome.PASSED)]
    shard = home_shard(tests, make_place())
    assert shard is not None
    assert (shard.tests, shard.together) == (("a::x", "b::y"), True)


def test_nothing_runs_as_at_home_when_nothing_failed() -> None:
    assert home_shard([make_report("a::x", Outcome.PASSED)], make_place()) is None


def test_of_far_too_many_failures_some_of_each_file_run_as_at_home() -> None:
    many = [make_report(f"a::{at}", duration_s=0.01) for at in range(600)]
    shard = home_shard([*many, make_report("b::x"), make_report("c")], make_place())
    assert shard is not None
    assert len(shard.tests) == 500
    assert {"b::x", "c"} <= set(shard.tests)


def test_of_long_failures_one_runs_as_at_home_in_any_case() -> None:
    tests = [make_report("a::x", duration_s=61), make_report("a::y", duration_s=61)]
    shard = home_shard(tests, make_place())
    assert shard is not None
    assert shard.tests == ("a::x",)


def test_in_a_file_that_was_cut_the_tests_before_a_failed_one_run_too() -> None:
    passed = [make_report(f"a::{at}", Outcome.PASSED) for at in range(3)]
    tests = [*passed[:2], make_report("a::x"), passed[2], make_report("b::y")]
    shard = home_shard(tests, make_place(), {"a"})
    assert shard is not None
    assert shard.tests == ("a::x", "b::y", "a::0", "a::1")


def test_confirmations_are_balanced_by_the_processes_they_start() -> None:
    tests = [make_report(f"a::{at}", duration_s=0.1 if at else 0.4) for at in range(4)]
    shards = confirm_shards(tests, make_place(4))
    assert sorted(len(shard.tests) for shard in shards) == [2, 2, 2, 2]


def test_nothing_or_too_much_failed_means_no_confirmation() -> None:
    assert confirm_shards([make_report("a::x", Outcome.PASSED)], make_place()) == ()
    assert confirm_shards([make_report(f"a::{at}") for at in range(26)], make_place()) == ()


@pytest.mark.parametrize(("framework", "count"), [("pytest", 3), ("vitest", 2), ("tsc", 0)])
def test_what_runs_again_is_what_the_framework_could_judge_otherwise(
    framework: str, count: int
) -> None:
    failed = [make_report("a::x")]
    failures = Failures(failed, (), make_place(1), (), has_parts=True, framework=framework)
    assert len(failures.shards()) == count
