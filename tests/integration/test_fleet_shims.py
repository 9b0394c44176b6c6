"""What the shims promise, on the running fleet."""

import json

import psutil
import pytest

from testfleet.aws import clients

HANDLER = """
import os, subprocess, sys, time
class NoSuchOrderError(Exception): pass
def handler(event, context):
    what = event.get("do")
    if what == "raise":
        raise NoSuchOrderError("order 7")
    if what == "print on descriptor 1":
        subprocess.run(["echo", '{"status": "ok", "result": "hijacked"}'])
    if what == "print bytes":
        os.write(2, b"\\xff\\xfe" * 200_000)
    if what == "hang":
        child = subprocess.Popen(["sleep", "60"], start_new_session=True)
        open(event["file"], "w").write(f"{os.getpid()} {child.pid}")
        time.sleep(60)
    if what == "die":
        os._exit(7)
    if what == "look":
        settings = {"STATE_DIR", "GATEWAY_PORT", "LOG_LEVEL"} & os.environ.keys()
        return [sorted(settings), "botocore" in sys.modules]
    if "file" in event:
        open(event["file"], "a").write("x")
        time.sleep(event.get("sleep", 0))
    return {"pid": os.getpid()}
"""


@pytest.fixture(scope="module")
def function(emulator):
    return emulator.function("shims", HANDLER, Timeout=3)


def task(function, **more):
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": function, "Payload.$": "$"},
        "OutputPath": "$.Payload",
        "End": True,
    } | more


def is_over(pid):
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_an_exception_keeps_its_class_and_its_worker_lives_on(emulator, function):
    before = emulator.invoke(function, {})["pid"]
    failed = emulator.invoke(function, {"do": "raise"})
    assert (failed["errorType"], failed["errorMessage"]) == ("NoSuchOrderError", "order 7")
    assert emulator.invoke(function, {})["pid"] == before


def test_a_workflow_catches_an_exception_by_its_class(emulator, function):
    catch = [{"ErrorEquals": ["NoSuchOrderError"], "Next": "Caught"}]
    states = {"Ask": task(function, Catch=catch), "Caught": {"Type": "Succeed"}}
    execution = emulator.start("catch", {"StartAt": "Ask", "States": states}, {"do": "raise"})
    found = emulator.wait(execution)
    assert found["status"] == "SUCCEEDED"
    assert json.loads(found["output"])["Error"] == "NoSuchOrderError"


def test_a_worker_that_dies_is_an_error_of_the_runtime(emulator, function):
    assert emulator.invoke(function, {"do": "die"})["errorType"] == "Runtime.ExitError"
    assert emulator.invoke(function, {})["pid"]


@pytest.mark.parametrize("what", ["print on descriptor 1", "print bytes"])
def test_what_is_printed_changes_no_result(emulator, function, what):
    assert emulator.invoke(function, {"do": what}).keys() == {"pid"}
    assert emulator.invoke(function, {}).keys() == {"pid"}


def test_a_worker_sees_no_settings_of_the_server_and_loads_no_botocore(emulator, function):
    assert emulator.invoke(function, {"do": "look"}) == [[], False]


def test_a_time_out_ends_the_worker_and_all_that_it_has_started(
    emulator, function, tmp_path, wait_for
):
    file = tmp_path / "pids"
    answer = emulator.invoke(function, {"do": "hang", "file": str(file)})
    assert answer["errorType"] == "Sandbox.Timedout"
    wait_for(lambda: all(is_over(int(pid)) for pid in file.read_text().split()))


def test_a_killed_worker_is_told_at_once_and_leaves_nothing(emulator, function, tmp_path, wait_for):
    file = tmp_path / "pids"
    states = {"Hang": task(function)}
    event = {"do": "hang", "file": str(file)}
    execution = emulator.start("killed", {"StartAt": "Hang", "States": states}, event)
    wait_for(lambda: file.exists() and len(file.read_text().split()) == 2)
    worker, child = map(int, file.read_text().split())
    psutil.Process(worker).kill()
    found = emulator.wait(execution)
    assert (found["status"], found["error"]) == ("FAILED", "Runtime.ExitError")
    wait_for(lambda: is_over(child))


def test_a_stopped_execution_starts_no_further_item_and_stays_aborted(
    emulator, function, tmp_path, wait_for
):
    file = tmp_path / "items"
    each = {
        "Type": "Map",
        "MaxConcurrency": 1,
        "ToleratedFailurePercentage": 100,
        "ItemsPath": "$.items",
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "One",
            "States": {"One": task(function)},
        },
        "End": True,
    }
    items = [{"file": str(file), "sleep": 0.3}] * 20
    execution = emulator.start(
        "stopped", {"StartAt": "Each", "States": {"Each": each}}, {"items": items}
    )
    wait_for(file.exists)
    emulator.states.stop_execution(executionArn=execution)
    (run,) = emulator.states.list_map_runs(executionArn=execution)["mapRuns"]
    wait_for(lambda: is_finished(emulator, run["mapRunArn"]))
    assert len(file.read_text()) < 5
    assert emulator.wait(execution)["status"] == "ABORTED"


def is_finished(emulator, map_run):
    return emulator.states.describe_map_run(mapRunArn=map_run)["status"] != "RUNNING"


@pytest.fixture(scope="module")
def cluster(fleet, emulator):
    """A client of ECS, with a task definition for each command of these tests."""
    ecs = clients.session().client("ecs")
    ecs.create_cluster(clusterName="tests")
    for name, code in {
        "good": "import os; open(os.environ['FILE'], 'w').write('ran')",
        "bad": "import sys; sys.exit(3)",
        "long": "import os, time; open(os.environ['FILE'], 'w').write(str(os.getpid()));"
        "time.sleep(60)",
    }.items():
        ecs.register_task_definition(
            family=name,
            containerDefinitions=[{"name": "c", "image": "i", "command": ["python", "-c", code]}],
        )
    return ecs


def run_task(emulator, family, file):
    overrides = {"Name": "c", "Environment": [{"Name": "FILE", "Value": str(file)}]}
    parameters = {
        "Cluster": "tests",
        "TaskDefinition": family,
        "Overrides": {"ContainerOverrides": [overrides]},
    }
    state = {
        "Type": "Task",
        "Resource": "arn:aws:states:::ecs:runTask.sync",
        "Parameters": parameters,
        "End": True,
    }
    return emulator.start(family, {"StartAt": "Run", "States": {"Run": state}})


def test_a_fargate_task_really_runs_and_its_state_ends(emulator, cluster, tmp_path):
    found = emulator.wait(run_task(emulator, "good", tmp_path / "file"))
    assert found["status"] == "SUCCEEDED"
    assert (tmp_path / "file").read_text() == "ran"
    (done,) = json.loads(found["output"])["tasks"]
    assert done["lastStatus"] == "STOPPED"


def test_a_fargate_task_that_fails_fails_its_state(emulator, cluster, tmp_path):
    found = emulator.wait(run_task(emulator, "bad", tmp_path / "file"))
    assert (found["status"], found["error"]) == ("FAILED", "States.TaskFailed")
    assert json.loads(found["cause"])["containers"][0]["exitCode"] == 3


def test_a_stopped_execution_ends_its_fargate_task(emulator, cluster, tmp_path, wait_for):
    file = tmp_path / "file"
    execution = run_task(emulator, "long", file)
    wait_for(lambda: file.exists() and file.read_text())
    emulator.states.stop_execution(executionArn=execution)
    wait_for(lambda: is_over(int(file.read_text())))
