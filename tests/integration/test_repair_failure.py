"""repair-failure.asl.json executed by the emulator as it stands, its failure branches too."""

import os
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest

from testfleet.aws import clients
from testfleet.aws.executions import StepFunctionsExecutions
from testfleet.cli.client import Client
from testfleet.cli.follow import Follower
from testfleet.cli.request import RunOptions, draft_run
from testfleet.config import load_environment
from testfleet.contracts.base import utc_now
from testfleet.contracts.repair import FixStatus
from testfleet.contracts.repair_work import RepairBudget, RepairRequest, RepairSummary
from testfleet.contracts.run import Mode
from testfleet.workflow.repairs.keys import RepairKeys
from testfleet.workflow.repairs.starting import RepairLauncher
from testfleet.workflow.statemachine import render

IDENTITY = ["-c", "user.name=ann", "-c", "user.email=ann@example.org"]
CODE = """\
def first_at_least(items, limit):
    low, high = 0, len(items)
    while low < high:
        middle = (low + high) // 2
        if items[middle] <= limit:
            low = middle + 1
        else:
            high = middle
    return low
"""
TESTS = """\
import pytest

from search import first_at_least


@pytest.mark.parametrize(
    "items, limit, found",
    [([1, 2, 3], 2, 1), ([1, 3, 5], 2, 1), ([1, 2, 2, 5], 2, 1), ([], 3, 0), ([5, 6], 9, 2)],
)
def test_first(items, limit, found):
    assert first_at_least(items, limit) == found


def test_beyond_repair():
    assert 1 == 2
"""
AUTOMATIC = (
    '[repair]\nautomatic = true\nengines = ["rewrite"]\n[repair.budget]\nslices = 2\nseconds = 30\n'
)
BUDGET = RepairBudget(seconds=20, slices=1)


@pytest.fixture
def client(fleet):
    return Client(load_environment("local"), fleet.outputs)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    root = tmp_path_factory.mktemp("repaired")
    (root / "search.py").write_text(CODE)
    (root / "test_search.py").write_text(TESTS)
    (root / "testfleet.toml").write_text(AUTOMATIC)
    (root / "CODEOWNERS").write_text("*.py @owner\n")
    for command in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run(["git", *IDENTITY, *command], cwd=root, check=True)
    return root


@pytest.fixture(scope="module")
def red(fleet, project):
    """A red run."""
    client = Client(load_environment("local"), fleet.outputs)
    asked = {
        "path": project, "suite": None, "shards": 1, "mode": Mode.FULL, "keep_going": True,
        "framework_args": (), "env": "local",
    }  # fmt: skip
    run_id = draft_run(RunOptions(**asked)).submit(client).run_id
    follower = Follower(run_id, client.objects, client.executions)
    for _ in follower.follow(timeout_s=120):
        pass
    return follower.view.report


def wait(client, repair_id, limit_s=120):
    end = time.monotonic() + limit_s
    key = RepairKeys(repair_id).summary
    while (body := client.objects.get(key)) is None:
        assert time.monotonic() < end, "the repair left no summary in time"
        time.sleep(0.05)
    return RepairSummary.model_validate_json(body)


def start(client, red, name, executions=None, **values):
    request = RepairRequest(
        repair_id=f"{red.run_id}-{name}",
        run_id=red.run_id,
        requested_at=utc_now(),
        **{"budget": BUDGET, "engines": ("rewrite",), **values},
    )
    RepairLauncher(client.objects, executions or client.repairs).launch(request)
    return request.repair_id


def cluster_with(red, word):
    [found] = {failure.cluster for failure in red.failures if word in failure.test}
    return found


def machine_with(fleet, name, **changes):
    """repair-failure.asl.json as a machine of its own, with something wrong around it."""
    account = ":".join(fleet.outputs["StateMachineArn"].split(":")[3:5])
    functions = f"arn:aws:lambda:{account}:function"
    worker = fleet.outputs["WorkerFunctionName"]
    right = {
        "RepairFunctionArn": f"{functions}:{worker.removesuffix('worker')}repair",
        "WorkerFunctionArn": f"{functions}:{worker}",
        "DataBucket": fleet.outputs["DataBucket"], "ClusterArn": "c",
        "TaskDefinitionArn": "t", "WorkerContainer": "w", "SubnetA": "a", "SubnetB": "b",
        "SecurityGroup": "s", "AssignPublicIp": "DISABLED",
    }  # fmt: skip
    machine = clients.stepfunctions().create_state_machine(
        name=name,
        definition=render("repair-failure", right | changes),
        roleArn="arn:aws:iam::000000000000:role/any",
    )
    client, arn = clients.stepfunctions(), machine["stateMachineArn"]
    return StepFunctionsExecutions(client, arn, subject="repair_id")


def test_a_red_run_is_repaired_by_itself_with_a_pull_request_for_what_is_proved(
    client, red, fleet, project
):
    summary = wait(client, f"{red.run_id}-auto")
    verdicts = {verdict.cluster: verdict for verdict in summary.verdicts}
    fixed = verdicts[cluster_with(red, "test_first")]
    assert fixed.report.status is FixStatus.FIXED
    assert "+        if items[middle] < limit:\n" in fixed.report.patch
    assert fixed.pull_request.state == "open"
    assert fixed.pull_request.reviewers == ("@owner", "ann@example.org")
    [remote] = Path(os.environ["TESTFLEET_HOME"], "pulls").glob("*.git")
    show = ["git", "show", f"{fixed.pull_request.branch}:search.py"]
    shown = subprocess.check_output(show, cwd=remote, text=True)
    assert shown == CODE.replace("<= limit", "< limit")
    hopeless = verdicts[cluster_with(red, "test_beyond_repair")]
    assert hopeless.report.status is FixStatus.NOT_FIXED
    assert hopeless.pull_request is None
    assert summary.usd > 0


def worker_of(repair_id):
    """The process that runs a repair's worker: the parent of its fork server."""
    for process in psutil.process_iter(["environ", "cmdline"]):
        marker = (process.info["environ"] or {}).get("TESTFLEET_TASK_ID", "")
        is_server = any("inside/start.py" in part for part in process.info["cmdline"] or [])
        if marker.startswith(f"{repair_id}/") and is_server:
            return process.parent()
    return None


def test_a_worker_that_dies_costs_its_share_and_what_mended_it_before_is_tried_first(client, red):
    cluster = cluster_with(red, "test_first")
    wait(client, f"{red.run_id}-auto")
    repair_id = start(client, red, "killed", clusters=(cluster,), pull_request=False)
    end = time.monotonic() + 60
    while (victim := worker_of(repair_id)) is None:
        assert time.monotonic() < end, "no worker has begun"
        time.sleep(0.02)
    victim.send_signal(signal.SIGKILL)
    [verdict] = wait(client, repair_id).verdicts
    assert verdict.report.status is FixStatus.FIXED
    assert verdict.report.engine == "memory"
    assert verdict.lost == 1
    assert verdict.pull_request is None


def test_workers_that_cannot_be_reached_leave_a_verdict(fleet, client, red):
    nowhere = "arn:aws:lambda:us-east-1:000000000000:function:nowhere"
    executions = machine_with(fleet, "repair-no-worker", WorkerFunctionArn=nowhere)
    repair_id = start(client, red, "nowhere", executions)
    verdicts = wait(client, repair_id).verdicts
    assert {verdict.report.status for verdict in verdicts} == {FixStatus.NOT_FIXED}
    assert {verdict.lost for verdict in verdicts} == {2}
    assert "workers were lost" in verdicts[0].report.reason


def test_a_failure_of_the_workflow_itself_is_summarised(fleet, client, red):
    executions = machine_with(fleet, "repair-no-items", DataBucket="no-such-bucket")
    repair_id = start(client, red, "nobucket", executions)
    assert "bucket" in wait(client, repair_id).problem.lower()
