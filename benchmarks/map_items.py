"""Ten thousand shards through the workflow's own Distributed Map, on the emulator.

    python -m benchmarks.map_items [--shards 10000]

`RunShards` is taken from `statemachines/run-tests.asl.json` as it stands; only the worker's
function is another one, which answers at once. So what is measured is the way of a shard through
the Map: that none is lost or run twice, that no state's payload grows with their number, and what a
shard costs beyond its worker's own time.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import tempfile
import time
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.fresh import own_fleet
from benchmarks.measure import describe_conditions, guarded, verdict
from testfleet.aws import clients
from testfleet.config import ROOT
from testfleet.errors import FleetError
from testfleet.local.fleet import Fleet, point_to_fleet
from testfleet.local.home import FleetHome
from testfleet.workflow.statemachine import load

PAYLOAD_LIMIT_BYTES = 256 * 1024
LIMIT_S = 1800.0
ROLE = "arn:aws:iam::000000000000:role/of-a-benchmark"
ITEMS = "runs/benchmark/items.jsonl"
NAME = "map-items"

_WORKER = """
def handler(event, context):
    with open(event["task_url"], "a") as log:
        log.write(event["shard_id"] + "\\n")
    return {"shard_id": event["shard_id"]}
"""


def machine(worker: str, bucket: str, concurrency: int) -> dict[str, Any]:
    """A state machine of the Map alone, with a worker that answers at once."""
    state = load("run-tests")["States"]["RunShards"]
    state["MaxConcurrency"] = concurrency
    state["ItemReader"]["Parameters"]["Bucket"] = bucket
    state["ItemProcessor"]["States"]["RunOnLambda"]["Parameters"]["FunctionName"] = worker
    del state["Next"], state["Catch"]
    return {"StartAt": "RunShards", "States": {"RunShards": state | {"End": True}}}


def create_worker() -> str:
    """The function in place of the worker; answers its name."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("h.py", _WORKER)
    clients.session().client("lambda").create_function(
        FunctionName=NAME,
        Runtime="python3.12",
        Handler="h.handler",
        Role=ROLE,
        Code={"ZipFile": packed.getvalue()},
    )
    return NAME


def items(count: int, log: Path) -> bytes:
    """The Map's input, one line a shard."""
    lines = (
        {"shard_id": f"r1-{at:05}", "run_id": "x", "compute": "lambda", "task_url": str(log)}
        for at in range(count)
    )
    return "".join(json.dumps(line) + "\n" for line in lines).encode()


def execute(definition: dict[str, Any]) -> tuple[float, int]:
    """Run it to its end; answers seconds and the largest payload of a state in bytes."""
    states = clients.stepfunctions()
    arn = states.create_state_machine(name=NAME, definition=json.dumps(definition), roleArn=ROLE)[
        "stateMachineArn"
    ]
    began = time.monotonic()
    execution = states.start_execution(
        stateMachineArn=arn, input=json.dumps({"run_id": "x", "items_key": ITEMS})
    )["executionArn"]
    while (found := states.describe_execution(executionArn=execution))["status"] == "RUNNING":
        if time.monotonic() - began > LIMIT_S:
            raise FleetError(f"the Map did not end within {LIMIT_S:g} s")
        time.sleep(0.2)
    if found["status"] != "SUCCEEDED":
        raise FleetError(f"the Map ended {found['status']}: {found.get('cause', '')}")
    largest = max(len(found["input"]), len(found.get("output", "")))
    return time.monotonic() - began, largest


def measure(count: int, concurrency: int) -> bool:
    """One Map; says whether every shard ran once and the payload stayed small."""
    with own_fleet(NAME) as fleet, tempfile.TemporaryDirectory(prefix="map-") as folder:
        fleet.up()
        info = Fleet(FleetHome(fleet.home)).up()
        point_to_fleet(info)
        bucket, log = info.outputs["DataBucket"], Path(folder, "log")
        log.touch()
        clients.s3().put_object(Bucket=bucket, Key=ITEMS, Body=items(count, log))
        seconds, largest = execute(machine(create_worker(), bucket, concurrency))
        ran = Counter(log.read_text("utf-8").split())
    twice = sum(times > 1 for times in ran.values())
    met = len(ran) == count and not twice and largest < PAYLOAD_LIMIT_BYTES
    print(
        f"{count} shards, {concurrency} at a time: {seconds:.1f} s,"
        f" {seconds / count * 1000:.1f} ms a shard; lost {count - len(ran)}, twice {twice};"
        f" largest payload {largest} bytes of {PAYLOAD_LIMIT_BYTES}: {verdict(met=met)}"
    )
    return met


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--shards", type=int, default=10_000)
    parser.add_argument("--concurrency", type=int, default=8)
    options = parser.parse_args()
    print(f"{describe_conditions()}, checkout {ROOT.name}\n", flush=True)
    return 0 if measure(options.shards, options.concurrency) else 1


if __name__ == "__main__":
    sys.exit(guarded(main))
