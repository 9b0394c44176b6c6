from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from testfleet.contracts.dependencies import Dependency
from testfleet.contracts.plan import Plan, Shard
from testfleet.contracts.result import Outcome, ShardResult, UnitStatus
from testfleet.contracts.run import Objectives
from testfleet.errors import UsageError
from testfleet.planning.dependencies.stage_goals import StageLoad, goals_of
from testfleet.planning.dependencies.stages import plan_in_stages
from testfleet.planning.discovery.framework import Discovery
from testfleet.planning.placement.place import Place
from testfleet.planning.rounds.replan import replan
from testfleet.planning.rounds.standing import Rounds
from testfleet.planning.sharding.plan import PlanInput, make_plan
from tests.planning_samples import make_history, make_place, make_result, make_test, make_units

UNITS = tuple(unit.id for unit in make_units(8))
PLACE = make_place(workers=2, startup_s=0.5)


def rule(units: list[int], providers: list[int]) -> Dependency:
    return Dependency(
        units=tuple(UNITS[at] for at in units), providers=tuple(UNITS[at] for at in providers)
    )


def request(
    seconds: list[float], together: tuple[tuple[str, ...], ...] = (), place: Place = PLACE
) -> PlanInput:
    units = make_units(len(seconds))
    history = make_history(dict(zip(UNITS, seconds, strict=False)))
    return PlanInput("default", Discovery(units, together=together), history, place)


def stage_of(plan: Plan) -> dict[str, int]:
    return {u.id: s.stage for s in (*plan.shards, *plan.later) for u in s.units}


def shard_of(plan: Plan, unit: str) -> Shard:
    shards = (*plan.shards, *plan.later)
    return next(shard for shard in shards if unit in {each.id for each in shard.units})


def test_without_dependencies_the_plan_is_that_of_the_strategy() -> None:
    asked = request([1.0] * 4)
    assert plan_in_stages(asked) == make_plan(asked)


def test_long_units_wait_at_a_barrier_for_what_they_all_need() -> None:
    plan = plan_in_stages(request([5.0, 60.0, 60.0]), [rule([1, 2], [0])])
    assert stage_of(plan) == {UNITS[0]: 1, UNITS[1]: 2, UNITS[2]: 2}
    assert [len(shard.units) for shard in plan.later] == [1, 1]
    assert plan.predicted_s == pytest.approx(5.0 + 60.0 + 1.5)
    assert plan.lower_bound_s == pytest.approx(65.0)
    assert "stage 2, once what it needs has passed: 2 units in 2 shards" in plan.reasons


def test_what_fits_into_a_share_runs_in_one_shard_in_order() -> None:
    plan = plan_in_stages(request([1.0, 1.0, 60.0, 60.0]), [rule([0], [1])])
    shard = shard_of(plan, UNITS[0])
    names = [unit.id for unit in shard.units]
    assert names.index(UNITS[1]) < names.index(UNITS[0])
    assert not plan.later
    assert any("in one group" in r or "of one shard each" in r for r in plan.reasons)


def test_a_chain_shares_a_shard_however_long() -> None:
    rules = [rule([1], [0]), rule([2], [1])]
    plan = plan_in_stages(request([90.0, 90.0, 90.0, 1.0]), rules)
    assert not plan.later
    assert plan.lower_bound_s == pytest.approx(270.0)


def test_a_chain_that_outlives_its_worker_is_cut() -> None:
    place = make_place(workers=2)
    short = place.profiles["local"].model_copy(update={"time_limit_s": 200})
    place = replace(place, profiles={**place.profiles, "local": short})
    rules = [rule([1], [0]), rule([2], [1])]
    plan = plan_in_stages(request([90.0, 90.0, 90.0], place=place), rules)
    assert sorted(stage_of(plan).values()) == [1, 2, 3]


def test_files_that_stay_together_wait_together() -> None:
    together = ((UNITS[1], UNITS[2]),)
    plan = plan_in_stages(request([90.0, 90.0, 90.0], together), [rule([1], [0])])
    assert shard_of(plan, UNITS[1]) == shard_of(plan, UNITS[2])


def test_groups_that_need_each_other_in_turn_are_one() -> None:
    together = ((UNITS[0], UNITS[2]),)
    rules = [rule([1], [0]), rule([2], [1])]
    plan = plan_in_stages(request([90.0, 90.0, 90.0, 90.0], together), rules)
    names = [unit.id for unit in shard_of(plan, UNITS[0]).units]
    assert names == [UNITS[0], UNITS[1], UNITS[2]]


def test_a_cycle_is_refused() -> None:
    with pytest.raises(
        UsageError, match=r"test_000\.py -> tests/test_001\.py -> tests/test_000\.py"
    ):
        plan_in_stages(request([1.0, 1.0]), [rule([0], [1]), rule([1], [0])])


LOADS = (StageLoad(longest_s=10.0, total_s=20.0), StageLoad(longest_s=20.0, total_s=140.0))


def test_a_deadline_is_shared_by_what_each_stage_can_use() -> None:
    goals = goals_of(Objectives(deadline_s=91.0), LOADS, workers=2, barrier_s=1.0)
    assert [goal.deadline_s for goal in goals] == [10.0, 80.0]


def test_a_budget_is_shared_by_seconds() -> None:
    goals = goals_of(Objectives(max_usd=0.16), LOADS, workers=2, barrier_s=1.0)
    assert [goal.max_usd for goal in goals] == pytest.approx([0.02, 0.14])


def test_a_deadline_before_the_end_of_the_longest_way_is_refused() -> None:
    with pytest.raises(UsageError, match=r"30 s cannot be met: 2 stages .* take 31\.0 s"):
        goals_of(Objectives(deadline_s=30.0), LOADS, workers=2, barrier_s=1.0)


def test_what_is_guessed_is_no_reason_to_refuse_a_deadline() -> None:
    loads = [replace(load, known=False) for load in LOADS]
    goals = goals_of(Objectives(deadline_s=5.0), loads, workers=2, barrier_s=1.0)
    assert [goal.deadline_s for goal in goals] == [10.0, 20.0]


@st.composite
def suites(draw: st.DrawFn) -> tuple[PlanInput, list[Dependency]]:
    count = draw(st.integers(2, 8))
    seconds = draw(st.lists(st.sampled_from([0.1, 5.0, 80.0]), min_size=count, max_size=count))
    rules = []
    for _ in range(draw(st.integers(1, 5))):
        last = draw(st.integers(1, count - 1))
        late = draw(st.sets(st.integers(last, count - 1), min_size=1))
        soon = draw(st.sets(st.integers(0, last - 1), min_size=1))
        rules.append(rule(sorted(late), sorted(soon)))
    pair = draw(st.lists(st.sampled_from(UNITS[:count]), unique=True, max_size=2))
    together = (tuple(pair),) if len(pair) > 1 else ()
    workers = draw(st.integers(1, 4))
    return request(seconds, together, make_place(workers)), rules


@settings(deadline=None)
@given(suites())
def test_each_unit_has_one_shard_and_what_it_needs_is_before_it(
    suite: tuple[PlanInput, list[Dependency]],
) -> None:
    asked, rules = suite
    plan = plan_in_stages(asked, rules)
    shards = (*plan.shards, *plan.later)
    planned = [unit.id for shard in shards for unit in shard.units]
    assert sorted(planned) == sorted(unit.id for unit in asked.discovery.units)
    place = {
        unit.id: (shard.stage, shard.id, at)
        for shard in shards
        for at, unit in enumerate(shard.units)
    }
    for each in rules:
        for unit in each.units:
            for provider in each.providers:
                assert _is_before(place[provider], place[unit])
    for group in asked.discovery.together:
        assert len({place[unit][1] for unit in group}) == 1
    assert plan == plan_in_stages(asked, rules)


def _is_before(provider: tuple[int, str, int], unit: tuple[int, str, int]) -> bool:
    same_shard = provider[1] == unit[1]
    return provider[2] < unit[2] if same_shard else provider[0] < unit[0]


@settings(deadline=None)
@given(suites(), st.data())
def test_whatever_fails_or_is_lost_nothing_runs_before_what_it_needs_has_passed(
    suite: tuple[PlanInput, list[Dependency]], data: st.DataObject
) -> None:
    asked, rules = suite
    plans, results = [plan_in_stages(asked, rules)], list[ShardResult]()
    passed, failed = set[str](), set[str]()
    while True:
        for shard in plans[-1].shards:
            if not data.draw(st.booleans(), label="shard came back"):
                continue
            results.append(_ran(shard, rules, passed, failed, data))
        again = replan(
            Rounds(tuple(plans), tuple(results), {}, asked.place, failed=frozenset(failed))
        )
        if again is None:
            break
        plans.append(again)
    times = [unit.id for plan in plans for shard in plan.shards for unit in shard.units]
    most = asked.place.fleet.max_rounds
    in_groups = {unit for group in asked.discovery.together for unit in group}
    assert all(times.count(unit) <= most for unit in set(times) - in_groups)
    assert len(plans) <= most * len(asked.discovery.units)


def _ran(
    shard: Shard, rules: list[Dependency], passed: set[str], failed: set[str], data: st.DataObject
) -> ShardResult:
    """A worker goes through the units in order, and skips what needs a failed one."""
    tests, done, skipped = [], set[str](), set[str]()
    own = {unit.id for unit in shard.units}
    for unit in shard.units:
        needed = {p for each in rules if unit.id in each.units for p in each.providers}
        if needed & (failed | skipped):
            assert needed & own & (failed | skipped), "it should not have been started"
            outcome = Outcome.SKIPPED
            skipped.add(unit.id)
        else:
            assert needed <= passed | done, "something that it needs has not passed"
            outcome = data.draw(st.sampled_from([Outcome.PASSED] * 3 + [Outcome.FAILED]))
            (failed if outcome is Outcome.FAILED else done).add(unit.id)
        tests.append(make_test(f"{unit.id}::test_a", outcome))
    passed |= done
    return make_result(shard.id, {unit.id: UnitStatus.FINISHED for unit in shard.units}, tests)
