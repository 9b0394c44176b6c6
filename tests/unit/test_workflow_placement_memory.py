from __future__ import annotations

import pytest

from testfleet.contracts.result import UnitStatus, WorkerErrorType
from testfleet.planning.placement.learning import success_of
from testfleet.planning.sharding.past_shards import NEWEST
from testfleet.workflow.fakes import InMemoryObjects
from testfleet.workflow.placement_memory import PlacementMemory, outcomes_of
from tests.placement_samples import PROFILES
from tests.planning_samples import make_result, make_shard, make_test

DONE = {"a": UnitStatus.FINISHED}
OPEN = {"a": UnitStatus.UNFINISHED}


def _shard(profile: str = "small"):
    return make_shard("s1", "a").model_copy(update={"profile": profile})


def test_what_a_run_teaches_is_there_for_the_next() -> None:
    memory = PlacementMemory(InMemoryObjects(), "project#default")

    for _ in range(5):
        memory.remember([_shard()], [make_result("s1", DONE, [make_test("a::t")])], PROFILES)

    record = memory.recall().state.profiles["small"]
    assert record.finished > 4
    assert record.slowdown == pytest.approx(0.5 ** (1 - 0.8**5), rel=0.01)


def test_a_lost_worker_counts_against_its_profile() -> None:
    memory = PlacementMemory(InMemoryObjects(), "project#default")

    memory.remember([_shard()], [], PROFILES)
    memory.remember([_shard("docker")], [make_result("s1", DONE)], PROFILES)

    profiles = memory.recall().state.profiles
    assert success_of(profiles["small"]) < success_of(profiles["docker"])


@pytest.mark.parametrize("error", [WorkerErrorType.ENVIRONMENT, WorkerErrorType.CANCELLED])
def test_what_the_user_must_mend_is_no_profiles_fault(error: WorkerErrorType) -> None:
    assert list(outcomes_of([_shard()], [make_result("s1", OPEN, error=error)], PROFILES)) == []


def test_a_worker_that_ran_out_of_memory_is() -> None:
    result = make_result("s1", OPEN, error=WorkerErrorType.OUT_OF_MEMORY)

    (outcome,) = outcomes_of([_shard()], [result], PROFILES)

    assert (outcome.profile, outcome.actual_s) == ("small", None)


def test_shards_of_single_tests_and_of_forgotten_profiles_teach_nothing() -> None:
    single = _shard().model_copy(update={"tests": ("a::t",)})

    assert list(outcomes_of([single, _shard("gone")], [make_result("s1", DONE)], PROFILES)) == []


def test_suites_do_not_teach_each_other() -> None:
    objects = InMemoryObjects()

    PlacementMemory(objects, "one#default").remember([_shard()], [], PROFILES)

    assert PlacementMemory(objects, "two#default").recall().state.profiles == {}


def test_the_newest_shards_are_kept_one_by_one() -> None:
    memory = PlacementMemory(InMemoryObjects(), "project#default")
    for _ in range(NEWEST + 5):
        memory.remember([_shard()], [make_result("s1", DONE, [make_test("a::t")])], PROFILES)
    past = memory.recall().state.past
    assert len(past) == NEWEST
    assert (past[-1].took_s, past[-1].beside_s) == (10.0, 9.5)
