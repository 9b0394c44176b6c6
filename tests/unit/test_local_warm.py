"""Which Lambda workers are kept."""

import time

import pytest
from ministack.core import lambda_runtime

from testfleet.config import load_environment
from testfleet.local.info import FleetInfo
from testfleet.local.warm import end_idle_workers

LONG_AGO = time.time() - 3600
SLOTS = load_environment("local").fleet.workers


@pytest.fixture
def info():
    outputs = {"ControlFunctionName": "control", "WorkerFunctionName": "worker", "DataBucket": "b"}
    return FleetInfo(
        endpoint_url="http://127.0.0.1:9",
        region="us-east-1",
        pid=1,
        outputs=outputs,
        stacks=(),
        application="x",
    )


@pytest.fixture
def pool(monkeypatch):
    """Makes idle workers of a function; answers the pool of all."""
    pools = {}
    monkeypatch.setattr(lambda_runtime, "_workers", pools)

    def add(function, count, *, last_used=LONG_AGO, in_use=False):
        for _ in range(count):
            worker = lambda_runtime.Worker(function, {}, b"")
            worker.last_used, worker.in_use = last_used, in_use
            pools.setdefault(function, []).append(worker)
        return pools[function]

    return add


def test_what_a_run_needs_is_kept_however_long_it_idles(info, pool):
    control, workers = pool("control", 1), pool("worker", SLOTS)
    end_idle_workers(info)
    assert (len(control), len(workers)) == (1, SLOTS)


def test_more_than_a_run_needs_is_ended(info, pool):
    control, workers, webhook = pool("control", 3), pool("worker", SLOTS + 2), pool("webhook", 1)
    end_idle_workers(info)
    assert (len(control), len(workers), len(webhook)) == (1, SLOTS, 0)


def test_what_works_or_has_just_worked_is_kept(info, pool):
    busy = pool("webhook", 2, in_use=True)
    recent = pool("start", 2, last_used=time.time())
    end_idle_workers(info)
    assert (len(busy), len(recent)) == (2, 2)


def test_without_an_application_nothing_is_needed(pool):
    workers = pool("worker", 2)
    end_idle_workers(None)
    assert workers == []
