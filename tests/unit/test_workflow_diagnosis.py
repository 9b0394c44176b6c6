"""What the report says about the failures of a run: causes, quarantine, suspects, no secrets."""

from datetime import timedelta

import pytest

from testfleet.cli.run_command import exit_code
from testfleet.contracts.change import FileChange, FileStatus, RecentCommit
from testfleet.contracts.history import HistoryDetails, TestHistory
from testfleet.contracts.report import RunStatus
from testfleet.contracts.result import Outcome, ShardResult
from testfleet.workflow.keys import clusters_key
from testfleet.workflow.steps import RunTests
from tests.workflow_scene import KEYS, NOW, RUN_ID, Scene

TEXT = (
    "cart.py:7: in total\n    return sum(prices)\n"
    "E   TypeError: unsupported operand type(s) for +: 'int' and 'str'\n"
)
QUARANTINE = """
[[quarantine]]
test = "test_a.py::*"
owner = "ann"
until = {until}
"""


@pytest.fixture
def tree(tmp_path):
    for name in "ab":
        (tmp_path / f"test_{name}.py").write_text("def test_a():\n    pass\n")
    return tmp_path


def finish(scene, failing=(), text=TEXT):
    """Run to the end; the files `failing` fail, and fail again when they are run again."""
    fail(scene, scene.tasks(scene.begin()), failing, text)
    answer = scene.run.aggregate()
    if answer["shards"]:
        fail(scene, scene.tasks(answer), failing, text)
    scene.run.report()
    return scene.report()


def fail(scene, tasks, failing, text):
    for task in tasks:
        scene.answer(task, tests=list(task.tests) or None)
        key = KEYS.result(task.shard_id)
        result = ShardResult.model_validate_json(scene.objects.get(key))
        tests = tuple(
            test.model_copy(
                update={"outcome": Outcome.FAILED, "message": text.splitlines()[-1].strip("E "),
                        "longrepr": text}
            )
            if test.file in failing else test
            for test in result.tests
        )  # fmt: skip
        told = result.model_copy(update={"tests": tests})
        scene.objects.put(key, told.model_dump_json().encode())


def test_failures_are_reported_by_cause_with_a_route_and_a_text(tree):
    report = finish(Scene(tree), ["test_a.py", "test_b.py"])
    [cluster] = report.clusters
    assert (cluster.count, cluster.classification.cause.value) == (2, "type-error")
    assert cluster.route.engine and "new in this run" in cluster.text
    assert {each.cluster for each in report.failures} == {cluster.id}
    assert {each.judgement.verdict.value for each in report.failures} == {"real"}


def test_a_run_in_which_nothing_failed_has_no_causes_and_is_remembered_as_good(tree):
    scene = Scene(tree)
    assert finish(scene).clusters == ()
    [key] = [key for key in scene.objects.bodies if key.startswith("clusters/")]
    assert f'"passed":{{"run_id":"{RUN_ID}"' in scene.objects.get(key).decode()


def test_the_next_run_knows_since_when_and_which_commits_came_after_the_last_good_run(tree):
    commits = [
        RecentCommit(commit=name, title="t", files=(change(path),))
        for name, path in (("c3", "cart.py"), ("c2", "other.py"), ("c1", "cart.py"))
    ]
    good = Scene(tree, commit="c1")
    finish(good)
    bad = Scene(tree, commit="c3", commits=commits)
    bad.objects.bodies |= {k: v for k, v in good.objects.bodies.items() if k[0] == "c"}
    [cluster] = finish(bad, ["test_a.py"]).clusters
    assert [each.name for each in cluster.suspects if each.kind == "commit"] == ["c3"]
    again = Scene(tree, commit="c4")
    again.objects.bodies |= {k: v for k, v in bad.objects.bodies.items() if k[0] == "c"}
    assert finish(again, ["test_a.py"]).clusters[0].first_seen.commit == "c3"


def change(path):
    return FileChange(path=path, status=FileStatus.MODIFIED)


def in_quarantine(tree, until):
    (tree / "testfleet.toml").write_text(QUARANTINE.format(until=until.date()))
    return Scene(tree)


def test_what_fails_in_quarantine_only_does_not_block(tree):
    scene = in_quarantine(tree, NOW + timedelta(days=1))
    report = finish(scene, ["test_a.py"])
    assert (report.status, exit_code(report)) == (RunStatus.PASSED_WITH_QUARANTINED, 0)
    assert (report.totals.failed, report.failures[0].quarantine.owner) == (1, "ann")
    junit = scene.objects.get(KEYS.junit).decode()
    assert 'failures="0"' in junit and "owner ann" in junit and 'type="quarantined"' in junit


def test_one_failure_outside_the_quarantine_blocks(tree):
    report = finish(in_quarantine(tree, NOW + timedelta(days=1)), ["test_a.py", "test_b.py"])
    assert (report.status, exit_code(report)) == (RunStatus.FAILED, 1)


def test_after_its_last_day_a_quarantine_blocks_and_its_owner_is_named(tree):
    report = finish(in_quarantine(tree, NOW - timedelta(days=1)), ["test_a.py"])
    assert report.status is RunStatus.FAILED
    assert any("quarantine ended" in note and "ann" in note for note in report.notes)


def test_nobody_knows_what_was_left_out_after_a_failure_in_quarantine(tree):
    scene = in_quarantine(tree, NOW + timedelta(days=1))
    diagnosis = scene.run._reporter()._diagnosis
    failed = finish(scene, ["test_a.py"]).model_copy(update={"status": RunStatus.FAILED})
    assert diagnosis.of(failed, is_cut_short=True).status is RunStatus.INCOMPLETE


def test_who_has_passed_often_enough_is_told_to_leave_the_quarantine(tree):
    scene = in_quarantine(tree, NOW + timedelta(days=1))
    scene.run.admit()
    scene.run.fetch_source()
    past = TestHistory(duration_s=0.1, runs=20, flaky=2, recent="k" + 16 * "p")
    key = scene.run._records.prepared().history_key
    scene.world.history.beside = {key: HistoryDetails(tests={"test_a.py::test_a": past})}
    assert any("take it out of quarantine (owner ann)" in note for note in finish(scene).notes)


def test_a_report_survives_the_failure_of_triage(tree, monkeypatch):
    def break_down(*_):
        raise RecursionError("token=abcdefgh12345678")

    monkeypatch.setattr("testfleet.workflow.diagnosis.triage", break_down)
    report = finish(Scene(tree), ["test_a.py"])
    assert (report.status, report.clusters) == (RunStatus.FAILED, ())
    assert any("not grouped: RecursionError: token=***" in note for note in report.notes)


def test_a_run_that_has_its_report_does_not_fail_for_its_memory(tree, monkeypatch):
    def break_down(*_):
        raise OSError("full")

    monkeypatch.setattr("testfleet.workflow.cluster_memory.ClusterMemory.remember", break_down)
    assert finish(Scene(tree), ["test_a.py"]).clusters


def test_an_unreadable_memory_is_an_empty_one(tree):
    scene = Scene(tree)
    scene.begin()
    scene.objects.put(clusters_key(RunTests(scene.world, RUN_ID)._records.prepared().history_key),
                      b"\xff")  # fmt: skip
    assert finish(scene, ["test_a.py"]).clusters[0].first_seen.run_id == RUN_ID


def test_secrets_are_in_no_report(tree):
    token = "ghp_" + "a1B2" * 9
    scene = Scene(tree)
    finish(scene, ["test_a.py"], f"AssertionError: pushed with {token}")
    for key in (KEYS.report, KEYS.junit):
        assert token not in scene.objects.get(key).decode()
        assert "pushed with ***" in scene.objects.get(key).decode()


def test_when_time_is_over_the_rest_is_not_classified(tree):
    scene = Scene(tree)
    finish(scene, ["test_a.py"])
    times = iter([0.0, 1.0, 99.0, 99.0])
    diagnosis = scene.run._reporter()._diagnosis
    slow = diagnosis.__class__(
        diagnosis.records, diagnosis.history, diagnosis.classify, lambda: next(times), dict
    )
    found = slow._classify([TEXT] * 100)
    assert (len(found), found.count(None)) == (100, 68)
