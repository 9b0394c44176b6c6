from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from testfleet.contracts.history import UnitHistory
from testfleet.contracts.placement import PastShard, PlacementState
from testfleet.contracts.plan import Compute, Plan
from testfleet.contracts.run import Objectives
from testfleet.errors import NothingToRunError, UsageError
from testfleet.planning.discovery.framework import Discovery
from testfleet.planning.placement.place import Place
from testfleet.planning.placement.score import Experience
from testfleet.planning.sharding.outliving import rehoused
from testfleet.planning.sharding.plan import PlanInput, make_plan
from testfleet.planning.sharding.portions import Grouping
from testfleet.planning.strategies import OWN_STRATEGIES
from testfleet.planning.work import Traits, WorkUnit
from tests.planning_samples import make_discovery, make_history, make_place, make_units


def plan_of(seconds: list[float], place: Place | None = None, shards: int | None = None) -> Plan:
    """A plan of units with known durations."""
    found = make_discovery(len(seconds))
    history = make_history({unit.id: s for unit, s in zip(found.units, seconds, strict=True)})
    wanted = "auto" if shards is None else shards
    return make_plan(PlanInput("default", found, history, place or make_place(), wanted))


def cold_plan(count: int, place: Place, tests: int = 5) -> Plan:
    return make_plan(PlanInput("default", make_discovery(count, tests), {}, place))


def test_known_durations_give_one_shard_a_worker() -> None:
    plan = plan_of([4.0, 3.0, 2.0, 1.0], make_place(2))
    assert [shard.predicted_s for shard in plan.shards] == [5.0, 5.0]
    assert (plan.predicted_s, plan.lower_bound_s) == (5.0, 5.0)


def test_shards_are_named_in_order_longest_first_and_the_last_takes_the_rest() -> None:
    plan = plan_of([9.0, 2.0, 1.0])
    assert [shard.id for shard in plan.shards] == ["r1-0000", "r1-0001"]
    assert [shard.takes_rest for shard in plan.shards] == [False, True]
    assert plan.shards[0].predicted_s == 9.0


def test_a_given_number_that_would_outlive_its_workers_is_raised_and_it_is_said() -> None:
    plan = plan_of([600.0] * 10, shards=2)
    assert max(shard.predicted_s for shard in plan.shards) <= 672
    assert "10 shards instead of 2: a worker may hold 672 s of tests" in plan.reasons


def test_a_shard_that_no_count_tears_apart_goes_to_the_fallback_that_holds_it() -> None:
    works = [[WorkUnit("a", 600.0), WorkUnit("b", 600.0)], [WorkUnit("c", 1.0)]]
    profiles, reasons = rehoused(works, ["local", "local"], make_place(fallback=True))
    assert profiles == ["large", "local"]
    assert reasons == [
        "1 shard of up to 1200 s, more than the 672 s that a worker of `local` may hold: on `large`"
    ]


def test_units_with_a_shard_each_are_no_silent_addition_to_the_number_asked_for() -> None:
    plan = plan_of([5000.0, 1.0, 1.0, 1.0], make_place(fallback=True), shards=2)
    assert len(plan.shards) == 3
    assert (
        "3 shards planned, 2 asked for: units run on profiles of their own, 1 of them a shard each"
        in plan.reasons
    )
    assert not any("as asked for" in reason for reason in plan.reasons)


def test_a_shard_that_nothing_holds_stays_and_is_told() -> None:
    profiles, reasons = rehoused([[WorkUnit("a", 9000.0)]], ["local"], make_place(fallback=True))
    assert profiles == ["local"]
    assert "no fallback holds them" in reasons[0]


def test_units_of_a_shard_keep_the_order_of_collection() -> None:
    plan = plan_of([1.0, 5.0, 1.0, 5.0], make_place(1))
    assert [unit.id for unit in plan.shards[0].units] == [unit.id for unit in make_units(4)]


def test_units_that_must_meet_meet_in_one_shard_in_the_order_of_collection() -> None:
    units = make_units(6)
    pair = (units[0].id, units[4].id)
    found = Discovery(units, together=(pair,))
    plan = make_plan(PlanInput("default", found, {}, make_place(), 6))
    assert len(plan.shards) == 5
    assert pair in [tuple(unit.id for unit in shard.units) for shard in plan.shards]


@pytest.mark.parametrize(
    ("seconds", "workers", "startup_s", "count"),
    [
        ([0.2, 0.2], 2, 0.6, 1),  # too short to start a second worker for
        ([0.8, 0.8], 2, 3.0, 2),  # worth it for the waiting person
        ([5.0], 2, 0.6, 1),  # a single unit cannot be split
        ([1.0] * 30, 20, 3.0, 10),  # ten shards of 3 s, not twenty of 1.5 s
        ([10.0] * 30, 20, 3.0, 20),
        ([60.0] + [1.0] * 40, 20, 3.0, 2),  # the long unit sets the pace
    ],
)
def test_a_shard_must_be_worth_its_start(
    seconds: list[float], workers: int, startup_s: float, count: int
) -> None:
    assert len(plan_of(seconds, make_place(workers, startup_s=startup_s)).shards) == count


def test_a_first_run_has_several_shards_a_worker_that_get_shorter() -> None:
    plan = cold_plan(200, make_place(2))
    lengths = [shard.predicted_s for shard in plan.shards]
    assert len(lengths) == 8
    assert lengths[0] > 3 * lengths[-1]


def test_a_short_first_run_is_not_cut_into_starts() -> None:
    assert len(cold_plan(8, make_place(2)).shards) == 2


def test_a_few_new_units_do_not_make_a_run_unknown() -> None:
    found = make_discovery(40)
    history = make_history({unit.id: 2.0 for unit in found.units[:38]})
    plan = make_plan(PlanInput("default", found, history, make_place()))
    assert len(plan.shards) == 2
    assert "history knows 38 of 40 units" in plan.reasons


def test_the_user_may_say_how_many_shards() -> None:
    assert len(plan_of([1.0] * 10, shards=5).shards) == 5
    plan = plan_of([1.0] * 3, shards=5)
    assert len(plan.shards) == 3
    assert "3 shards instead of 5: no more units" in plan.reasons


def test_the_fleets_limit_holds_whatever_the_user_says() -> None:
    plan = plan_of([1.0] * 100, shards=99)
    assert len(plan.shards) == 64
    assert "64 shards instead of 99: no more shards allowed by the fleet" in plan.reasons


def test_a_file_longer_than_all_others_is_cut_where_history_knows_its_parts() -> None:
    seconds = {f"tests/test_{at:03}.py": 1.0 for at in range(6)} | {"tests/test_000.py": 30.0}
    history = make_history(seconds)
    scopes = (("TestA", 10.0), ("TestB", 10.0), ("TestC", 10.0))
    history["tests/test_000.py"] = history["tests/test_000.py"].model_copy(
        update={"scopes": scopes}
    )
    plan = make_plan(PlanInput("default", make_discovery(6), history, make_place(2)))
    assert plan.splits == {"tests/test_000.py": (("TestC",),)}
    assert plan.lower_bound_s == 20.0
    units = {unit.id for shard in plan.shards for unit in shard.units}
    assert {"tests/test_000.py::[1/2]", "tests/test_000.py::[2/2]"} < units


def test_no_shard_outlives_its_worker() -> None:
    plan = plan_of([300.0] * 20, make_place(2))
    assert all(shard.predicted_s <= 840 for shard in plan.shards)


def test_a_unit_too_long_for_the_usual_worker_runs_on_the_fallback() -> None:
    plan = plan_of([2000.0, 10.0, 10.0], make_place(fallback=True))
    long = plan.shards[0]
    assert (long.profile, long.compute, len(long.units)) == ("large", Compute.FARGATE, 1)
    assert {shard.profile for shard in plan.shards[1:]} == {"local"}
    assert any("`large`, a shard each" in reason for reason in plan.reasons)


def test_only_units_too_long_for_the_usual_worker_leave_no_shard_for_it() -> None:
    plan = plan_of([2000.0], make_place(fallback=True))
    assert [shard.profile for shard in plan.shards] == ["large"]


def test_nothing_found_and_nothing_open_is_nothing_to_run() -> None:
    found = Discovery((), notes=("looked for test files in tests",))
    with pytest.raises(NothingToRunError, match=r"no tests in suite 'x': looked for .* in tests"):
        make_plan(PlanInput("x", found, {}, make_place()))


def test_where_plugins_may_collect_an_empty_shard_takes_the_rest() -> None:
    plan = make_plan(PlanInput("x", Discovery((), open_ended=True), {}, make_place()))
    [shard] = plan.shards
    assert (shard.units, shard.takes_rest) == ((), True)


def test_an_unknown_profile_is_told_beside_the_known_ones() -> None:
    place = make_place()
    with pytest.raises(
        UsageError, match="no worker profile 'gpu': this environment has large, local"
    ):
        Place(place.fleet, place.profiles, "gpu")


@given(
    st.lists(st.floats(0.001, 2000.0) | st.none(), min_size=1, max_size=50),
    st.integers(1, 30),
    st.integers(1, 80) | st.just("auto"),
)
def test_every_plan_holds_each_unit_once_and_one_shard_takes_the_rest(
    seconds: list[float | None], workers: int, shards: int
) -> None:
    found = make_discovery(len(seconds))
    past = {unit.id: s for unit, s in zip(found.units, seconds, strict=True) if s is not None}
    place = make_place(workers, fallback=workers % 2 == 0)
    request = PlanInput("default", found, make_history(past), place, shards)
    plan = make_plan(request)
    units = [unit.id for shard in plan.shards for unit in shard.units]
    assert sorted(units) == [unit.id for unit in found.units]
    assert all(shard.units for shard in plan.shards)
    assert [shard.takes_rest for shard in plan.shards].count(True) == 1
    assert plan.predicted_s >= plan.lower_bound_s * (1 - 1e-9)
    assert plan == make_plan(request)


def plan_with(seconds: list[float], grouping: Grouping, place: Place | None = None) -> Plan:
    """A plan of units with known durations under objectives."""
    found = make_discovery(len(seconds))
    history = make_history({unit.id: s for unit, s in zip(found.units, seconds, strict=True)})
    where = place or make_place(startup_s=0.5)
    return make_plan(PlanInput("default", found, history, where, grouping=grouping))


def test_the_strategy_decides_about_the_order_inside_a_shard() -> None:
    traits = {f"tests/test_{at:03}.py": Traits(priority=float(at)) for at in range(6)}
    grouping = Grouping(Objectives(strategy="priority"), traits=traits)
    plan = plan_with([2.0] * 6, grouping)
    firsts = [shard.units[0].id for shard in plan.shards]
    assert sorted(firsts) == ["tests/test_004.py", "tests/test_005.py"]
    assert plan.strategy == "priority"
    assert "priority: highest priority first, 6 different ones" in plan.reasons


def test_a_deadline_decides_about_the_number_of_shards() -> None:
    place = make_place(20, startup_s=0.5)
    plan = plan_with([1.0] * 40, Grouping(Objectives(deadline_s=12.0)), place)
    assert 4 <= len(plan.shards) <= 6  # four shards of ten units each, and a margin
    assert any("shards, the fewest for 12 s" in reason for reason in plan.reasons)


def test_a_deadline_before_the_longest_unit_ends_is_refused_with_the_soonest_end() -> None:
    with pytest.raises(
        UsageError, match=r"deadline of 5 s .* tests/test_000.py; the soonest .* after 60.5 s"
    ):
        plan_with([60.0, 1.0], Grouping(Objectives(deadline_s=5.0)))


def test_a_guess_cannot_make_a_deadline_impossible() -> None:
    found = make_discovery(3, tests=100_000)
    grouping = Grouping(Objectives(deadline_s=1.0))
    plan = make_plan(PlanInput("default", found, {}, make_place(), grouping=grouping))
    assert any("the deadline of 1 s will be missed" in reason for reason in plan.reasons)


def test_a_budget_decides_about_the_number_of_shards_and_the_plan_has_its_price() -> None:
    known = Experience(lambda _, seconds: seconds * 0.001)
    grouping = Grouping(Objectives(max_usd=0.042), known)
    plan = plan_with([1.0] * 40, grouping, make_place(20, startup_s=0.5))
    assert len(plan.shards) == 4
    assert plan.predicted_usd == pytest.approx(0.042)
    assert plan_with([1.0], Grouping()).predicted_usd is None


def test_measured_starts_count_instead_of_configured_ones() -> None:
    place = make_place(20, startup_s=3.0)
    assert len(plan_with([1.0] * 30, Grouping(startup_s=0.5), place).shards) == 20
    assert len(plan_with([1.0] * 30, Grouping(), place).shards) == 10


def test_units_that_require_more_get_shards_on_a_profile_that_has_it() -> None:
    place = make_place(4, startup_s=0.1)
    place.profiles["large"] = place.profiles["large"].model_copy(update={"docker": True})
    traits = {"tests/test_000.py": Traits(requires=frozenset({"docker"}))}
    known = Experience(lambda _, seconds: seconds)
    plan = plan_with([5.0] * 4, Grouping(known=known, traits=traits), place)
    on_large = [shard for shard in plan.shards if shard.profile == "large"]
    assert [unit.id for shard in on_large for unit in shard.units] == ["tests/test_000.py"]
    assert {shard.profile for shard in plan.shards} == {"local", "large"}


def test_an_unknown_strategy_is_told_beside_the_known_ones() -> None:
    with pytest.raises(UsageError, match="no strategy 'fastest': there are balanced, deadline,"):
        plan_with([1.0], Grouping(Objectives(strategy="fastest")))


def test_a_file_is_not_cut_again_where_that_did_harm() -> None:
    history = make_history({f"tests/test_{at:03}.py": 1.0 for at in range(6)})
    history["tests/test_000.py"] = history["tests/test_000.py"].model_copy(
        update={"duration_s": 30.0, "scopes": (("A", 15.0), ("B", 15.0)), "bound": ("B",)}
    )
    assert make_plan(PlanInput("default", make_discovery(6), history, make_place(2))).splits == {}


def test_what_past_shards_took_beside_their_tests_counts_against_a_deadline() -> None:
    taught = PastShard(predicted_s=10.0, units=5, took_s=20.0, beside_s=10.0)
    known = Experience(lambda _, seconds: seconds, PlacementState(past=(taught,) * 50))
    deadline = Objectives(deadline_s=30.0)
    place = make_place(20, startup_s=0.5)
    taught_plan = plan_with([1.0] * 60, Grouping(deadline, known), place)
    untaught = plan_with([1.0] * 60, Grouping(deadline), place)
    assert len(taught_plan.shards) > len(untaught.shards)


def test_past_shards_reach_the_strategy_that_learns() -> None:
    taught = (PastShard(predicted_s=10.0, units=5, took_s=20.0),) * 20
    known = Experience(lambda _, seconds: seconds, PlacementState(past=taught))
    plan = plan_with([1.0] * 6, Grouping(Objectives(strategy="learned"), known))
    assert any("learned: past shards took" in reason for reason in plan.reasons)


@pytest.mark.parametrize("is_bound", [True, False])
def test_no_strategy_moves_code_that_is_not_trusted_to_another_profile(is_bound: bool) -> None:
    place = make_place()
    place.profiles["large"] = place.profiles["large"].model_copy(update={"memory_mb": 8192})
    place = replace(place, is_bound=is_bound)
    found = make_discovery(2)
    history = make_history({unit.id: 1.0 for unit in found.units})
    history[found.units[0].id] = UnitHistory(duration_s=1.0, tests=5, runs=1, memory_mb=900)
    grouping = Grouping(Objectives(strategy="resource-aware"))
    plan = make_plan(PlanInput("default", found, history, place, 2, grouping=grouping))
    profiles = {shard.profile for shard in plan.shards}
    assert profiles == ({"local"} if is_bound else {"local", "large"})


def test_where_workers_need_several_shards_all_get_the_same_number() -> None:
    plan = plan_of([10.0] * 300, make_place(3))
    assert len(plan.shards) == 6  # 1000 s a worker, of which 672 s are usable at a time
    assert plan.predicted_s == plan.lower_bound_s


@pytest.mark.parametrize("strategy", sorted(OWN_STRATEGIES))
@settings(max_examples=20)
@given(
    seconds=st.lists(st.floats(0.001, 2000.0), min_size=1, max_size=30),
    deadline_s=st.none() | st.floats(2001.0, 9000.0),
    max_usd=st.none() | st.floats(0.001, 100.0),
    shards=st.integers(1, 40) | st.just("auto"),
)
def test_every_strategy_plans_each_unit_once_under_any_limits(
    strategy: str,
    seconds: list[float],
    deadline_s: float | None,
    max_usd: float | None,
    shards: int,
) -> None:
    found = make_discovery(len(seconds))
    history = make_history({u.id: s for u, s in zip(found.units, seconds, strict=True)})
    objectives = Objectives(strategy=strategy, deadline_s=deadline_s, max_usd=max_usd)
    grouping = Grouping(objectives, Experience(lambda _, charged_s: charged_s * 0.001))
    place = make_place(4, fallback=True)
    request = PlanInput("default", found, history, place, shards, grouping=grouping)
    plan = make_plan(request)
    units = [unit.id for shard in plan.shards for unit in shard.units]
    assert sorted(units) == [unit.id for unit in found.units]
    assert all(shard.units for shard in plan.shards)
    assert plan == make_plan(request)
