"""What ministack still does wrong by itself: a test fails here on the day its shim can go."""

import inspect
import io
import sys
import zipfile

import psutil
import pytest
from ministack.core import lambda_runtime
from ministack.services import ecs, stepfunctions

from testfleet.errors import FleetError
from testfleet.local import shims

HANDLER = """
import os, subprocess, sys, time
def fails(event, context): raise LookupError("no such order")
def prints(event, context):
    subprocess.run(["echo", '{"status": "ok", "result": "hijacked"}'])
    return "mine"
def hangs(event, context):
    child = subprocess.Popen(["sleep", "60"])
    open(event, "w").write(str(child.pid))
    time.sleep(60)
def looks(event, context): return ["botocore" in sys.modules, os.environ.get("STATE_DIR")]
"""


@pytest.fixture
def invoke(monkeypatch):
    """Invokes one of the handlers with ministack as it comes; answers response and worker."""
    workers = []

    def call(name, event=None, **config):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("h.py", HANDLER)
        arn = "arn:aws:lambda:us-east-1:000000000000:function:f"
        settings = {"Handler": f"h.{name}", "Runtime": "python3.12", "FunctionArn": arn} | config
        workers.append(lambda_runtime.Worker("f", settings, packed.getvalue()))
        return workers[-1].invoke(event, "request"), workers[-1]

    monkeypatch.setenv("STATE_DIR", "/of/the/server")
    yield call
    lambda_runtime.kill_workers(workers)


def test_a_handlers_exception_loses_its_class_and_its_worker(invoke):
    response, worker = invoke("fails")
    del response["trace"]
    assert "LookupError" not in str(response)
    assert worker._proc is None


def test_a_childs_output_replaces_the_functions_result(invoke):
    assert invoke("prints")[0]["result"] == "hijacked"


def test_a_timed_out_worker_leaves_its_children_alive(invoke, tmp_path):
    response, _ = invoke("hangs", str(tmp_path / "pid"), Timeout=1)
    assert "timed out" in response["error"]
    child = psutil.Process(int((tmp_path / "pid").read_text()))
    assert child.status() != psutil.STATUS_ZOMBIE
    child.kill()


def test_a_worker_imports_botocore_and_sees_the_servers_settings(invoke):
    assert invoke("looks")[0]["result"] == [True, "/of/the/server"]


def test_a_worker_is_not_tied_to_the_server():
    source = inspect.getsource(lambda_runtime.Worker._spawn)
    assert "prctl" not in lambda_runtime._PYTHON_WORKER_SCRIPT
    assert "preexec_fn" not in source


def test_a_workers_log_is_decoded_strictly():
    source = inspect.getsource(lambda_runtime.Worker._spawn)
    assert "text=True" in source
    assert 'errors="' not in source


def test_a_silent_handler_waits_for_a_line_that_does_not_come():
    assert lambda_runtime.Worker._drain_stderr_bounded.__defaults__[0] == 0.05


def test_an_execution_begins_with_a_sleep():
    assert "time.sleep(0.15)" in inspect.getsource(stepfunctions._run_execution)


def test_a_stopped_execution_goes_on_and_fails():
    execution = {"status": "ABORTED", "sync": True, "events": []}
    state = {"Type": "Task", "Resource": "pass-through", "End": True}
    context = {"State": {"Name": "S"}}
    assert stepfunctions._execute_task(state, {"a": 1}, execution, context) == ({"a": 1}, None)
    stepfunctions._fail_execution(execution, "SomeError", "cause")
    assert execution["status"] == "FAILED"


def test_a_task_without_docker_never_ends():
    assert ecs._docker is None
    assert "range(600)" in inspect.getsource(stepfunctions._poll_ecs_tasks)
    assert "exitCode" not in inspect.getsource(stepfunctions._poll_ecs_tasks)


@pytest.mark.parametrize(
    "shim",
    [
        shims.name_errors,
        shims.keep_protocol_apart,
        shims.tie_workers_to_daemon,
        shims.start_workers_light,
    ],
)
def test_another_version_of_ministack_is_refused_by_name(monkeypatch, shim):
    monkeypatch.setattr(lambda_runtime, "_PYTHON_WORKER_SCRIPT", "print('rewritten')")
    with pytest.raises(FleetError, match=r"ministack 1\.5\.33 is not the version") as error:
        shim()
    assert "make setup" in error.value.hint


def test_a_mended_start_is_refused_as_well(monkeypatch):
    monkeypatch.setattr(stepfunctions, "_run_execution", lambda arn: None)
    with pytest.raises(FleetError, match=r"stepfunctions\._run_execution"):
        shims.start_executions_at_once()


def test_importing_the_shims_changes_nothing():
    assert shims.__name__ in sys.modules
    assert "raised" not in lambda_runtime._PYTHON_WORKER_SCRIPT
