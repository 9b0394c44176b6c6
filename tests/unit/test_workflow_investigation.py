"""Failures that passed alone: rounds of reruns until the test is named that makes them fail."""

import pytest

from testfleet.contracts.failure import FailureVerdict, FlakyCategory
from testfleet.contracts.history import HistoryDetails, TestHistory
from testfleet.contracts.result import Outcome, ShardResult
from testfleet.workflow.investigation import MAX_ROUNDS
from tests.workflow_scene import KEYS, Scene

POLLUTER = "test_b.py::test_a"
VICTIM = "test_e.py::test_a"


@pytest.fixture
def scene(tmp_path):
    for name in "abcde":
        (tmp_path / f"test_{name}.py").write_text("def test_a():\n    pass\n")
    return Scene(tmp_path, shards=1)


def work(scene, tasks, breaks, seconds=0.01):
    """What workers would do: the victim fails whenever `breaks` says so of the tests before it."""
    for task in tasks:
        tests = list(task.tests) or sorted(f"{unit}::test_a" for unit in task.units)
        scene.answer(task, tests=tests)
        key = KEYS.result(task.shard_id)
        result = ShardResult.model_validate_json(scene.objects.get(key))
        told = []
        for test in result.tests:
            update = {"duration_s": seconds}
            if test.id == VICTIM and breaks(tests):
                update |= {"outcome": Outcome.FAILED, "message": "AssertionError: assert 1 == 2"}
            told.append(test.model_copy(update=update))
        body = result.model_copy(update={"tests": tuple(told)})
        scene.objects.put(key, body.model_dump_json().encode())


def until_confirmed(scene, breaks, seconds=0.01):
    work(scene, scene.tasks(scene.begin()), breaks, seconds)
    work(scene, scene.tasks(scene.run.aggregate()), breaks, seconds)


def investigate(scene, breaks, seconds=0.01):
    """All rounds; answers how many there were."""
    for rounds in range(MAX_ROUNDS + 1):
        answer = scene.run.investigate()
        if not answer["shards"]:
            return rounds
        work(scene, scene.tasks(answer), breaks, seconds)
    raise AssertionError("the investigation has no end")


def judgement(scene):
    scene.run.report()
    [failure] = scene.report().failures
    return failure.judgement


def after_polluter(tests):
    return POLLUTER in tests


def test_the_test_that_makes_another_fail_is_named(scene):
    until_confirmed(scene, after_polluter)
    assert investigate(scene, after_polluter) <= 4
    told = judgement(scene)
    assert (told.category, told.polluter) == (FlakyCategory.LEAK, POLLUTER)
    report = scene.report()
    assert (report.totals.flaky, report.totals.passed) == (1, 4)
    assert {shard.id[0] for shard in report.reruns} == {"c", "i"}


def test_what_fails_again_alone_in_the_same_words_is_real_at_once(scene):
    until_confirmed(scene, lambda _: True)
    assert investigate(scene, lambda _: True) == 0
    assert judgement(scene).verdict is FailureVerdict.REAL


def test_reruns_cost_less_than_twice_the_time_of_the_failed_tests(scene):
    until_confirmed(scene, after_polluter, seconds=100)
    assert investigate(scene, after_polluter, seconds=100) == 0
    told = judgement(scene)
    assert (told.verdict, told.polluter) == (FailureVerdict.FLAKY, None)
    assert "budget" in told.reason


def test_an_interrupted_step_asks_for_the_same_shards_again(scene):
    until_confirmed(scene, after_polluter)
    first = [task.shard_id for task in scene.tasks(scene.run.investigate())]
    assert [task.shard_id for task in scene.tasks(scene.run.investigate())] == first
    investigate(scene, after_polluter)
    assert judgement(scene).polluter == POLLUTER


def test_a_rerun_that_was_lost_ends_the_search(scene):
    until_confirmed(scene, after_polluter)
    [task] = scene.tasks(scene.run.investigate())
    scene.run.record_loss(task.shard_id, {"Error": "Sandbox.Died", "Cause": "gone"})
    assert scene.run.investigate()["shards"] == 0
    assert judgement(scene).verdict is FailureVerdict.FLAKY


def test_a_cancelled_run_is_not_investigated(scene):
    until_confirmed(scene, after_polluter)
    scene.objects.put(KEYS.cancel, b"")
    assert scene.run.investigate()["shards"] == 0


def test_what_passes_once_in_several_tries_alone_is_flaky(scene):
    """Words of chance are reason enough to try more often; a pass then changes the outcome."""
    tries = iter([True, True, True, False])

    def sometimes(tests):
        return next(tries, True) if tests == [VICTIM] else True

    scene.world.history.beside = _flaky_past(scene)
    until_confirmed(scene, sometimes)
    assert investigate(scene, sometimes) <= 4
    told = judgement(scene)
    assert (told.verdict, scene.report().totals.flaky) == (FailureVerdict.FLAKY, 1)
    assert told.rate.runs == 9


def _flaky_past(scene):
    scene.run.admit()
    scene.run.fetch_source()
    key = scene.run._records.prepared().history_key
    past = TestHistory(duration_s=0.01, runs=9, flaky=3)
    return {key: HistoryDetails(tests={VICTIM: past})}
