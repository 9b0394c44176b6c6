"""Whatever happens to the shards of a run, its result stays whole: properties of `aggregate`."""

from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from testfleet.contracts.plan import Plan
from testfleet.contracts.report import RunStatus
from testfleet.contracts.result import (
    Outcome,
    ShardResult,
    TestResult,
    UnitStatus,
    WorkerErrorType,
)
from testfleet.planning.rounds.replan import replan
from testfleet.planning.rounds.standing import Rounds
from testfleet.results.aggregate import Aggregate, AggregateInput, aggregate
from tests.planning_samples import (
    RUN,
    make_place,
    make_plan_of,
    make_result,
    make_shard,
    make_test,
)

UNITS = [f"u{at}" for at in range(8)]
REAL = [Outcome.PASSED, Outcome.FAILED, Outcome.ERROR, Outcome.SKIPPED]


@dataclass(frozen=True)
class Story:
    """A run as it may go, and what truly finished in it."""

    plans: tuple[Plan, ...]
    results: tuple[ShardResult, ...]
    cancelled: bool


@st.composite
def first_plans(draw: st.DrawFn) -> Plan:
    homes = draw(st.lists(st.integers(0, 3), min_size=len(UNITS), max_size=len(UNITS)))
    used = sorted(set(homes))
    return make_plan_of(
        *(
            make_shard(
                f"r1-{number:04}",
                *(unit for unit, home in zip(UNITS, homes, strict=True) if home == number),
                takes_rest=number == used[-1],
            )
            for number in used
        )
    )


def draw_tests(draw: st.DrawFn, unit: str, status: UnitStatus) -> list[TestResult]:
    kinds = REAL if status is UnitStatus.FINISHED else [*REAL, Outcome.LOST]
    picked = draw(st.lists(st.tuples(st.integers(0, 2), st.sampled_from(kinds)), max_size=4))
    return [make_test(f"{unit}::t{number}", outcome) for number, outcome in picked]


@st.composite
def calm_results(draw: st.DrawFn, plan: Plan) -> list[ShardResult]:
    """Every shard finishes what it was given."""
    results = []
    for shard in plan.shards:
        ends = {unit.id: UnitStatus.FINISHED for unit in shard.units}
        tests = [test for unit, end in ends.items() for test in draw_tests(draw, unit, end)]
        results.append(make_result(shard.id, ends, tests))
    return results


@st.composite
def wild_results(draw: st.DrawFn, plan: Plan) -> list[ShardResult]:
    """Some shards vanish, some are partial, some arrive twice, some report strange things."""
    results = []
    for shard in plan.shards:
        for _ in range(draw(st.integers(0, 2), label=f"copies of {shard.id}")):
            named = [unit.id for unit in shard.units]
            named += draw(st.lists(st.sampled_from([*UNITS, "found", "other"]), max_size=2))
            ends = {unit: draw(st.sampled_from(UnitStatus)) for unit in dict.fromkeys(named)}
            forgotten = draw(st.sets(st.sampled_from(named))) if named else set()
            tests = [test for unit, end in ends.items() for test in draw_tests(draw, unit, end)]
            reported = {unit: end for unit, end in ends.items() if unit not in forgotten}
            error = draw(st.none() | st.sampled_from(WorkerErrorType))
            run = draw(st.sampled_from([RUN, RUN, RUN, "20250101-000000-000000"]))
            results.append(make_result(shard.id, reported, tests, error=error, run_id=run))
    return results


def shard_results(plan: Plan) -> st.SearchStrategy[list[ShardResult]]:
    return calm_results(plan) | wild_results(plan)


@st.composite
def stories(draw: st.DrawFn) -> Story:
    plans = [draw(first_plans())]
    results = draw(shard_results(plans[0]))
    cancelled = draw(st.booleans())
    own = [result for result in results if result.run_id == RUN]
    again = replan(Rounds(tuple(plans), tuple(own), {}, make_place(), cancelled=cancelled))
    if again is not None:
        plans.append(again)
        results += draw(shard_results(again))
    stray = make_result("r7-0000", dict.fromkeys(UNITS, UnitStatus.FINISHED), [make_test("x::x")])
    results += draw(st.lists(st.just(stray), max_size=1))
    return Story(tuple(plans), tuple(draw(st.permutations(results))), cancelled)


def judge(story: Story, results: Sequence[ShardResult] | None = None) -> Aggregate:
    given_results = story.results if results is None else tuple(results)
    return aggregate(
        AggregateInput(RUN, story.plans, given_results, cancelled=story.cancelled, fail_fast=True)
    )


def finished_by_owner(story: Story, unit: str) -> bool:
    owners = {
        shard.id
        for plan in story.plans
        for shard in plan.shards
        for u in shard.units
        if u.id == unit
    }
    return any(
        unit in result.finished
        for result in story.results
        if result.run_id == RUN and result.shard_id in owners
    )


@given(stories())
def test_each_planned_unit_is_accounted_for_exactly_once(story: Story) -> None:
    units = [unit.id for unit in judge(story).units]
    assert len(units) == len(set(units))
    assert set(units) >= set(UNITS)


@given(stories())
def test_no_test_is_reported_twice(story: Story) -> None:
    result = judge(story)
    ids = [test.id for test in result.tests]
    assert len(ids) == len(set(ids))
    assert sum(result.totals.model_dump().values()) == len(ids)


@given(stories())
def test_a_run_that_lost_a_unit_never_passes(story: Story) -> None:
    result = judge(story)
    lost = [unit for unit in UNITS if not finished_by_owner(story, unit)]
    if lost:
        assert result.status in (RunStatus.INCOMPLETE, RunStatus.FAILED)
        seen = {test.file for test in result.tests}
        assert seen.issuperset(lost)
    if result.totals.lost:
        assert result.status is RunStatus.INCOMPLETE


@given(stories())
def test_the_status_follows_from_the_final_outcomes(story: Story) -> None:
    result = judge(story)
    assert "x::x" not in {test.id for test in result.tests}
    if result.totals.failed or result.totals.error:
        assert result.status in (RunStatus.INCOMPLETE, RunStatus.FAILED)
    if result.status is RunStatus.PASSED:
        assert all(finished_by_owner(story, unit) for unit in UNITS)
        assert {test.outcome for test in result.tests} <= {Outcome.PASSED, Outcome.SKIPPED}


@given(stories(), st.randoms())
def test_neither_order_nor_doubling_changes_the_result(story: Story, chance: object) -> None:
    doubled = [*story.results, *story.results]
    chance.shuffle(doubled)  # type: ignore[attr-defined]
    assert judge(story, doubled) == judge(story)


@given(stories())
def test_a_unit_finished_in_the_newest_round_has_exactly_its_tests(story: Story) -> None:
    result = judge(story)
    last = story.plans[-1]
    for shard in last.shards:
        own = [r for r in story.results if r.run_id == RUN and r.shard_id == shard.id]
        for unit in shard.units:
            if len(own) == 1 and unit.id in own[0].finished:
                expected = {test.id for test in own[0].tests if test.file == unit.id}
                assert {test.id for test in result.tests if test.file == unit.id} == expected
