"""Every change to ministack, in one place: it does what AWS does where ministack does not yet.

Each shim is one small function with its reason, applied before the server starts. All of them touch
private names of one exact version, so each first makes sure that what it replaces is there. For
each there is a test that fails on the day ministack mends the fault itself.
"""

from __future__ import annotations

import inspect
import json
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from importlib.metadata import version
from typing import Any, Final

from ministack.core import lambda_runtime
from ministack.services import ecs, lambda_svc, stepfunctions

from testfleet.errors import FleetError
from testfleet.local.containers import ProcessContainers
from testfleet.local.orphans import ChildProcesses
from testfleet.local.processes import kill_tree
from testfleet.local.tether import TETHER

START_DELAY_S: Final = 0.15
_ECS_POLL_S = 0.1

SERVER_VARIABLES: Final = frozenset(
    {
        "BIND_HOST",
        "GATEWAY_PORT",
        "IOT_MTLS_ENABLED",
        "LAMBDA_WARM_TTL_SECONDS",
        "LOG_LEVEL",
        "PERSIST_STATE",
        "S3_DATA_DIR",
        "S3_PERSIST",
        "SFTP_ENABLED",
        "STATE_DIR",
    }
)
"""Settings of the server that a worker, and so the tests, must not see."""


def apply_all(processes: ChildProcesses, containers: ProcessContainers) -> None:
    """Apply every shim. Call it once, before the server starts. Raises FleetError."""
    name_errors()
    read_logs_at_once()
    keep_protocol_apart()
    tie_workers_to_daemon()
    start_workers_light()
    start_workers_through(processes)
    kill_whole_trees(processes)
    start_executions_at_once()
    stop_executions()
    read_map_concurrency()
    run_tasks_as_processes(containers)


class _Standin:
    """A module with some of its names replaced."""

    def __init__(self, module: object, **replaced: object) -> None:
        self._module = module
        self.__dict__.update(replaced)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)


def name_errors() -> None:
    """A handler's exception keeps its class name as `errorType`, and its worker lives on.

    Ministack calls every error `Runtime.HandlerError`, so that no Retry or Catch by name matches,
    and ends the worker, so that the next call is a cold start. On AWS an exception does neither.
    """
    _edit_worker(
        'json.dumps({"status": "error", "error": str(e), "trace": traceback.format_exc()})',
        'json.dumps({"status": "ok", "raised": type(e).__name__, "error": str(e), '
        '"trace": traceback.format_exc()})',
    )
    invoke, execute = lambda_runtime.Worker.invoke, lambda_svc._execute_function_warm
    last = threading.local()

    def invoke_naming(*args: Any, **options: Any) -> dict[str, Any]:
        response: dict[str, Any] = invoke(*args, **options)
        last.type = response.pop("raised", None)
        if last.type:
            response["status"] = "error"
        elif response.get("error") in ("Worker process died", "Worker returned no response"):
            last.type = "Runtime.ExitError"
        return response

    def execute_naming(*args: Any) -> dict[str, Any]:
        last.type = None
        result: dict[str, Any] = execute(*args)
        if last.type and isinstance(result.get("body"), dict):
            result["body"]["errorType"] = last.type
        return result

    lambda_runtime.Worker.invoke = invoke_naming
    lambda_svc._execute_function_warm = execute_naming


def read_logs_at_once() -> None:
    """A handler that prints nothing answers without a delay.

    Ministack waits 50 ms for a first line of log after each invocation, which is ten times what the
    invocation takes. A line that comes later is logged with the next invocation.
    """
    drain = lambda_runtime.Worker._drain_stderr_bounded
    _require(drain.__defaults__ == (0.05, 0.005, 0.25), "Worker._drain_stderr_bounded")
    drain.__defaults__ = (0.002, 0.002, 0.25)


def keep_protocol_apart() -> None:
    """What a handler's child processes print on descriptor 1 goes to the log.

    Ministack's worker speaks its protocol on descriptor 1, so a child that prints a JSON line there
    replaces the function's result.
    """
    _edit_worker(
        "    _real_stdout = sys.stdout\n",
        '    _real_stdout = os.fdopen(os.dup(1), "w"); os.dup2(2, 1)\n',
    )


def tie_workers_to_daemon() -> None:
    """A worker dies with the daemon, also when the daemon is killed."""
    _edit_worker("\ndef run():\n", f"{TETHER}\ndef run():\n")


def start_workers_light() -> None:
    """A worker does not import botocore unless its handler does.

    Ministack imports it to count nested invocations, at 0.15 s of processor time and 20 MB for each
    worker. No function of this application invokes another.
    """
    _edit_worker("    _ms_install_invoke_depth()\n    try:\n", "    try:\n")


def start_workers_through(processes: ChildProcesses) -> None:
    """Workers are started by the thread that lives as long as the daemon, each in a session of its
    own, without the server's settings in their environment, and may print any bytes.

    With ministack's strict decoding one byte that is no UTF-8 ends the reading of a worker's log,
    and the worker hangs once the pipe is full.
    """
    _require(
        "subprocess.Popen(" in inspect.getsource(lambda_runtime.Worker._spawn), "Worker._spawn"
    )

    def popen(*args: Any, env: Mapping[str, str], **options: Any) -> subprocess.Popen[Any]:
        clean = {name: value for name, value in env.items() if _is_for_workers(name)}
        return processes.popen(*args, env=clean, encoding="utf-8", errors="replace", **options)

    lambda_runtime.subprocess = _Standin(subprocess, Popen=popen)


def _is_for_workers(name: str) -> bool:
    # Coverage that measures the daemon must not measure the tests that its workers run.
    return name not in SERVER_VARIABLES and not name.startswith("COVERAGE_")


def kill_whole_trees(processes: ChildProcesses) -> None:
    """A time-out or an update ends a worker and all that it has started, as the end of a sandbox.

    Ministack sends SIGTERM to the worker alone; its children live on.
    """
    _require(hasattr(lambda_runtime, "_signal"), "lambda_runtime._signal")

    def signal_tree(process: subprocess.Popen[Any] | None) -> None:
        if process is not None and process.poll() is None:
            kill_tree(process.pid)
        processes.worker_ended()

    lambda_runtime._signal = signal_tree


def start_executions_at_once() -> None:
    """An execution begins when it is started.

    Ministack sleeps 150 ms first, in each execution.
    """
    source = inspect.getsource(stepfunctions._run_execution)
    _require(f"time.sleep({START_DELAY_S})" in source, "stepfunctions._run_execution")

    def sleep(seconds: float) -> None:
        if seconds != START_DELAY_S:
            time.sleep(seconds)

    stepfunctions.time = _Standin(time, sleep=sleep)


_execution: ContextVar[dict[str, Any] | None] = ContextVar("execution", default=None)


def is_stopped(execution: Mapping[str, Any] | None) -> bool:
    """Whether StopExecution was called for the execution, or for the one whose Map started it."""
    if execution is None:
        return False
    run = stepfunctions._map_runs.get(execution.get("mapRunArn"))
    root = stepfunctions._executions.get(run["executionArn"]) if run else execution
    return bool(root and root["status"] == "ABORTED")


def stop_executions() -> None:
    """A stopped execution starts no task any more, and stays ABORTED.

    After StopExecution ministack runs all remaining items of a Map, and an error of one of them
    turns ABORTED into FAILED.
    """
    execute, fail = stepfunctions._execute_task, stepfunctions._fail_execution
    matching = stepfunctions._find_matching_retrier

    def execute_unless_stopped(
        state: Any, raw_input: Any, execution: dict[str, Any], context: Any
    ) -> Any:
        _execution.set(execution)
        _raise_if_stopped()
        return execute(state, raw_input, execution, context)

    def retry_unless_stopped(*args: Any) -> Any:
        _raise_if_stopped()
        return matching(*args)

    def fail_unless_stopped(execution: dict[str, Any], error: str, cause: str) -> None:
        if execution["status"] != "ABORTED":
            fail(execution, error, cause)

    stepfunctions._execute_task = execute_unless_stopped
    stepfunctions._find_matching_retrier = retry_unless_stopped
    stepfunctions._fail_execution = fail_unless_stopped


def _raise_if_stopped() -> None:
    if is_stopped(_execution.get()):
        raise stepfunctions._ExecutionError("States.Aborted", "the execution was stopped")


def read_map_concurrency() -> None:
    """A Distributed Map's `MaxConcurrencyPath` counts.

    Ministack knows the constant `MaxConcurrency` only, and takes its absence for no limit.
    """
    _require(
        "MaxConcurrencyPath" not in inspect.getsource(stepfunctions._run_distributed_map),
        "stepfunctions._run_distributed_map",
    )
    run = stepfunctions._run_distributed_map

    def run_limited(state: dict[str, Any], raw: Any, effective: Any, *rest: Any) -> Any:
        path = state.get("MaxConcurrencyPath")
        if path is not None:
            most = stepfunctions._resolve_path(path, effective)
            state = {**state, "MaxConcurrency": most}
        return run(state, raw, effective, *rest)

    stepfunctions._run_distributed_map = run_limited


def run_tasks_as_processes(containers: ProcessContainers) -> None:
    """ECS tasks really run, and `ecs:runTask.sync` ends as on AWS.

    Without Docker, ministack says RUNNING for ever. Its `.sync` polls once a second, gives up after
    ten minutes whatever the state's TimeoutSeconds, and succeeds whatever the exit code.
    """
    _require(hasattr(ecs, "_docker"), "ecs._docker")
    _require("range(600)" in inspect.getsource(stepfunctions._poll_ecs_tasks), "_poll_ecs_tasks")
    ecs._docker = containers
    stepfunctions._poll_ecs_tasks = _wait_for_tasks


def _wait_for_tasks(cluster: str, arns: list[str]) -> dict[str, Any]:
    while True:
        time.sleep(_ECS_POLL_S)
        if is_stopped(_execution.get()):
            for arn in arns:
                ecs._stop_task({"cluster": cluster, "task": arn, "reason": "execution stopped"})
        answer: dict[str, Any] = json.loads(
            ecs._describe_tasks({"cluster": cluster, "tasks": arns})[2]
        )
        tasks = answer["tasks"]
        if not all(task["lastStatus"] == "STOPPED" for task in tasks):
            continue
        if any(map(_has_failed, tasks)):
            raise stepfunctions._ExecutionError("States.TaskFailed", json.dumps(tasks[0]))
        return answer


def _has_failed(task: Mapping[str, Any]) -> bool:
    # Ministack says 0 of a container that StopTask has killed; ECS says 137.
    was_stopped = task.get("stopCode") == "UserInitiated"
    return was_stopped or any(container.get("exitCode") for container in task["containers"])


def on_execution_end(report: Callable[[], None]) -> None:
    """Call `report` whenever an execution has ended: no repair, but the moment to save state."""
    emit = stepfunctions._emit_execution_status_event

    def emit_and_report(execution: dict[str, Any]) -> None:
        emit(execution)
        if execution["status"] != "RUNNING":
            report()

    stepfunctions._emit_execution_status_event = emit_and_report


def _edit_worker(old: str, new: str) -> None:
    script: str = lambda_runtime._PYTHON_WORKER_SCRIPT
    _require(script.count(old) == 1, f"the worker script's {old.strip()[:60]!r}")
    lambda_runtime._PYTHON_WORKER_SCRIPT = script.replace(old, new)


def _require(found: object, what: str) -> None:
    if not found:
        raise FleetError(
            f"ministack {version('ministack')} is not the version that testfleet changes: "
            f"it has no {what} as expected",
            hint="install the version in requirements.txt: make setup",
        )
