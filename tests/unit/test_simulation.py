"""Schedules that were worked out by hand, and what holds for every schedule."""

import math
from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from testfleet.config import ROOT
from testfleet.errors import UsageError
from testfleet.planning.simulation.attempts import Ending
from testfleet.planning.simulation.fan_out import FARGATE_RETRY, LAMBDA_RETRY
from testfleet.planning.simulation.limits import published_limits, read_limits
from testfleet.planning.simulation.measures import measure
from testfleet.planning.simulation.simulator import plan_makespan_s, simulate
from testfleet.workflow.statemachine import load
from tests.simulation_samples import CALM, LARGE, SMALL, place_of, scenario, units_of


def spans(simulation):
    return [(each.order.id, each.start_s, each.end_s) for each in simulation.attempts]


def test_two_shards_on_two_workers_end_with_the_longer_one():
    done = simulate(scenario(units_of(4, 3, 2), [[0], [1, 2]]))
    assert spans(done) == [("r1-0000", 0.0, 6.0), ("r1-0001", 0.0, 7.0)]
    assert done.finished_s == [6.0, 5.0, 7.0]
    assert done.makespan_s == 7.0


def test_a_second_shard_on_the_same_worker_starts_warm():
    done = simulate(scenario(units_of(4, 3, 2), [[0], [1, 2]], workers=1))
    assert spans(done) == [("r1-0000", 0.0, 6.0), ("r1-0001", 6.0, 11.5)]
    assert {each.worker for each in done.attempts} == {"lambda-0000"}


def test_a_fargate_task_never_starts_warm():
    place = place_of(small=LARGE)
    done = simulate(scenario(units_of(4, 3), [[0], [1]], workers=1, place=place))
    assert done.makespan_s == 30 + 4 + 30 + 3


def test_the_plan_alone_has_no_starts():
    assert plan_makespan_s(scenario(units_of(4, 3, 2), [[0], [1, 2]], workers=1)) == 9.0


def test_measures_of_a_schedule_worked_out_by_hand():
    case = scenario(units_of(4, 3, 2), [[0], [1, 2]], deadline_s=6.5)
    found = measure(case, simulate(case), plan_makespan_s(case))
    assert (found.total_s, found.longest_s, found.lower_bound_s) == (9.0, 4.0, 4.5)
    assert (found.plan_ratio, found.ratio) == (5 / 4.5, 7 / 4.5)
    assert found.utilisation == pytest.approx(9 / 14)
    assert found.missed_deadlines == 1


def test_a_unit_may_have_a_deadline_of_its_own():
    units = units_of(4, 3, deadline_s=5.5)
    case = scenario(units, [[0], [1]], deadline_s=100)
    assert measure(case, simulate(case), 4.0).missed_deadlines == 1


def test_what_a_lost_worker_had_runs_again_on_the_fallback_after_the_round():
    case = scenario(units_of(4, 3), [[0], [1]], faults=0.5, seed=10)
    done = simulate(case)
    by_id = {each.order.id: each for each in done.attempts}
    assert by_id["r1-0001"].ending is Ending.LOST
    assert by_id["r2-0000"].order.profile == "large"
    assert by_id["r2-0000"].order.units == (1,)
    assert by_id["r2-0000"].start_s == by_id["r1-0000"].end_s
    assert done.rounds == 2


def test_units_with_the_same_word_stay_together_when_they_run_again():
    units = [
        replace(unit, together="x" if at < 3 else None)
        for at, unit in enumerate(units_of(1, 1, 1, 1))
    ]
    done = simulate(
        scenario(units, [[0, 1, 2, 3]], workers=4, faults=1.0, place=place_of(max_rounds=2))
    )
    assert {each.order.units for each in done.attempts} == {(0, 1, 2, 3), (0, 1, 2), (3,)}


def test_with_every_attempt_lost_the_rounds_end_and_the_units_stay_lost():
    case = scenario(units_of(4, 3), [[0, 1]], faults=1.0)
    done = simulate(case)
    assert Counter(each.ending for each in done.attempts) == {Ending.LOST: 4}
    assert [len(each.order.units) for each in done.attempts] == [2, 2, 1, 1]
    assert measure(case, done, 7.0).lost_units == 2


def test_at_the_time_limit_what_is_done_counts_and_the_rest_runs_again():
    done = simulate(scenario(units_of(40, 40, 40), [[0, 1, 2]]))
    first, second = done.attempts
    assert (first.ending, first.end_s, first.done) == (Ending.TIMED_OUT, 100.0, 2)
    assert (second.order.units, second.order.profile) == ((2,), "large")


def test_a_unit_too_long_for_the_usual_profile_runs_on_one_that_lives_longer():
    (attempt,) = simulate(scenario(units_of(90), [[0]])).attempts
    assert attempt.order.profile == "large"


def test_units_that_wait_for_other_shards_begin_after_the_barrier():
    units = (*units_of(4, 3), replace(units_of(2)[0], id="c", depends_on=("a",)))
    done = simulate(scenario(units, [[0], [1, 2]]))
    assert spans(done) == [
        ("s1-r1-0001", 0.0, 5.0),
        ("s1-r1-0000", 0.0, 6.0),
        ("s2-r1-0000", 6.0, 8.5),
    ]


def test_units_that_wait_inside_of_their_shard_need_no_barrier():
    first, second = units_of(4, 3)
    done = simulate(scenario((replace(first, depends_on=("b",)), second), [[0, 1]]))
    assert done.stages == 1
    assert done.attempts[0].order.units == (1, 0)


def test_shards_that_wait_for_each_other_end_all_the_same_on_one_worker():
    a, b, c, d = units_of(1, 1, 1, 1)
    units = (a, replace(b, depends_on=("d",)), c, replace(d, depends_on=("a",)))
    done = simulate(scenario(units, [[1, 0], [3, 2]], workers=1))
    assert done.stages == 3
    assert max(done.finished_s) < math.inf


def test_what_depends_on_a_lost_unit_never_runs():
    units = (*units_of(4), replace(units_of(1)[0], id="b", depends_on=("a",)))
    case = scenario(units, [[0], [1]], faults=1.0)
    done = simulate(case)
    assert {at for each in done.attempts for at in each.order.units} == {0}
    assert measure(case, done, 5.0).lost_units == 2


def test_a_cycle_is_refused_by_its_names():
    units = tuple(
        replace(each, depends_on=(other,)) for each, other in zip(units_of(1, 1), "ba", strict=True)
    )
    with pytest.raises(UsageError, match=r"(a -> b|b -> a)"):
        simulate(scenario(units, [[0], [1]]))


def test_a_unit_that_needs_more_memory_takes_its_shard_to_another_profile():
    (attempt,) = simulate(scenario(units_of(1, 1, memory_mb=3000.0), [[0, 1]])).attempts
    assert attempt.order.profile == "large"


def test_a_shard_whose_units_no_profile_has_all_for_is_split():
    small = SMALL.model_copy(update={"webgpu": True})
    needs = (frozenset({"webgpu"}), frozenset({"docker"}))
    units = [replace(unit, requires=need) for unit, need in zip(units_of(1, 1), needs, strict=True)]
    done = simulate(scenario(units, [[0, 1]], place=place_of(small=small)))
    assert {each.order.profile: each.order.units for each in done.attempts} == {
        "small": (0,),
        "large": (1,),
    }


def test_units_of_one_shard_on_two_profiles_still_wait_for_each_other():
    small = SMALL.model_copy(update={"webgpu": True})
    first, second = units_of(4, 3)
    units = [
        replace(first, requires=frozenset({"docker"})),
        replace(second, requires=frozenset({"webgpu"}), depends_on=("a",)),
    ]
    done = simulate(scenario(units, [[0, 1]], place=place_of(small=small)))
    assert [each.order.profile for each in done.attempts] == ["large", "small"]
    assert done.attempts[1].start_s == done.attempts[0].end_s


def test_a_requirement_that_no_profile_has_names_the_nearest_and_what_it_lacks():
    units = units_of(1, requires=frozenset({"docker", "gpu>=1"}))
    with pytest.raises(UsageError, match=r"'a'.*nearest is `large`, which lacks gpu>=1"):
        simulate(scenario(units, [[0]]))


def test_spot_keeps_what_was_done_before_the_warning():
    spot = LARGE.model_copy(update={"spot": True})
    limits = replace(CALM, spot_interruptions_per_h=120.0, spot_warning_s=120.0)
    case = scenario(
        units_of(*[5.0] * 20), [list(range(20))], place=place_of(small=spot), limits=limits
    )
    first = simulate(case).attempts[0]
    assert first.ending is Ending.INTERRUPTED
    assert first.done == int((first.end_s - 30) / 5)


def test_map_children_start_at_their_rate():
    limits = replace(CALM, map_starts_per_s=1.0)
    done = simulate(scenario(units_of(9, 9, 9), [[0], [1], [2]], limits=limits))
    assert [each.start_s for each in done.attempts] == [0.0, 1.0, 2.0]


def test_no_more_children_than_the_map_has_at_once():
    limits = replace(CALM, map_concurrency=2.0)
    done = simulate(scenario(units_of(1, 1, 1), [[0], [1], [2]], limits=limits))
    assert [each.start_s for each in done.attempts] == [0.0, 0.0, 3.0]


def test_lambda_gives_1000_environments_at_once_and_1000_more_in_ten_seconds():
    limits = replace(published_limits(), map_starts_per_s=math.inf, lambda_concurrency=math.inf)
    case = scenario(units_of(*[60.0] * 1500), [[at] for at in range(1500)], limits=limits)
    starts = sorted(each.start_s for each in simulate(case).attempts)
    assert sum(start == 0.0 for start in starts) == 1000
    assert all(count <= 1000 + 100 * start + 1e-6 for count, start in enumerate(starts, start=1))
    assert len(starts) == 1500


def test_calls_above_the_account_concurrency_are_throttled_until_given_up():
    limits = replace(CALM, lambda_concurrency=2.0)
    place = place_of(max_rounds=1, small=SMALL.model_copy(update={"time_limit_s": 5000}))
    units = units_of(*[1000.0] * 3)
    done = simulate(scenario(units, [[0], [1], [2]], limits=limits, place=place))
    assert (len(done.attempts), done.refused) == (2, 1)
    assert done.throttled_calls == LAMBDA_RETRY.attempts + 1


def test_fargate_launches_tasks_at_their_rate():
    limits = replace(CALM, run_task_burst=20.0, run_task_per_s=20.0)
    place = place_of(small=LARGE)
    case = scenario(units_of(*[60.0] * 60), [[at] for at in range(60)], limits=limits, place=place)
    starts = sorted(each.start_s for each in simulate(case).attempts)
    assert sum(start == 0.0 for start in starts) == 20
    assert all(count <= 20 + 20 * start + 1e-6 for count, start in enumerate(starts, start=1))


@pytest.mark.parametrize(
    ("state", "retry"), [("RunOnLambda", LAMBDA_RETRY), ("RunOnFargate", FARGATE_RETRY)]
)
def test_throttled_calls_are_repeated_as_the_state_machine_repeats_them(state, retry):
    shard = load("run-tests")["States"]["RunShards"]["ItemProcessor"]["States"][state]
    rule = shard["Retry"][0]
    assert any("Throttling" in error or "TooMany" in error for error in rule["ErrorEquals"])
    assert rule["JitterStrategy"] == "FULL"
    assert (
        rule["IntervalSeconds"],
        rule["BackoffRate"],
        rule["MaxAttempts"],
        rule["MaxDelaySeconds"],
    ) == (retry.interval_s, retry.backoff, retry.attempts, retry.max_delay_s)


def test_every_limit_has_a_source_and_says_whether_it_was_verified():
    for name, limit in read_limits().items():
        assert limit.value > 0, name
        assert limit.unit
        assert len(limit.source) > 10
    assert not read_limits()["spot_interruptions_per_h"].verified


def test_the_limits_are_data_of_the_package():
    assert (ROOT / "testfleet" / "planning" / "simulation" / "limits.toml").is_file()


def test_the_same_seed_gives_the_same_run_and_another_seed_another():
    units = units_of(*[3.0] * 20)
    shards = [[at, at + 1] for at in range(0, 20, 2)]
    runs = [simulate(scenario(units, shards, faults=0.4, seed=seed)) for seed in (1, 1, 2)]
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]


def test_more_faults_lose_the_same_shards_and_more():
    units = units_of(*[3.0] * 20)
    shards = [[at] for at in range(20)]

    def lost(faults):
        done = simulate(scenario(units, shards, faults=faults, place=place_of(max_rounds=1)))
        return {each.order.id for each in done.attempts if each.ending is Ending.LOST}

    assert lost(0.2) < lost(0.6)


@st.composite
def scenarios(draw):
    seconds = draw(st.lists(st.floats(0.01, 120), min_size=1, max_size=25))
    count = draw(st.integers(1, 8))
    shards = [[] for _ in range(count)]
    units = list(units_of(*seconds))
    for at in range(len(units)):
        shards[draw(st.integers(0, count - 1))].append(at)
        requires = draw(st.sampled_from([frozenset(), frozenset(), frozenset({"docker"})]))
        before = (units[draw(st.integers(0, at - 1))].id,) if at and draw(st.booleans()) else ()
        units[at] = replace(units[at], requires=requires, depends_on=before)
    limits = replace(
        published_limits(),
        map_starts_per_s=draw(st.sampled_from([0.5, 100.0])),
        lambda_concurrency=draw(st.sampled_from([2.0, 1000.0])),
    )
    return scenario(
        units,
        shards,
        workers=draw(st.integers(1, 10)),
        limits=limits,
        faults=draw(st.sampled_from([0.0, 0.2, 0.7])),
        seed=draw(st.integers(0, 3)),
    )


@settings(max_examples=150, deadline=None)
@given(scenarios())
def test_whatever_happens_each_unit_is_done_once_or_lost_and_no_worker_does_two_things(case):
    done = simulate(case)
    counted = Counter(at for each in done.attempts for at in each.order.units[: each.done])
    finished = {at for at, end_s in enumerate(done.finished_s) if end_s < math.inf}
    assert counted == Counter(finished)
    for worker in {each.worker for each in done.attempts}:
        mine = sorted((each.start_s, each.end_s) for each in done.attempts if each.worker == worker)
        assert all(before[1] <= after[0] for before, after in pairwise(mine))
    for each in done.attempts:
        alive = [o for o in done.attempts if o.start_s <= each.start_s < o.end_s]
        assert len(alive) <= case.job.workers


@settings(max_examples=150, deadline=None)
@given(scenarios())
def test_no_schedule_beats_the_bound_or_breaks_an_order(case):
    done = simulate(case)
    position = {unit.id: at for at, unit in enumerate(case.job.units)}
    for at, unit in enumerate(case.job.units):
        for before in unit.depends_on:
            start_s = done.finished_s[at] - unit.duration_s
            assert start_s == math.inf or done.finished_s[position[before]] <= start_s + 1e-6
    if max(done.finished_s) < math.inf:
        plan_s = plan_makespan_s(case)
        found = measure(case, done, plan_s)
        assert found.lower_bound_s <= plan_s + 1e-6
        assert found.lower_bound_s <= done.makespan_s + 1e-6
