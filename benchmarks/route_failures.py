"""500 failures at once through the emulator: from the end of their runs to who looks at them.

    python -m benchmarks.route_failures [--failures 500] [--runs 10]

The runs end at the same moment, each with its share of the failures. What is executed is the end of
`statemachines/run-tests.asl.json` as it stands: the classifier's endpoint is asked with a task
token, a local model server and SNS answer, and the report groups, classifies, judges and routes. A
failure's time runs from the start of its execution until its route lies in the bucket. The tests
themselves do not run: their results are made up, from causes that are known.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

import psutil

from benchmarks.fresh import own_fleet
from benchmarks.made_failures import made_run
from benchmarks.measure import describe_conditions, guarded, verdict
from testfleet.aws import clients
from testfleet.aws.objects import S3ObjectStore
from testfleet.contracts.base import utc_now
from testfleet.contracts.plan import Compute, Plan, PlannedUnit, Shard
from testfleet.contracts.report import RunReport
from testfleet.contracts.result import (
    Host,
    Outcome,
    ShardResult,
    TestResult,
    UnitResult,
    UnitStatus,
)
from testfleet.contracts.run import ArchiveSource, RunRequest, Trigger, new_run_id
from testfleet.errors import FleetError
from testfleet.local.fleet import Fleet, FleetInfo, point_to_fleet
from testfleet.local.home import FleetHome
from testfleet.local.model_server import ModelServer
from testfleet.local.models import SERVER_VARIABLE, around
from testfleet.workflow.keys import RunKeys
from testfleet.workflow.prepared import PreparedRun
from testfleet.workflow.statemachine import load

LIMIT_S = 30.0
NAME = "route-failures"
ENDPOINT = "testfleet-local-classifier"
ROLE = "arn:aws:iam::000000000000:role/of-a-benchmark"
STATES = ("IsModelAsked", "AskModel", "Report", "RunReported", "ReportFailure", "RunFailed")


def ended_run(objects: S3ObjectStore, number: int, failures: int) -> str:
    """Records of a run whose shards are through; answers its id."""
    now = utc_now()
    request = RunRequest(
        run_id=new_run_id(now + timedelta(seconds=number)), repository=f"made/run-{number}",
        trigger=Trigger.SCHEDULE, requested_at=now,
        source=ArchiveSource(key="sources/none.tar.gz", sha256="0"),
    )  # fmt: skip
    prepared = PreparedRun(
        started_at=now, archive_key="sources/none.tar.gz", sha256="0", original_root=None,
        reuse=True, project_key=f"made-run-{number}",
    )  # fmt: skip
    made = made_run(max(1, failures // 4), failures, seed=number)
    files = sorted({each.failure.file for each in made})
    units = tuple(PlannedUnit(id=file, predicted_s=1, known=True) for file in files)
    shard = Shard(id="r1-0000", profile="local", compute=Compute.LAMBDA, units=units)
    plan = Plan(
        framework="pytest", suite="default", shards=(shard,), workers=1, predicted_s=1,
        lower_bound_s=1, reasons=(),
    )  # fmt: skip
    result = ShardResult(
        run_id=request.run_id, shard_id=shard.id, started_at=now, finished_at=now, attempts=1,
        host=Host(kind="local", name="here", cpu_count=1, memory_mb=1),
        units=tuple(UnitResult(id=file, status=UnitStatus.FINISHED, tests=1) for file in files),
        tests=tuple(
            TestResult(id=each.failure.test, file=each.failure.file, outcome=Outcome.FAILED,
                       duration_s=0.1, message=each.failure.message, longrepr=each.failure.stack)
            for each in made
        ),
    )  # fmt: skip
    keys = RunKeys(request.run_id)
    records = {keys.request: request, keys.prepared: prepared, keys.plan(1): plan,
               keys.result(shard.id): result}  # fmt: skip
    objects.put_many({key: model.model_dump_json().encode() for key, model in records.items()})
    return request.run_id


@contextmanager
def model_server(info: FleetInfo) -> Iterator[None]:
    """A classifier's endpoint that the control function knows."""
    with tempfile.TemporaryDirectory(prefix="model-") as folder:
        server = ModelServer(lambda: around(info.outputs), {ENDPOINT: folder})
        server.start()
        functions = clients.session().client("lambda")
        name = info.outputs["ControlFunctionName"]
        known = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        told = {"Variables": known | {SERVER_VARIABLE: server.url}}
        functions.update_function_configuration(FunctionName=name, Environment=told)
        yield
        server.stop()


def machine(control: str) -> str:
    """The end of the workflow as a state machine; answers its ARN."""
    states: dict[str, Any] = {name: load("run-tests")["States"][name] for name in STATES}
    text = json.dumps({"StartAt": STATES[0], "States": states})
    created = clients.stepfunctions().create_state_machine(
        name=NAME, definition=text.replace("${ControlFunctionArn}", control), roleArn=ROLE
    )
    return created["stateMachineArn"]


def route(objects: S3ObjectStore, arn: str, run_id: str) -> tuple[float, RunReport]:
    """Execute the end of one run; answers the seconds until its report lies there, and it."""
    began = time.monotonic()
    clients.stepfunctions().start_execution(
        stateMachineArn=arn, name=run_id, input=json.dumps({"run_id": run_id, "ask": True})
    )
    while (body := objects.get(RunKeys(run_id).report)) is None:
        if time.monotonic() - began > 10 * LIMIT_S:
            raise FleetError(f"run {run_id} left no report")
        time.sleep(0.05)
    return time.monotonic() - began, RunReport.model_validate_json(body)


def cpu_s(pid: int) -> float:
    """Processor seconds of the fleet, its workers, and of this process, which serves the model."""
    fleet = psutil.Process(pid)
    found = 0.0
    for process in (fleet, *fleet.children(recursive=True), psutil.Process()):
        with suppress(psutil.Error):
            times = process.cpu_times()
            found += times.user + times.system
    return found


def measure(failures: int, runs: int) -> bool:
    """All runs at once; says whether each failure was routed in time."""
    with own_fleet(NAME) as fleet:
        fleet.up()
        info = Fleet(FleetHome(fleet.home)).up()
        point_to_fleet(info)
        objects = S3ObjectStore(clients.s3(), info.outputs["DataBucket"])
        shares = [failures // runs + (at < failures % runs) for at in range(runs)]
        with model_server(info), ThreadPoolExecutor(runs) as pool:
            ids = [ended_run(objects, at, share) for at, share in enumerate(shares)]
            arn = machine(info.outputs["ControlFunctionName"])
            before = cpu_s(info.pid)
            done = list(pool.map(lambda run_id: route(objects, arn, run_id), ids))
            spent = cpu_s(info.pid) - before
    times, models, causes = [], set[str](), 0
    for seconds, report in done:
        routed = [each for each in report.clusters if each.route and each.classification]
        models |= {each.classification.model for each in routed if each.classification}
        causes += len(routed)
        times += [seconds] * sum(each.count for each in routed)
    times.sort()
    met = len(times) == failures and times[-1] <= LIMIT_S
    share = {p: times[min(len(times) - 1, int(len(times) * p / 100))] for p in (50, 99)}
    print(
        f"{len(times)} of {failures} failures of {runs} runs routed, {causes} causes, by "
        f"{', '.join(sorted(models))}: p50 {share[50]:.1f} s, p99 {share[99]:.1f} s, last "
        f"{times[-1]:.1f} s, {spent:.0f} s of processor time; within {LIMIT_S:.0f} s: "
        f"{verdict(met=met)}"
    )
    return met


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--failures", type=int, default=500)
    parser.add_argument("--runs", type=int, default=10)
    options = parser.parse_args()
    print(f"{describe_conditions()}\n", flush=True)
    return 0 if measure(options.failures, options.runs) else 1


if __name__ == "__main__":
    sys.exit(guarded(main))
