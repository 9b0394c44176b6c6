"""A hundred repairs at once through `repair-failure`, with workers that die, on the emulator.

    python -m benchmarks.repairs_at_once [--repairs 120] [--at-once 100] [--kill 5]

One red run has as many causes. The machine is `statemachines/repair-failure.asl.json` as it stands
but for the number at once, which the laptop's configuration keeps small; every control step is the
real one. Only the worker's function is another one: it takes the place of searches, which would
measure the search, sleeps for a second, and dies where it is told. So what is measured is the
workflow: that every cause gets its verdict, that the urgent come first, what a death costs beyond
what it has killed, and how long a decision waits after the last validation.
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
from pathlib import Path

from benchmarks.fresh import own_fleet
from benchmarks.measure import describe_conditions, guarded, verdict
from testfleet.aws import clients
from testfleet.aws.executions import StepFunctionsExecutions
from testfleet.aws.objects import S3ObjectStore
from testfleet.config import ROOT
from testfleet.contracts.base import utc_now
from testfleet.contracts.repair_work import RepairBudget, RepairRequest, RepairSummary
from testfleet.errors import FleetError
from testfleet.local.fleet import Fleet, point_to_fleet
from testfleet.local.home import FleetHome
from testfleet.workflow.repairs.keys import RepairKeys
from testfleet.workflow.repairs.starting import RepairLauncher

NAME = "repairs-at-once"
LIMIT_S = 1200.0
WORK_S = 1.0
DECIDING_S, DEATH_SHARE = 30.0, 0.05
ROLE = "arn:aws:iam::000000000000:role/of-a-benchmark"

_WORKER = """
import datetime, json, os, time, urllib.request

CANDIDATE = {
    "engine": "rewrite", "template": "t", "path": "code.py", "line": 1, "suspiciousness": 1.0,
    "edits": [{"path": "code.py", "start": 0, "end": 0, "text": "# x"}],
}

def now():
    return datetime.datetime.now(datetime.timezone.utc).isoformat()

def handler(event, context):
    began = now()
    open_url = urllib.request.build_opener(urllib.request.ProxyHandler({})).open
    task = json.load(open_url(event["task_url"]))
    time.sleep(WORK_S)
    marker = os.path.join(FOLDER, event["cluster"])
    if event["slice"] != "judge" and os.path.exists(marker):
        os.rename(marker, marker + ".dead")
        os._exit(9)
    names = ("repair_id", "cluster", "slice")
    result = {name: event[name] for name in names} | {"started_at": began, "finished_at": now()}
    if event["slice"] == "judge":
        result["report"] = {"status": "suggested", "reason": "a benchmark"}
    else:
        result["candidates"] = [CANDIDATE]
    body = json.dumps(result).encode()
    put = urllib.request.Request(task["work"]["uploads"]["result"], body, method="PUT")
    put.add_header("Content-Type", "")
    open_url(put).read()
    return {"slice": event["slice"]}
"""


def write_project(root: Path, causes: int) -> None:
    """A suite with so many causes of failure, each in a function of its own."""
    code = "".join(
        f"def part_{n}():\n    raise LookupError('part {n}')\n\n\n" for n in range(causes)
    )
    tests = "".join(f"def test_{n}():\n    code.part_{n}()\n\n\n" for n in range(causes))
    root.mkdir()
    (root / "code_parts.py").write_text(code, "utf-8")
    (root / "test_parts.py").write_text(f"import code_parts as code\n\n\n{tests}", "utf-8")


def create_worker(folder: Path) -> str:
    """The function in place of the worker; answers its name."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("h.py", f"FOLDER = {str(folder)!r}\nWORK_S = {WORK_S}\n{_WORKER}")
    clients.session().client("lambda").create_function(
        FunctionName=NAME,
        Runtime="python3.12",
        Handler="h.handler",
        Role=ROLE,
        Code={"ZipFile": packed.getvalue()},
    )
    return NAME


def create_machine(arn: str, real_worker: str, worker: str, at_once: int) -> str:
    """The deployed machine with another worker; answers its ARN."""
    states = clients.stepfunctions()
    text = states.describe_state_machine(stateMachineArn=arn)["definition"]
    definition = json.loads(text.replace(f":{real_worker}", f":{worker}"))
    repairs = definition["States"]["RepairClusters"]
    del repairs["MaxConcurrencyPath"]
    repairs["MaxConcurrency"] = at_once
    made = states.create_state_machine(name=NAME, definition=json.dumps(definition), roleArn=ROLE)
    return made["stateMachineArn"]


def wait_for(objects: S3ObjectStore, repair_id: str) -> RepairSummary:
    """The summary, once it is there."""
    end = time.monotonic() + LIMIT_S
    while (body := objects.get(RepairKeys(repair_id).summary)) is None:
        if time.monotonic() > end:
            raise FleetError(f"the repairs did not end within {LIMIT_S:g} s")
        time.sleep(0.5)
    return RepairSummary.model_validate_json(body)


def measure(options: argparse.Namespace) -> bool:
    """One repair of all causes; says whether every target is met."""
    with own_fleet(NAME) as fleet, tempfile.TemporaryDirectory(prefix="repairs-") as folder:
        fleet.up()
        info = Fleet(FleetHome(fleet.home)).up()
        project, report = Path(folder, "project"), Path(folder, "report.json")
        write_project(project, options.repairs)
        fleet.command("run", project, "--report", report, log=Path(folder, "run.txt"))
        run = json.loads(report.read_text("utf-8"))
        point_to_fleet(info)
        causes = [cluster["id"] for cluster in run["clusters"]]
        for cluster in causes[: options.kill]:
            Path(folder, cluster).touch()
        worker, arn = create_worker(Path(folder)), info.outputs["RepairStateMachineArn"]
        machine = create_machine(arn, info.outputs["WorkerFunctionName"], worker, options.at_once)
        objects = S3ObjectStore(clients.s3(), info.outputs["DataBucket"])
        executions = StepFunctionsExecutions(clients.stepfunctions(), machine, subject="repair_id")
        request = RepairRequest(
            repair_id=f"{run['run_id']}-bench",
            run_id=run["run_id"],
            requested_at=utc_now(),
            engines=("rewrite",),
            budget=RepairBudget(slices=1, seconds=30),
        )
        began = time.monotonic()
        RepairLauncher(objects, executions).launch(request)
        summary = wait_for(objects, request.repair_id)
        return judge(options, causes, summary, time.monotonic() - began)


def judge(
    options: argparse.Namespace, causes: list[str], summary: RepairSummary, seconds: float
) -> bool:
    """Print each target beside what was reached."""
    verdicts = summary.verdicts
    lost = sum(each.lost for each in verdicts)
    whole = len(verdicts) == len(causes) and all(
        each.report.reason == "a benchmark" for each in verdicts
    )
    print(
        f"{len(causes)} repairs, {options.at_once} at once: {seconds:.1f} s;"
        f" {len(verdicts)} verdicts, {lost} workers killed and replaced, asked"
        f" {min(options.kill, len(causes))}: {verdict(met=whole and lost == options.kill)}"
    )
    # A killed search is a second of work that is done twice; anything more is the workflow's.
    work_s = WORK_S * (2 * len(causes) + lost)
    share = WORK_S * lost / work_s
    print(
        f"  done twice because of a death: {share:.1%} of the workers' time, asked less than"
        f" {DEATH_SHARE:.0%}: {verdict(met=share < DEATH_SHARE)}"
    )
    waited = [each.deciding_s for each in verdicts]
    slowest = max(waited, default=0.0)
    print(
        f"  decision after the last validation: median {statistics.median(waited):.1f} s, slowest"
        f" {slowest:.1f} s, asked at most {DECIDING_S:g}: {verdict(met=slowest <= DECIDING_S)}",
        flush=True,
    )
    return whole and lost == options.kill and share < DEATH_SHARE and slowest <= DECIDING_S


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--repairs", type=int, default=120, help="causes of the run")
    parser.add_argument("--at-once", type=int, default=100, help="repaired at the same time")
    parser.add_argument("--kill", type=int, default=5, help="searches whose worker dies")
    options = parser.parse_args()
    print(f"{describe_conditions()}, checkout {ROOT.name}\n", flush=True)
    return 0 if measure(options) else 1


if __name__ == "__main__":
    sys.exit(guarded(main))
