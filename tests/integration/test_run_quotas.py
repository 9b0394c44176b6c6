"""Quotas on the emulator: the workflow as it stands, with a control function that knows limits."""

import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest

from testfleet.aws import clients
from testfleet.aws.executions import StepFunctionsExecutions
from testfleet.cli.client import Client
from testfleet.cli.follow import Follower
from testfleet.cli.request import RunOptions, draft_run
from testfleet.config import ROOT, load_environment
from testfleet.contracts.report import RunStatus
from testfleet.contracts.run import Mode
from testfleet.workflow.statemachine import render

CONTROL = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from lambdas.control import handler as control
from testfleet.contracts.quota import Quota, Quotas

known = control.load_environment
quotas = Quotas(
    repositories={{"one": Quota(concurrency=1), "none": Quota(concurrency=0)}}, max_wait_s=100
)
control.load_environment = lambda name: known(name).model_copy(update={{"quotas": quotas}})
handler = control.handler
"""


@pytest.fixture(scope="module")
def limited(fleet, emulator):
    """A client of a fleet on which the repository `one` may run one shard at a time."""
    client = Client(load_environment("local"), fleet.outputs)
    real = emulator.functions.get_function_configuration(
        FunctionName=fleet.outputs["ControlFunctionName"]
    )
    name = emulator.function(
        "limited-control", CONTROL, Timeout=60, MemorySize=512, Environment=real["Environment"]
    )
    account = ":".join(fleet.outputs["StateMachineArn"].split(":")[3:5])
    functions = f"arn:aws:lambda:{account}:function"
    definition = render(
        "run-tests",
        {
            "ControlFunctionArn": f"{functions}:{name}",
            "WorkerFunctionArn": f"{functions}:{fleet.outputs['WorkerFunctionName']}",
            "DataBucket": fleet.outputs["DataBucket"], "ClusterArn": "c", "TaskDefinitionArn": "t",
            "WorkerContainer": "w", "SubnetA": "a", "SubnetB": "b", "SecurityGroup": "s",
            "AssignPublicIp": "DISABLED",
        },
    )  # fmt: skip
    machine = clients.stepfunctions().create_state_machine(
        name="limited", definition=definition, roleArn="arn:aws:iam::000000000000:role/any"
    )["stateMachineArn"]
    client.executions = StepFunctionsExecutions(clients.stepfunctions(), machine)
    return client


def start(client, root):
    options = RunOptions(
        path=root, suite=None, shards=2, mode=Mode.FULL, keep_going=True, framework_args=(),
        env="local",
    )  # fmt: skip
    return draft_run(options).submit(client).run_id


def finish(client, run_id):
    follower = Follower(run_id, client.objects, client.executions)
    phases = {view.phase for view in follower.follow(timeout_s=120)}
    return follower.view.report, phases


def suite(tmp_path, name, text):
    root = tmp_path / name
    root.mkdir()
    for file in "ab":
        (root / f"test_{file}.py").write_text(text)
    return root


def test_of_two_runs_with_a_quota_of_one_shard_the_second_waits_and_both_end(limited, tmp_path):
    root = suite(tmp_path, "one", "import time\ndef test_a(): time.sleep(1)\n")
    runs = [start(limited, root) for _ in range(2)]
    with ThreadPoolExecutor() as pool:
        ends = list(pool.map(lambda run: finish(limited, run), runs))
    reports = sorted((report for report, _ in ends), key=lambda report: report.finished_at)
    assert [report.status for report in reports] == [RunStatus.PASSED] * 2
    shards = sorted((s.started_at, s.finished_at) for report in reports for s in report.shards)
    assert len(shards) == 4
    assert all(end <= begin for (_, end), (begin, _) in pairwise(shards))
    assert any("waiting: repository one uses 1 of 1 slots" in phases for _, phases in ends)
    # The report comes first: nobody waits for the bookkeeping.
    for _ in range(100):
        if not limited.quotas.load()[0].leases:
            break
        time.sleep(0.1)
    assert limited.quotas.load()[0].leases == {}


def test_a_quota_of_zero_rejects_the_run_and_the_report_says_why(limited, tmp_path):
    report, _ = finish(limited, start(limited, suite(tmp_path, "none", "def test_a(): pass\n")))
    assert report.status is RunStatus.REJECTED
    assert "repository none has a quota of zero shards" in report.errors[0].message
