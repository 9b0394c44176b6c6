"""Starts Lambda workers before they are needed, and ends those that nobody needs any more."""

from __future__ import annotations

import logging
import threading
import time
from typing import Any

from ministack.core import lambda_runtime
from ministack.core.responses import request_scope
from ministack.services import lambda_svc

from testfleet.config import load_environment
from testfleet.local.environment import ACCOUNT
from testfleet.local.info import FleetInfo

_log = logging.getLogger(__name__)

_IDLE_LIMIT_S = 20.0
_UNNEEDED_LIMIT_S = 1.0
"""Of functions that no run waits for: what starts a repair, or hears of one delivery a day."""


def warm_in_background(info: FleetInfo) -> None:
    """Start the workers that a run needs.

    An invocation that comes before its worker is ready waits for that one and starts no other.
    """
    for function, count in _needed(info).items():
        for worker in _reserve(function, info.region, count):
            threading.Thread(target=_spawn, args=(worker,), name="warm", daemon=True).start()


def end_idle_workers(info: FleetInfo | None) -> None:
    """End idle workers beyond those that a run needs.

    Ministack keeps the first worker of each function for ever, and ends the others after one time
    for all, so that the second run of a quiet hour would wait for its workers.
    """
    needed = _needed(info) if info else {}
    idle: list[Any] = []
    with lambda_runtime._lock:
        for workers in lambda_runtime._workers.values():
            for worker in workers[::-1]:
                count = needed.get(worker.func_name, 0)
                limit_s = _IDLE_LIMIT_S if count else _UNNEEDED_LIMIT_S
                is_idle = time.time() - worker.last_used > limit_s and not worker.in_use
                if is_idle and len(workers) > count:
                    workers.remove(worker)
                    idle.append(worker)
    lambda_runtime.kill_workers(idle)


def _needed(info: FleetInfo) -> dict[str, int]:
    slots = load_environment("local").fleet.workers
    counts = {"ControlFunctionName": 1, "WorkerFunctionName": slots}
    return {info.outputs[name]: count for name, count in counts.items() if name in info.outputs}


def _reserve(function: str, region: str, count: int) -> list[Any]:
    with request_scope(ACCOUNT, region):
        record, config, _ = lambda_svc._get_func_record_for_ref(function)
        if not record or not record.get("code_zip"):
            return []
        qualifier = config.get("Version", "$LATEST")
        workers = [
            lambda_runtime.acquire_worker(function, config, record["code_zip"], qualifier)[0]
            for _ in range(count)
        ]
    for worker in workers:
        lambda_runtime.release_worker(worker)
    lambda_svc._ensure_reaper_thread()
    return workers


def _spawn(worker: Any) -> None:
    try:
        lambda_runtime.ensure_spawned(worker)
    except Exception as exc:  # noqa: BLE001 - the first invocation says what is wrong, in full
        _log.warning("%s could not be warmed: %s", worker.func_name, exc)
