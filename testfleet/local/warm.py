"""Starts Lambda workers before they are needed, as provisioned concurrency does on AWS."""

from __future__ import annotations

import logging
import threading

from ministack.core import lambda_runtime
from ministack.core.responses import request_scope
from ministack.services import lambda_svc

from testfleet.config import load_environment
from testfleet.local.environment import ACCOUNT
from testfleet.local.info import FleetInfo

_log = logging.getLogger(__name__)


def warm_functions(info: FleetInfo) -> None:
    """Start one worker of the control function and one of the worker function for each slot."""
    slots = load_environment("local").fleet.workers
    wanted = (("ControlFunctionName", 1), ("WorkerFunctionName", slots))
    for output, count in wanted:
        if output in info.outputs:
            _warm(info.outputs[output], info.region, count)


def warm_in_background(info: FleetInfo) -> None:
    """The same, in a thread."""
    threading.Thread(target=warm_functions, args=(info,), name="warm", daemon=True).start()


def _warm(function: str, region: str, count: int) -> None:
    with request_scope(ACCOUNT, region):
        record, config, _ = lambda_svc._get_func_record_for_ref(function)
        if not record or not record.get("code_zip"):
            return
        qualifier = config.get("Version", "$LATEST")
        leased = [
            lambda_runtime.acquire_worker(function, config, record["code_zip"], qualifier)[0]
            for _ in range(count)
        ]
        lambda_svc._ensure_reaper_thread()
    for worker in leased:
        try:
            lambda_runtime.ensure_spawned(worker)
        except Exception as exc:  # noqa: BLE001 - the first invocation says what is wrong, in full
            _log.warning("%s could not be warmed: %s", function, exc)
        finally:
            lambda_runtime.release_worker(worker)
