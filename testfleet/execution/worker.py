"""The worker: one program for Lambda, Fargate and a laptop.

`run_shard` reads its orders, runs them and delivers the result. Whatever the tests do, it reports
and cleans up: nothing that they start outlives the shard, and no result that was reached is lost.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
import traceback

from testfleet.contracts.result import ShardResult, WorkerError, WorkerErrorType
from testfleet.contracts.task import WorkerTask
from testfleet.errors import TestfleetError, UsageError
from testfleet.execution.environments import EnvironmentStoppedError
from testfleet.execution.files import is_disk_full
from testfleet.execution.host import WorkerOptions, this_host
from testfleet.execution.services.errors import ServiceError
from testfleet.execution.task_run import TaskRun
from testfleet.execution.transfer import TransferError, fetch, upload

__all__ = ["WorkerOptions", "main", "run_shard", "run_task"]

TASK_URL = "TESTFLEET_TASK_URL"


def run_shard(task_url: str, options: WorkerOptions | None = None) -> ShardResult:
    """Fetch the task, run it, write the result to its address.

    Raises TransferError when the task cannot be read or the result cannot be written, and
    pydantic's ValidationError when what lies at the address is no task.
    """
    task = WorkerTask.model_validate_json(fetch(task_url))
    result = run_task(task, options)
    upload(task.uploads.result, result.model_dump_json().encode())
    return result


def run_task(task: WorkerTask, options: WorkerOptions | None = None) -> ShardResult:
    """Run one task here. What goes wrong is in the result; progress and log are uploaded."""
    run = TaskRun(task, options or WorkerOptions(), this_host())
    try:
        run.execute()
    except EnvironmentStoppedError as error:
        run.stopped(error.stop)
    except Exception as error:  # noqa: BLE001  the worker's edge: a result is due whatever happens
        run.errors.append(worker_error(error, run.options))
    return run.result()


def worker_error(error: Exception, options: WorkerOptions) -> WorkerError:
    """What the user is told of an exception."""
    if isinstance(error, OSError) and is_disk_full(error):
        root = options.resolved_root()
        return WorkerError(
            type=WorkerErrorType.DISK_FULL,
            message=f"no space is left under {root} ({error}); free some, or set"
            " TESTFLEET_WORK_ROOT to a folder on a larger disk (Lambda: raise the function's"
            " ephemeral storage)",
        )
    if isinstance(error, PermissionError) or getattr(error, "errno", None) == errno.EROFS:
        return WorkerError(
            type=WorkerErrorType.ENVIRONMENT,
            message=f"the worker may not write where it has to ({error}); set TESTFLEET_WORK_ROOT"
            " to a folder of your own",
        )
    if isinstance(error, TestfleetError):
        message = f"{error}; {error.hint}" if error.hint else str(error)
        return WorkerError(type=_kind_of(error), message=message)
    traceback.print_exception(error, file=sys.stderr)  # for the worker's own log only
    return WorkerError(
        type=WorkerErrorType.INTERNAL,
        message=f"the worker failed: {type(error).__name__}: {error}; its log tells more",
    )


def _kind_of(error: TestfleetError) -> WorkerErrorType:
    if isinstance(error, TransferError):
        return WorkerErrorType.INTERNAL
    if isinstance(error, ServiceError):
        return WorkerErrorType.SERVICE
    is_misuse = isinstance(error, UsageError)
    return WorkerErrorType.CONFIGURATION if is_misuse else WorkerErrorType.ENVIRONMENT


def main() -> int:
    """Run the task that the environment names. 0 when its result was delivered."""
    task_url = os.environ.get(TASK_URL)
    if not task_url:
        sys.stderr.write(f"error: {TASK_URL} is not set; it names the task to run\n")
        return 2
    options = WorkerOptions()
    # SIGTERM is Fargate's way to say that the container will be gone in half a minute.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: options.interrupted.set())
    try:
        run_shard(task_url, options)
    except (TestfleetError, ValueError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
