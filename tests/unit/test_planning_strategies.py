import math
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from testfleet.contracts.placement import PastShard
from testfleet.contracts.result import UnitStatus
from testfleet.errors import UsageError
from testfleet.planning.sharding.past_shards import past_shards
from testfleet.planning.strategies import strategy_named, strategy_names
from testfleet.planning.strategies.checks import assign
from testfleet.planning.strategies.learned import learn
from testfleet.planning.work import Assignment, Job, WorkUnit
from tests.planning_samples import make_place, make_result, make_shard, make_test

NAMES = [name for name in strategy_names() if name != "third"]
PROFILES = {
    "local": make_place().profiles["local"],
    "docker": make_place().profiles["large"].model_copy(update={"docker": True}),
}


def make_job(units: Sequence[WorkUnit], shards: int = 2) -> Job:
    return Job(units, (1.0,) * shards, shards, "local", PROFILES, overhead_s=0.6)


def past_shard(predicted_s: float, units: int, took_s: float, beside_s: float = 0.0) -> PastShard:
    return PastShard(predicted_s=predicted_s, units=units, took_s=took_s, beside_s=beside_s)


def ids(job: Job, shard: Sequence[int]) -> list[str]:
    return [job.units[at].id for at in shard]


def longest(job: Job, answer: Assignment) -> float:
    return max(sum(job.units[at].duration_s for at in shard) for shard in answer.shards)


@st.composite
def jobs(draw: st.DrawFn) -> Job:
    """Jobs with everything that a unit can have. Dependencies point backwards in a hidden order."""
    count = draw(st.integers(0, 25))
    place = draw(st.permutations(range(count)))
    units = []
    for at in range(count):
        before = [f"u{other}" for other in range(count) if place[other] < place[at]]
        some = st.lists(st.sampled_from([*before, "gone"]), max_size=2).map(tuple)
        units.append(
            WorkUnit(
                f"u{at}",
                draw(st.floats(0.001, 100.0)),
                memory_mb=draw(st.sampled_from([0.0, 100.0, 500.0])),
                requires=draw(st.sampled_from([frozenset(), frozenset({"docker"})])),
                depends_on=draw(some),
                together=draw(st.sampled_from([None, None, "a", "b"])),
                priority=draw(st.sampled_from([0.0, 1.0, -2.5])),
                owner=draw(st.sampled_from(["", "web", "api"])),
                kind=draw(st.sampled_from(["", "unit", "smoke", "browser"])),
                deadline_s=draw(st.sampled_from([None, 5.0, 60.0])),
                known=draw(st.booleans()),
            )
        )
    shards = draw(st.integers(1, 6))
    weights = draw(st.lists(st.sampled_from([1.0, 0.5]), min_size=shards, max_size=shards))
    deadline_s = draw(st.sampled_from([None, 30.0]))
    past = [past_shard(10.0, at, 10.0 + at) for at in range(1, draw(st.sampled_from([1, 30])))]
    job = make_job(units, shards)
    return replace(job, weights=tuple(weights), deadline_s=deadline_s, past=past)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=40)
@given(job=jobs())
def test_each_unit_is_once_in_a_shard_bundles_whole_and_after_what_it_depends_on(
    name: str, job: Job
) -> None:
    answer = assign(strategy_named(name), job)  # raises for whatever is broken
    assert sorted(at for shard in answer.shards for at in shard) == list(range(len(job.units)))
    assert answer.reasons
    assert answer == assign(strategy_named(name), job)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=20)
@given(job=jobs())
def test_workers_that_run_shards_in_order_never_wait_for_each_other_in_a_circle(
    name: str, job: Job
) -> None:
    answer = assign(strategy_named(name), job)
    waiting = [[job.units[at] for at in shard] for shard in answer.shards]
    here = {unit.id for unit in job.units}
    passed: set[str] = set()
    while any(waiting):
        ready = [
            queue
            for queue in waiting
            if queue and all(dep in passed or dep not in here for dep in queue[0].depends_on)
        ]
        assert ready
        passed.update(queue.pop(0).id for queue in ready)


@settings(max_examples=60)
@given(job=jobs())
def test_no_shard_holds_what_its_profile_cannot_run(job: Job) -> None:
    answer = assign(strategy_named("resource-aware"), job)
    for shard, profile in zip(answer.shards, answer.profiles, strict=True):
        for at in shard:
            assert not job.units[at].requires or PROFILES[profile].docker
            assert job.units[at].memory_mb <= PROFILES[profile].memory_mb - 256


@pytest.mark.parametrize("name", ["balanced", "hybrid", "learned", "priority", "resource-aware"])
@given(
    durations=st.lists(st.floats(0.01, 100.0), min_size=1, max_size=30),
    shards=st.integers(1, 6),
    chance=st.randoms(),
)
@settings(max_examples=40)
def test_the_order_of_the_units_does_not_change_how_long_the_longest_shard_is(
    name: str, durations: list[float], shards: int, chance: object
) -> None:
    units = [WorkUnit(f"u{at}", seconds) for at, seconds in enumerate(durations)]
    other = chance.sample(units, len(units))  # type: ignore[attr-defined]
    found = [
        longest(job, assign(strategy_named(name), job))
        for job in (make_job(units, shards), make_job(other, shards))
    ]
    assert found[0] == pytest.approx(found[1], rel=1e-9)


UNIT = WorkUnit("a", 1.0)


@pytest.mark.parametrize(
    ("job", "message"),
    [
        (make_job([WorkUnit("a", math.nan)]), "unit 'a' has duration_s = nan: it must be positive"),
        (make_job([WorkUnit("a", math.inf)]), "duration_s = inf"),
        (make_job([WorkUnit("a", -1.0)]), "duration_s = -1.0"),
        (make_job([WorkUnit("a", 0.0)]), "duration_s = 0.0"),
        (make_job([UNIT, UNIT]), "unit 'a' is in the job twice"),
        (make_job([], 0), "at least one worker, received 0"),
        (replace(make_job([UNIT]), weights=()), "weights must be positive and finite"),
        (replace(make_job([UNIT]), weights=(1.0, math.nan)), "weights must be positive and finite"),
        (replace(make_job([UNIT]), deadline_s=0.0), "deadline_s must be positive .* received 0.0"),
        (replace(make_job([UNIT]), max_usd=math.nan), "max_usd must be positive"),
        (
            make_job([replace(UNIT, depends_on=("b",)), WorkUnit("b", 1.0, depends_on=("a",))]),
            "units wait for each other: a -> b -> a",
        ),
        (make_job([replace(UNIT, depends_on=("a",))]), "units wait for each other: a -> a"),
    ],
)
@pytest.mark.parametrize("name", ["balanced", "simple", "deadline", "hybrid"])
def test_what_cannot_be_planned_is_refused_with_what_was_received(
    name: str, job: Job, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        assign(strategy_named(name), job)


def test_a_requirement_that_no_profile_meets_names_the_nearest_one() -> None:
    job = make_job([WorkUnit("a", 1.0, requires=frozenset({"docker", "webgpu"}))])
    with pytest.raises(UsageError, match="requires docker, webgpu: the nearest, 'docker', lacks w"):
        assign(strategy_named("resource-aware"), job)


def test_a_unit_that_outgrows_its_profile_goes_to_one_with_room_or_the_largest() -> None:
    large = PROFILES["local"].model_copy(update={"memory_mb": 4096})
    job = replace(
        make_job([WorkUnit("a", 1.0), WorkUnit("b", 1.0, memory_mb=900)]),
        profiles={**PROFILES, "large": large},
    )
    assert set(assign(strategy_named("resource-aware"), job).profiles) == {"local", "large"}
    job = replace(job, units=[WorkUnit("c", 1.0, memory_mb=9000)])
    assert set(assign(strategy_named("resource-aware"), job).profiles) == {"large"}


def test_units_with_needs_go_to_workers_that_have_it_all_others_to_the_usual_one() -> None:
    docker = frozenset({"docker"})
    units = [WorkUnit(f"u{at}", 1.0, requires=docker if at < 4 else frozenset()) for at in range(8)]
    answer = assign(strategy_named("resource-aware"), make_job(units, 4))
    assert sorted(answer.profiles) == ["docker", "docker", "local", "local"]
    assert answer.reasons == ("2 shards on `docker`", "2 shards on `local`")


def test_hungry_units_are_kept_apart() -> None:
    units = [WorkUnit(f"u{at}", 0.1, memory_mb=600) for at in range(2)]
    units += [WorkUnit(f"v{at}", 1.0) for at in range(20)]
    job = make_job(units)
    answer = assign(strategy_named("resource-aware"), job)
    assert [sum("u" in name for name in ids(job, shard)) for shard in answer.shards] == [1, 1]


def test_the_highest_priority_starts_first_on_every_worker() -> None:
    units = [WorkUnit(f"u{at}", 1.0 + at, priority=float(at % 5)) for at in range(10)]
    job = make_job(units)
    answer = assign(strategy_named("priority"), job)
    assert [ids(job, shard)[0] for shard in answer.shards] == ["u9", "u4"]
    for shard in answer.shards:
        priorities = [units[at].priority for at in shard]
        assert priorities == sorted(priorities, reverse=True)


def test_an_owner_with_few_units_does_not_wait_for_one_with_many() -> None:
    units = [WorkUnit(f"many{at}", 1.0, owner="many") for at in range(50)]
    units += [WorkUnit(f"few{at}", 1.0, owner="few") for at in range(5)]
    job = replace(make_job(units, 1), shares={"few": 1.0})
    [shard] = assign(strategy_named("fair-share"), job).shards
    assert max(ids(job, shard).index(f"few{at}") for at in range(5)) <= 10


@given(st.floats(0.2, 5.0))
def test_owners_are_served_by_their_shares_within_a_unit_of_each(share: float) -> None:
    units = [WorkUnit(f"{who}{at}", 1.0, owner=who) for who in "ab" for at in range(30)]
    job = replace(make_job(units, 1), shares={"a": share})
    [shard] = assign(strategy_named("fair-share"), job).shards
    served = {"a": 0, "b": 0}
    for at in shard:
        served[units[at].owner] += 1
        if max(served.values()) < 30:
            assert abs(served["a"] / share - served["b"]) <= 1 / share + 1


@pytest.mark.parametrize("share", [0.0, -1.0, math.nan, math.inf])
def test_a_share_must_be_positive(share: float) -> None:
    job = replace(make_job([replace(UNIT, owner="a")]), shares={"a": share})
    with pytest.raises(UsageError, match=f"the share of owner 'a' is {share}"):
        assign(strategy_named("fair-share"), job)


def test_the_earliest_deadline_runs_first() -> None:
    units = [WorkUnit(f"u{at}", 1.0, deadline_s=20.0 - at) for at in range(8)]
    job = make_job(units)
    answer = assign(strategy_named("deadline"), job)
    for shard in answer.shards:
        assert list(shard) == sorted(shard, reverse=True)
    assert answer.reasons == ("chance to meet every deadline: 100%",)


def test_what_cannot_be_in_time_runs_last_lowest_priority_last_and_is_named() -> None:
    units = [WorkUnit(f"u{at}", 10.0, priority=float(at)) for at in range(6)]
    job = replace(make_job(units, 1), deadline_s=35.0, overhead_s=0.0)
    answer = assign(strategy_named("deadline"), job)
    assert ids(job, answer.shards[0]) == ["u5", "u4", "u3", "u2", "u1", "u0"]
    assert answer.reasons == (
        "chance to meet the deadline of 35 s: 0%",
        "late, not dropped: u2, u1, u0; the last unit ends after 60.0 s",
        "3 run after all others, those of the lowest priority last",
    )


def test_the_chance_to_meet_a_deadline_is_that_of_the_normal_distribution() -> None:
    # 80 % of a normal distribution lie within 1.2816 standard deviations of its mean.
    unit = WorkUnit("a", 10.0, low_s=10 - 1.2816, high_s=10 + 1.2816)
    job = replace(make_job([unit], 1), deadline_s=11.0, overhead_s=0.0)
    answer = assign(strategy_named("deadline"), job)
    assert answer.reasons == ("chance to meet the deadline of 11 s: 84%",)


def test_dependent_units_share_a_shard_while_that_is_no_longer_than_others() -> None:
    units = [
        WorkUnit(f"u{at}", 1.0, depends_on=(f"u{at - 1}",) if at % 3 else ()) for at in range(12)
    ]
    job = make_job(units, 4)
    answer = assign(strategy_named("hybrid"), job)
    assert sorted(answer.shards) == [(0, 1, 2), (3, 4, 5), (6, 7, 8), (9, 10, 11)]


def test_a_chain_too_long_for_a_shard_is_spread_and_said_to_wait() -> None:
    units = [WorkUnit(f"u{at}", 1.0, depends_on=(f"u{at - 1}",)) for at in range(6)]
    answer = assign(strategy_named("hybrid"), make_job(units, 3))
    assert [len(shard) for shard in answer.shards] == [2, 2, 2]
    assert any("dependencies between shards" in reason for reason in answer.reasons)


def test_each_kind_of_test_gets_shards_by_its_seconds_and_its_own_strategy() -> None:
    units = [WorkUnit(f"u{at}", 3.0, kind="unit") for at in range(6)]
    units += [WorkUnit(f"s{at}", 1.0, kind="smoke", priority=float(at)) for at in range(6)]
    job = make_job(units, 4)
    answer = assign(strategy_named("test-type"), job)
    assert sorted(len(shard) for shard in answer.shards) == [2, 2, 2, 6]
    assert answer.reasons == ("unit: `balanced` on 3 shards", "smoke: `priority` on 1 shard")


def test_without_enough_past_learned_is_balanced() -> None:
    job = make_job([WorkUnit(f"u{at}", 1.0 + at) for at in range(9)])
    job = replace(job, past=[past_shard(1.0, 1, 2.0)] * 7)
    answer = assign(strategy_named("learned"), job)
    assert answer.shards == assign(strategy_named("balanced"), job).shards
    assert answer.reasons[0] == "as balanced: 7 past shards, fewer than 8"


def test_learned_spreads_small_files_whose_imports_no_test_counts() -> None:
    units = [WorkUnit("long", 10.0), *(WorkUnit(f"small{at}", 0.1) for at in range(100))]
    past = [
        past_shard(5.0 + at % 7, 5 * (at % 11) + 1, 6.5 + at % 7 + 0.5 * 5 * (at % 11))
        for at in range(40)
    ]
    job = replace(make_job(units), past=past)
    answer = assign(strategy_named("learned"), job)
    with_long = next(shard for shard in answer.shards if 0 in shard)
    assert 35 <= len(with_long) <= 45  # 10 + 40 * 0.6 = 34 = 60 * 0.6 - 2
    learnt = learn(past)
    assert learnt.per_unit_s == pytest.approx(0.5, abs=0.02)
    assert learnt.per_shard_s == pytest.approx(1.0, abs=0.3)


def test_learned_keeps_to_the_predictions_when_the_past_is_only_noise() -> None:
    past = [past_shard(10.0, 3, 10.0 + (-1) ** at) for at in range(40)]
    job = replace(make_job([WorkUnit(f"u{at}", 1.0) for at in range(9)]), past=past)
    reason = assign(strategy_named("learned"), job).reasons[0]
    assert reason == "as balanced: corrections have not been better than the predictions"


def test_only_shards_that_were_done_at_once_and_as_predicted_teach() -> None:
    shards = [make_shard(f"s{at}", "a", "b") for at in range(5)]
    done = {"a": UnitStatus.FINISHED, "b": UnitStatus.FINISHED}
    results = [
        make_result("s0", done, [make_test("a::test", duration_s=3.0)]),
        make_result("s1", {**done, "b": UnitStatus.UNFINISHED}),
        make_result("s2", done).model_copy(update={"attempts": 2}),
        make_result("s3", {**done, "more": UnitStatus.FINISHED}),
    ]
    assert past_shards(shards, results) == [past_shard(2.0, 2, 10.0, 7.0)]
