"""The steps of repair-failure, one after the other, on a world in memory."""

import json

import pytest

from testfleet.config import load_environment
from testfleet.contracts.failure import FailureVerdict, Priority
from testfleet.contracts.past_fix import PastFixes
from testfleet.contracts.pull_request import ChangedFile
from testfleet.contracts.repair import FixReport, FixStatus
from testfleet.contracts.repair_work import RepairBudget, RepairSummary
from testfleet.workflow.repairs.budget import affordable
from testfleet.workflow.repairs.keys import fixes_key
from testfleet.workflow.repairs.starting import automatic_request
from testfleet.workflow.statemachine import load
from tests.repair_scene import (
    CANDIDATE,
    CHANGED,
    FIXED,
    PROVED,
    SOURCE,
    RepairScene,
    cluster_of,
    failure_of,
)
from tests.workflow_scene import NOW, RUN_ID

LOST = {"Error": "Sandbox.Died", "Cause": "gone"}


@pytest.fixture
def scene(tmp_path):
    return RepairScene(tmp_path)


def decided(scene, report=PROVED, files=CHANGED, **values):
    judge = scene.search((CANDIDATE,))
    scene.answer(judge["item"], report=report, files=files, **values)
    return scene.steps.decide("a", 1)


def test_critical_clusters_come_first_and_hopeless_ones_are_left_out(tmp_path):
    clusters = (
        cluster_of("low", Priority.LOW),
        cluster_of("urgent", Priority.CRITICAL),
        cluster_of("person", engine="none"),
        cluster_of("chance"),
    )
    failures = [failure_of(each.id) for each in clusters[:3]]
    failures.append(failure_of("chance", FailureVerdict.FLAKY))
    scene = RepairScene(tmp_path, clusters, failures)
    answer = scene.steps.plan_repairs()
    lines = scene.objects.get(answer["items_key"]).decode().splitlines()
    assert [json.loads(line)["cluster"] for line in lines] == ["urgent", "low"]
    scene.steps.summarise()
    left_out = RepairSummary.model_validate_json(scene.objects.get(scene.keys.summary)).left_out
    assert ["a person" in left_out[0], "flaky" in left_out[1]] == [True, True]


def test_slices_share_the_candidates_and_hold_addresses_of_their_own(scene):
    scene.steps.plan_repairs()
    items = scene.steps.plan_slices("a")["slices"]
    tasks = [scene.task(item) for item in items]
    count = RepairBudget().slices
    assert [task.share for task in tasks] == [(number, count) for number in range(count)]
    assert len({task.work.uploads.result for task in tasks}) == count
    assert {task.work.stop_url for task in tasks} == {f"memory:{scene.keys.found('a', 1)}"}
    assert tasks[0].tests == ("test_a.py::test_a",)


def test_what_was_lost_is_searched_again_by_another_worker(scene):
    scene.steps.plan_repairs()
    first, *others = scene.steps.plan_slices("a")["slices"]
    for item in others:
        scene.answer(item)
    scene.steps.record_loss("a", first["slice"], LOST)
    again = scene.steps.merge("a", 1)
    assert [item["slice"] for item in again["slices"]] == [first["slice"]]
    scene.steps.record_loss("a", first["slice"], LOST)
    assert scene.steps.merge("a", again["round"])["next"] == "done"
    verdict = scene.verdict()
    assert (verdict.report.status, verdict.lost) == (FixStatus.NOT_FIXED, 2)
    assert "1 of 4 workers were lost" in verdict.report.reason


def test_a_lost_worker_costs_its_share_only_once_others_have_found_something(scene):
    scene.steps.plan_repairs()
    first, second, *_ = scene.steps.plan_slices("a")["slices"]
    scene.steps.record_loss("a", first["slice"], LOST)
    scene.answer(second, candidates=(CANDIDATE,))
    judge = scene.steps.merge("a", 1)
    assert judge["next"] == "judge"
    assert scene.task(judge["item"]).candidates == (CANDIDATE,)


def test_a_proved_patch_is_remembered_and_offered_when_the_failure_comes_back(scene):
    assert decided(scene)["next"] == "publish"
    verdict = scene.verdict()
    assert verdict.report.patch.endswith("-    return x + 1\n+    return x + x\n")
    assert verdict.report.cost > 0
    again = scene.steps.plan_slices("a")["slices"]
    [past] = scene.task(again[0]).past
    assert past.hunks[0].new.endswith("return x + x\n")


def test_without_consensus_there_are_suggestions_and_no_pull_request(scene):
    unsure = FixReport(status=FixStatus.SUGGESTED, reason="two behave differently")
    assert decided(scene, unsure, ())["next"] == "done"
    assert scene.verdict().pull_request is None
    assert not list(scene.objects.keys("fixes/"))


@pytest.mark.parametrize(
    ("path", "old", "words"),
    [
        ("a.py", b"another", "not as it was tested"),
        ("b.py", SOURCE, "not in the source"),
        ("test_a.py", b"def test_a(): assert 0\n", "is a test"),
    ],
)
def test_a_worker_that_lies_about_files_is_not_believed(scene, path, old, words):
    files = (ChangedFile.of(path, (old, FIXED)),)
    assert decided(scene, files=files)["next"] == "done"
    report = scene.verdict().report
    assert (report.status, report.patch) == (FixStatus.SUGGESTED, "")
    assert words in report.reason


def test_a_patch_that_the_whole_suite_refuses_is_a_suggestion(scene):
    assert decided(scene, files=(), whole_suite="on the branch, t fails")["next"] == "done"
    assert scene.verdict().report.suggestions[0].concerns == ("on the branch, t fails",)


def test_a_lost_judge_is_replaced_once(scene):
    scene.search((CANDIDATE,))
    scene.steps.record_loss("a", "judge", LOST)
    again = scene.steps.decide("a", 1)
    assert again["next"] == "judge"
    scene.steps.record_loss("a", "judge", LOST)
    assert scene.steps.decide("a", again["round"])["next"] == "done"
    assert "nobody could decide" in scene.verdict().report.reason


def test_where_no_code_host_can_be_told_the_pull_request_is_written_down(scene):
    decided(scene)
    scene.steps.open_pull_request("a")
    pull = scene.verdict().pull_request
    assert (pull.state, pull.address) == ("draft", scene.keys.pull_request("a"))
    assert scene.objects.exists(pull.address)


def test_a_pull_request_that_cannot_be_opened_leaves_the_fix(scene):
    decided(scene)
    scene.steps.record_failure("a", {"Error": "UsageError", "Cause": "no branch"})
    verdict = scene.verdict()
    assert verdict.report.status is FixStatus.FIXED
    assert "no branch" in verdict.notes[0]


def test_a_cancelled_repair_hands_out_no_more_work(scene):
    scene.steps.plan_repairs()
    scene.steps.plan_slices("a")
    scene.objects.put(scene.keys.cancel, b"")
    assert scene.steps.merge("a", 1)["next"] == "done"


def test_workers_that_leave_nothing_to_read_and_no_loss_do_not_work_for_ever(scene):
    """Nor does what a lost worker has called out end the search of those who come after it."""
    scene.steps.plan_repairs()
    first = scene.steps.plan_slices("a")
    for item in first["slices"]:
        upload = scene.task(item).work.uploads
        scene.objects.put(upload.result.removeprefix("memory:"), b"{")
        scene.objects.put(upload.stop.removeprefix("memory:"), b"{}")
    again = scene.steps.merge("a", first["round"])
    stops = {scene.task(item).work.stop_url.removeprefix("memory:") for item in again["slices"]}
    assert not any(map(scene.objects.exists, stops))
    assert scene.steps.merge("a", again["round"])["next"] == "done"
    judge = scene.search((CANDIDATE,))
    again = scene.steps.decide("a", judge["round"])
    assert again["next"] == "judge"
    assert scene.steps.decide("a", again["round"])["next"] == "done"


def test_a_step_that_fails_leaves_a_verdict_and_the_summary_tells_of_the_workflow(scene):
    scene.steps.plan_repairs()
    scene.steps.record_failure("a", {"Error": "States.Timeout", "Cause": ""})
    scene.steps.summarise({"Error": "States.Runtime", "Cause": "no bucket"})
    summary = RepairSummary.model_validate_json(scene.objects.get(scene.keys.summary))
    assert "States.Timeout" in summary.verdicts[0].report.reason
    assert "no bucket" in summary.problem


def test_a_cluster_without_a_verdict_is_no_success(scene):
    scene.steps.plan_repairs()
    scene.steps.summarise()
    summary = RepairSummary.model_validate_json(scene.objects.get(scene.keys.summary))
    assert "1 of 1 repairs left no verdict" in summary.problem


def test_money_limits_workers_first_and_then_seconds():
    profile = load_environment("dev").profiles["lambda"]
    asked = RepairBudget(seconds=300, usd=1.0, slices=8)
    assert affordable(asked, profile) == asked
    fewer = affordable(asked.model_copy(update={"usd": 0.06}), profile)
    assert (fewer.seconds, 1 <= fewer.slices < 8) == (300, True)
    shorter = affordable(asked.model_copy(update={"usd": 0.01}), profile)
    assert (shorter.slices, 5 <= shorter.seconds < 300) == (1, True)
    assert affordable(asked.model_copy(update={"usd": 0.0005}), profile) is None


@pytest.mark.parametrize("wanted", [True, False])
def test_a_red_run_starts_repairs_only_where_its_project_wants_them(tmp_path, wanted):
    (tmp_path / "testfleet.toml").write_text(f"[repair]\nautomatic = {str(wanted).lower()}\n")
    request = automatic_request(RepairScene(tmp_path).objects, RUN_ID, NOW)
    assert (request is not None) == wanted
    assert request is None or request.repair_id == f"{RUN_ID}-auto"


def states_of(machine):
    for name, state in machine["States"].items():
        yield machine, name, state
        if state["Type"] == "Map":
            yield from states_of(state["ItemProcessor"])


STATES = list(states_of(load("repair-failure")))


def test_every_state_of_the_machine_can_be_reached_and_every_task_has_its_limits():
    for machine in {id(m): m for m, _, _ in STATES}.values():
        reached, waiting = set(), [machine["StartAt"]]
        while waiting:
            name = waiting.pop()
            if name not in reached:
                reached.add(name)
                state = machine["States"][name]
                waiting += [state[key] for key in ("Next", "Default") if key in state]
                waiting += [r["Next"] for r in [*state.get("Choices", []), *state.get("Catch", [])]]
        assert reached == set(machine["States"])
    for _, name, state in STATES:
        if state["Type"] == "Task":
            assert state["TimeoutSeconds"] > 0
            assert "Catch" in state or name == "SummariseFailure"


def test_the_project_s_code_runs_on_workers_only():
    """The vote and the whole suite, too."""
    payloads = [state["Parameters"] for _, _, state in STATES if state["Type"] == "Task"]
    functions = {parameters.get("FunctionName", "task") for parameters in payloads}
    assert functions == {"${RepairFunctionArn}", "${WorkerFunctionArn}", "task"}
    on_worker = [n for _, n, s in STATES if "WorkerFunctionArn" in json.dumps(s.get("Parameters"))]
    assert on_worker == ["SearchOnLambda", "JudgeOnLambda"]


def test_a_broken_memory_is_no_memory(scene):
    key = fixes_key(scene.run.run._records.prepared().history_key)
    scene.objects.put(key, b"{")
    scene.steps.plan_repairs()
    assert scene.task(scene.steps.plan_slices("a")["slices"][0]).past == PastFixes().fixes
