"""Thousands of shards through the workflow's own Distributed Map, on the emulator.

    python -m benchmarks.map_items [--shards 100 500 1000 10000]

`RunShards` is taken from `statemachines/run-tests.asl.json` as it stands; only the worker's
function is another one, which answers at once. So what is measured is the way of a shard through
the Map: that none is lost or run twice, that no state's payload grows with their number, what a
shard costs beyond its worker's own time, and how long one waits for its worker although there is a
free one: from the end of the shard that has made room, or from the start of the Map, to its start.
"""

from __future__ import annotations

import argparse
import io
import json
import statistics
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
OVERHEAD_S, ROUTING_S = 0.1, 0.5
ROLE = "arn:aws:iam::000000000000:role/of-a-benchmark"
ITEMS = "runs/benchmark/items.jsonl"
NAME = "map-items"

_WORKER = """
import time

def handler(event, context):
    began = time.time()
    time.sleep(0.02)
    with open(event["task_url"], "a") as log:
        log.write(f"{event['shard_id']} {began:.6f} {time.time():.6f}\\n")
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


def execute(definition: dict[str, Any], name: str = NAME) -> tuple[float, int]:
    """Run it to its end; answers seconds and the largest payload of a state in bytes."""
    states = clients.stepfunctions()
    made = states.create_state_machine(name=name, definition=json.dumps(definition), roleArn=ROLE)
    arn = made["stateMachineArn"]
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
        definition = machine(create_worker(), bucket, concurrency)
        # Starting a worker is what `benchmarks.fleet` measures.
        few = items(4 * concurrency, Path(folder, "warm-up"))
        clients.s3().put_object(Bucket=bucket, Key=ITEMS, Body=few)
        execute(definition, f"{NAME}-warm-up")
        clients.s3().put_object(Bucket=bucket, Key=ITEMS, Body=items(count, log))
        began = time.time()
        seconds, largest = execute(definition)
        lines = [line.split() for line in log.read_text("utf-8").splitlines()]
    ran = Counter(name for name, _, _ in lines)
    twice = sum(times > 1 for times in ran.values())
    times = [(float(start), float(end)) for _, start, end in lines]
    own_s = sum(end - start for start, end in times)
    overhead_s = (seconds * min(concurrency, count) - own_s) / count
    p99_s = statistics.quantiles(waits(times, began, concurrency), n=100)[98]
    met = len(ran) == count and not twice and largest < PAYLOAD_LIMIT_BYTES
    print(
        f"{count} shards, {concurrency} at a time: {seconds:.1f} s;"
        f" lost {count - len(ran)}, twice {twice};"
        f" largest payload {largest} bytes of {PAYLOAD_LIMIT_BYTES}: {verdict(met=met)}"
    )
    is_quick = overhead_s <= OVERHEAD_S
    print(
        f"  {overhead_s * 1000:.1f} ms of a place in the Map beyond the worker's own time, asked"
        f" at most {OVERHEAD_S * 1000:g}: {verdict(met=is_quick)}"
    )
    is_near = p99_s <= ROUTING_S
    print(
        f"  routing: {p99_s * 1000:.0f} ms (p99) from a free place to the worker's start, asked"
        f" less than {ROUTING_S * 1000:g}: {verdict(met=is_near)}",
        flush=True,
    )
    return met and is_quick and is_near


def waits(times: list[tuple[float, float]], began: float, concurrency: int) -> list[float]:
    """Seconds that each shard has waited for its worker while there was a place for it."""
    starts = sorted(start for start, _ in times)
    free = [began] * concurrency + sorted(end for _, end in times)
    return [max(0.0, start - place) for start, place in zip(starts, free, strict=False)]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--shards", type=int, nargs="+", default=[100, 500, 1000, 10_000])
    parser.add_argument("--concurrency", type=int, default=8)
    options = parser.parse_args()
    print(f"{describe_conditions()}, checkout {ROOT.name}\n", flush=True)
    met = [measure(count, options.concurrency) for count in options.shards]
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(guarded(main))
