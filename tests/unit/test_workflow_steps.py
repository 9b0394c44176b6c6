"""The steps of run-tests, one after the other, on a world in memory."""

import io
import json
from dataclasses import replace

import pytest

from testfleet.config import load_environment
from testfleet.contracts.report import RunStatus
from testfleet.contracts.result import Outcome, ShardResult, WorkerErrorType
from testfleet.contracts.run import RepositorySource, RunRequest
from testfleet.errors import UsageError
from testfleet.scm.working_tree import list_files, pack
from testfleet.workflow.losses import describe_loss
from testfleet.workflow.steps import RunTests, World
from tests.workflow_scene import KEYS, RUN_ID, Scene


@pytest.fixture
def tree(tmp_path):
    for name in "abcd":
        (tmp_path / f"test_{name}.py").write_text("def test_a():\n    pass\n")
    return tmp_path


def planned_units(tasks):
    return sorted(unit for task in tasks for unit in task.units)


ALL_UNITS = [f"test_{name}.py" for name in "abcd"]


def test_a_run_goes_from_request_to_report(tree):
    scene = Scene(tree)
    answer = scene.begin()
    tasks = scene.tasks(answer)
    assert planned_units(tasks) == ALL_UNITS
    for task in tasks:
        scene.answer(task)
    assert scene.run.replan(1)["shards"] == 0
    assert scene.run.aggregate()["shards"] == 0
    assert scene.run.report()["status"] == "passed"
    assert scene.report().totals.passed == 4
    assert scene.world.runs.recent(1)[0].status is RunStatus.PASSED


def test_the_durations_of_a_run_are_known_to_the_next(tree):
    scene = Scene(tree)
    for task in scene.tasks(scene.begin()):
        scene.answer(task)
    scene.run.report()
    (history,) = scene.world.history.suites.values()
    assert sorted(history) == ALL_UNITS


def test_a_run_of_some_tests_teaches_nothing(tree):
    scene = Scene(tree, framework_args=("-k", "a"))
    for task in scene.tasks(scene.begin()):
        scene.answer(task)
    scene.run.report()
    assert scene.world.history.suites == {}


def test_what_a_lost_worker_had_is_planned_again_and_only_that(tree):
    scene = Scene(tree, shards=2)
    lost, *others = scene.tasks(scene.begin())
    for task in others:
        scene.answer(task)
    scene.run.record_loss(lost.shard_id, {"Error": "Sandbox.Died", "Cause": "gone"})
    again = scene.run.replan(1)
    assert planned_units(scene.tasks(again)) == sorted(lost.units)
    for task in scene.tasks(again):
        scene.answer(task)
    assert scene.run.replan(2)["shards"] == 0
    scene.run.report()
    assert scene.report().totals.passed == 4


def test_what_is_lost_in_every_round_is_reported_lost(tree):
    scene = Scene(tree, shards=2)
    lost, *others = scene.tasks(scene.begin())
    for task in others:
        scene.answer(task)
    rounds = 1
    while scene.run.replan(rounds)["shards"]:
        rounds += 1
    scene.run.report()
    report = scene.report()
    assert rounds == scene.world.environment.fleet.max_rounds
    assert report.status is RunStatus.INCOMPLETE
    assert report.totals.lost == len(lost.units)
    [letter] = scene.world.dead_letters.letters
    assert (letter.run_id, sorted(letter.units)) == (RUN_ID, sorted(lost.units))


def test_what_somebody_has_stopped_was_not_given_up(tree):
    scene = Scene(tree)
    scene.begin()
    scene.objects.put(KEYS.cancel, b"")
    scene.run.report()
    assert scene.report().totals.lost
    assert scene.world.dead_letters.letters == []


def test_what_a_worker_on_spot_hands_back_goes_where_none_is_taken_away(tree):
    scene = Scene(tree, shards=2)
    environment = scene.world.environment
    spot = environment.profiles["fargate"].model_copy(update={"spot": True})
    profiles = {**environment.profiles, environment.fleet.default_profile: spot}
    world = replace(scene.world, environment=environment.model_copy(update={"profiles": profiles}))
    scene.run = RunTests(world, RUN_ID)
    answer = scene.begin()
    taken, *others = scene.tasks(answer)
    for task in others:
        scene.answer(task)
    done, *open_units = taken.units
    scene.answer(taken)
    body = json.loads(scene.objects.get(KEYS.result(taken.shard_id)))
    for unit in body["units"]:
        unit["status"] = "finished" if unit["id"] == done else "unfinished"
    body["tests"] = [test for test in body["tests"] if test["file"] == done]
    scene.objects.put(KEYS.result(taken.shard_id), json.dumps(body).encode())
    again = scene.run.replan(1)
    assert planned_units(scene.tasks(again)) == sorted(open_units)
    providers = [
        {json.loads(item)["capacity_provider"] for item in lines.decode().splitlines()}
        for lines in (scene.objects.get(each["items_key"]) for each in (answer, again))
    ]
    assert providers == [{"FARGATE_SPOT"}, {"FARGATE"}]


def test_each_round_is_told_on_the_stream(tree):
    scene = Scene(tree, shards=2)
    lost, *others = scene.tasks(scene.begin())
    scene.run.record()
    for task in others:
        scene.answer(task)
    scene.run.record_loss(lost.shard_id, {"Error": "Sandbox.Died", "Cause": "gone"})
    scene.run.replan(1)
    scene.run.record()
    kinds = [event.kind.value for event in scene.world.stream.store.stream]
    assert kinds.count("round-planned") == 2
    assert "shard-lost" in kinds[: kinds.index("round-planned", 2)]
    assert scene.world.stream.bus.bus == scene.world.stream.store.stream


def test_a_failure_that_passes_alone_is_flaky(tree):
    scene = Scene(tree)
    first, *others = scene.tasks(scene.begin())
    scene.answer(first, Outcome.FAILED)
    for task in others:
        scene.answer(task)
    confirmations = scene.tasks(scene.run.aggregate())
    assert {task.kind for task in confirmations} == {"confirm"}
    for task in confirmations:
        scene.answer(task, tests=list(task.tests))
    scene.run.report()
    assert scene.report().status is RunStatus.PASSED
    assert scene.report().totals.flaky == len(first.units)


def fail_alone_and_pass_as_at_home(scene):
    for task in scene.tasks(scene.begin()):
        scene.answer(task, Outcome.FAILED)
    for task in scene.tasks(scene.run.aggregate()):
        scene.answer(task, Outcome.PASSED if task.together else Outcome.FAILED, list(task.tests))
    scene.run.report()
    return scene.report()


def test_a_failure_that_passes_once_the_whole_suite_is_imported_passes_as_at_home(tree):
    report = fail_alone_and_pass_as_at_home(Scene(tree, shards=2))
    assert report.status is RunStatus.PASSED
    assert report.totals.passed == 4
    assert all("as at home" in test.message for test in report.tests)


def test_a_single_shard_has_imported_the_whole_suite_already(tree):
    report = fail_alone_and_pass_as_at_home(Scene(tree, shards=1))
    assert report.totals.failed == 4


def test_a_failure_that_fails_alone_is_a_failure(tree):
    scene = Scene(tree)
    for task in scene.tasks(scene.begin()):
        scene.answer(task, Outcome.FAILED)
    for task in scene.tasks(scene.run.aggregate()):
        scene.answer(task, Outcome.FAILED, list(task.tests))
    scene.run.report()
    assert scene.report().status is RunStatus.FAILED
    assert scene.report().totals.failed == 4


@pytest.mark.parametrize(
    ("files", "request_change", "kind"),
    [
        ({"testfleet.toml": "speed = 1"}, {}, WorkerErrorType.CONFIGURATION),
        ({}, {"suite": "web"}, WorkerErrorType.CONFIGURATION),
        ({}, {"shards": 65}, WorkerErrorType.CONFIGURATION),
    ],
)
def test_what_the_user_did_wrong_rejects_the_run(tree, files, request_change, kind):
    for name, text in files.items():
        (tree / name).write_text(text)
    scene = Scene(tree, **request_change)
    steps = (scene.run.admit, scene.run.fetch_source, scene.run.prepare_environment)
    assert any(step()["admitted"] is False for step in steps)
    assert scene.run.report()["status"] == "rejected"
    assert scene.report().errors[0].type is kind


def test_a_failure_of_the_workflow_still_leaves_a_report(tree):
    scene = Scene(tree, shards=2)
    scene.answer(scene.tasks(scene.begin())[0])
    scene.run.report_failure({"Error": "States.Runtime", "Cause": "x" * 10_000})
    report = scene.report()
    assert report.status is RunStatus.INCOMPLETE
    assert report.totals.passed >= 1
    assert len(report.errors[0].message) < 1000


def test_an_unreadable_result_counts_as_none(tree):
    scene = Scene(tree, shards=2)
    broken, *others = scene.tasks(scene.begin())
    for task in others:
        scene.answer(task)
    scene.objects.put(KEYS.result(broken.shard_id), b'{"not": "a result"}')
    assert planned_units(scene.tasks(scene.run.replan(1))) == sorted(broken.units)


def test_of_a_lost_worker_what_it_had_reported_is_kept(tree):
    scene = Scene(tree, shards=2)
    lost, *others = scene.tasks(scene.begin())
    for task in others:
        scene.answer(task)
    scene.answer(lost, tests=[f"{lost.units[0]}::test_a"])
    whole = ShardResult.model_validate_json(scene.objects.get(KEYS.result(lost.shard_id)))
    partial = whole.model_copy(update={"units": whole.units[:1], "is_partial": True})
    scene.objects.put(KEYS.partial(lost.shard_id), partial.model_dump_json().encode())
    scene.objects.delete(KEYS.result(lost.shard_id))
    assert planned_units(scene.tasks(scene.run.replan(1))) == sorted(lost.units[1:])


def test_ten_thousand_shards_travel_as_one_key(tree):
    environment = load_environment("prod")
    for index in range(10_000):
        (tree / f"test_{index}.py").write_text("")
    scene = Scene(tree, shards=10_000, python=None)
    scene.world = World(**{**vars(scene.world), "environment": environment})
    scene.run = RunTests(scene.world, RUN_ID)
    answer = scene.begin()
    assert answer["shards"] == 10_000
    assert len(json.dumps(answer)) < 1000


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"Error": "Lambda.TooManyRequestsException"}, WorkerErrorType.THROTTLED),
        ({"Error": "Sandbox.Timedout"}, WorkerErrorType.TIMED_OUT),
        ({"Error": "Runtime.ExitError", "Cause": "signal: killed"}, WorkerErrorType.WORKER_LOST),
    ],
)
def test_a_loss_says_what_kind_it_is(error, kind):
    assert describe_loss(error).type is kind


def forked(tree, **changes):
    """A scene whose run tests the code of a fork, in production."""
    scene = Scene(tree, python=None)
    archive = scene.objects.get(next(scene.objects.keys("sources/")))
    production = {"environment": load_environment("prod"), "fetch_tarball": lambda _: archive}
    scene.world = World(**{**vars(scene.world), **production, **changes})
    scene.run = RunTests(scene.world, RUN_ID)
    request = RunRequest.model_validate_json(scene.objects.get(KEYS.request))
    source = RepositorySource(tarball_url="https://code.example/x.tar.gz", trusted=False)
    fork = request.model_copy(update={"source": source})
    scene.objects.put(KEYS.request, fork.model_dump_json().encode())
    return scene


def test_a_fork_runs_isolated_and_leaves_nothing_for_others(tree):
    (tree / "testfleet.toml").write_text('[suites.unit]\nprofile = "lambda"\n')
    scene = forked(tree)
    answer = scene.begin()
    tasks = scene.tasks(answer)
    assert not any(task.source.reuse for task in tasks)
    items = scene.objects.get(answer["items_key"]).decode().splitlines()
    assert {json.loads(item)["compute"] for item in items} == {"fargate"}
    for task in tasks:
        scene.answer(task)
    scene.run.report()
    assert all("!fork" in key for key in scene.world.history.suites)


def test_a_fork_never_shares_an_environment_with_trusted_code(tree):
    def key(scene):
        return scene.tasks(scene.begin())[0].environment.key

    trusted = Scene(tree, python=None)
    assert key(trusted) == key(Scene(tree, python=None))
    assert key(trusted) != key(forked(tree))


def pull_request(tree, fetch):
    """A scene whose run tests a pull request; `fetch` answers the tarball of its base."""
    scene = forked(tree)
    head = scene.world.fetch_tarball("")
    answers = {"https://code.example/x.tar.gz": lambda: head, "https://code.example/base": fetch}
    world = {**vars(scene.world), "fetch_tarball": lambda url: answers[url]()}
    scene.run = RunTests(World(**world), RUN_ID)
    request = RunRequest.model_validate_json(scene.objects.get(KEYS.request))
    source = request.source.model_copy(update={"base_tarball_url": "https://code.example/base"})
    body = request.model_copy(update={"source": source}).model_dump_json().encode()
    scene.objects.put(KEYS.request, body)
    return scene


def packed(tree):
    body = io.BytesIO()
    pack(tree, list_files(tree), body)
    return body.getvalue()


def test_a_pull_request_runs_what_its_change_can_reach(tree):
    base = packed(tree)
    changed = next(path for path in tree.rglob("test_*.py"))
    changed.write_text(changed.read_text() + "\n# changed\n")
    scene = pull_request(tree, lambda: base)
    assert planned_units(scene.tasks(scene.begin())) == [changed.relative_to(tree).as_posix()]


def test_a_pull_request_whose_base_is_gone_runs_everything_and_says_why(tree):
    def gone():
        raise UsageError("404")

    scene = pull_request(tree, gone)
    tasks = scene.tasks(scene.begin())
    assert len(planned_units(tasks)) > 1
    for task in tasks:
        scene.answer(task)
    scene.run.report()
    report = scene.report()
    assert any("the base of the change could not be had: 404" in note for note in report.notes)
