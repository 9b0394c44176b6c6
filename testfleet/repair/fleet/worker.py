"""The repair worker: the same host, tree, environment and limits as for a shard, another job.

It holds no permissions: it reads its orders from one presigned address and writes its result to
another. Candidates are hostile code, and run as `testfleet fix` runs them at home: in a private
copy, confined, within limits of time and memory.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from testfleet.contracts.base import utc_now
from testfleet.contracts.repair_work import RepairTask, SliceResult
from testfleet.contracts.result import WorkerError
from testfleet.contracts.task import BuiltEnvironment
from testfleet.errors import TestfleetError
from testfleet.execution.environments import Builder, built_interpreter, named_interpreter
from testfleet.execution.guardian import Guardian
from testfleet.execution.host import (
    MARKER,
    WorkerOptions,
    base_environment,
    memory_for_tests_mb,
    this_host,
)
from testfleet.execution.launch import Events
from testfleet.execution.log import BoundedLog
from testfleet.execution.processes import Family, become_subreaper
from testfleet.execution.supervisor import Stop, Supervisor
from testfleet.execution.transfer import fetch, upload
from testfleet.execution.worker import TASK_URL, worker_error
from testfleet.execution.workspace import Workspace, temporary_for, workspace
from testfleet.repair.fleet.slice_run import SliceRun
from testfleet.repair.project import Project

_LOG_BYTES: Final = 1 << 20
_GUARDIAN: Final = Guardian()


def run_repair(task_url: str, options: WorkerOptions | None = None) -> SliceResult:
    """Fetch the orders, search or decide, write the result to its address.

    Raises TransferError when the orders cannot be read or the result cannot be written, and
    pydantic's ValidationError when what lies at the address are no orders.
    """
    task = RepairTask.model_validate_json(fetch(task_url))
    result = run_task(task, options or WorkerOptions())
    upload(task.work.uploads.result, result.model_dump_json().encode())
    return result


def run_task(task: RepairTask, options: WorkerOptions) -> SliceResult:
    """Do what the orders say. What goes wrong is in the result."""
    began = utc_now()
    run = SliceRun(task, options)
    errors: list[WorkerError] = []
    try:
        with _project(task, options) as project:
            run.execute(project)
    except Exception as error:  # noqa: BLE001  the worker's edge: a result is due whatever happens
        errors.append(worker_error(error, options))
    return SliceResult(
        repair_id=task.repair_id,
        cluster=task.cluster,
        slice=task.slice,
        started_at=began,
        finished_at=utc_now(),
        report=run.report,
        candidates=tuple(run.candidates),
        files=tuple(run.files),
        whole_suite=run.whole_suite,
        errors=tuple(errors),
    )


@contextmanager
def _project(task: RepairTask, options: WorkerOptions) -> Iterator[Project]:
    """The tree and its interpreter. Whatever the job starts is ended with it."""
    marker = f"{task.repair_id}/{task.cluster}/{task.slice}"
    family = Family(marker)
    become_subreaper()
    _GUARDIAN.guard(marker)
    notes: list[str] = []
    try:
        with (
            workspace(task.work, options.resolved_root()) as place,
            temporary_for(place.state, task.work.env, notes) as temporary,
        ):
            variables = _variables(task, str(temporary), marker)
            with _interpreter(task, place, variables, options) as (python, more):
                yield _described(task, place, python, {**variables, **more})
    finally:
        family.end()
        _GUARDIAN.release(marker)


@contextmanager
def _interpreter(
    task: RepairTask, place: Workspace, variables: dict[str, str], options: WorkerOptions
) -> Iterator[tuple[str, dict[str, str]]]:
    """Path of the interpreter, and variables that come with it."""
    spec = task.work.environment
    if not isinstance(spec, BuiltEnvironment):
        found = named_interpreter(task.work, spec, variables.get("PATH", os.defpath))
        yield found.python, found.variables
        return
    log, events = BoundedLog(place.state / "log", _LOG_BYTES), Events(place.state / "events")
    try:
        supervisor = Supervisor(
            family=Family(variables[MARKER]),
            events=events,
            log=log,
            memory_mb=task.work.limits.memory_mb,
            order=lambda: Stop.INTERRUPTED if options.interrupted.is_set() else None,
            note_memory=lambda _megabytes: None,
        )
        manifest = place.state / "manifest.json"
        builder = Builder(place.tree, manifest, variables, supervisor, task.work.limits.file_mb)
        with built_interpreter(spec, options.resolved_root(), builder) as found:
            yield found.python, found.variables
    finally:
        events.close()
        log.close()


def _variables(task: RepairTask, temporary: str, marker: str) -> dict[str, str]:
    # With a PATH of its own, the task brings the whole environment of home.
    own = task.work.env
    variables = {} if "PATH" in own else base_environment(this_host(), os.environ)
    if not os.access(variables.get("HOME", "/"), os.W_OK):  # as in Lambda
        variables["HOME"] = temporary
    return {**variables, **own, "TMPDIR": temporary, MARKER: marker}


def _described(
    task: RepairTask, place: Workspace, python: str, variables: dict[str, str]
) -> Project:
    limits = task.work.limits
    return Project(
        root=place.tree,
        files=tuple(_files(place)),
        python=python,
        args=task.work.framework_args,
        env=variables,
        folder=task.work.root,
        memory_mb=memory_for_tests_mb(this_host(), limits.memory_mb),
    )


def _files(place: Workspace) -> Iterator[str]:
    """Everything in the tree, what the set-up has made in it included, but no bytecode."""
    for folder, subfolders, names in os.walk(place.tree):
        subfolders[:] = sorted(name for name in subfolders if name not in ("__pycache__", ".git"))
        inside = os.path.relpath(folder, place.tree)
        prefix = "" if inside == "." else f"{inside}/"
        yield from (f"{prefix}{name}" for name in sorted(names))


def main() -> int:
    """Do the job that the environment names. 0 when its result was delivered."""
    task_url = os.environ.get(TASK_URL)
    if not task_url:
        sys.stderr.write(f"error: {TASK_URL} is not set; it names the job\n")
        return 2
    options = WorkerOptions()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: options.interrupted.set())
    try:
        run_repair(task_url, options)
    except (TestfleetError, ValueError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
