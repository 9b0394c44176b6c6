"""A task on Fargate Spot that is taken away runs once more where none is taken away."""

import json

import pytest

from testfleet.aws import clients
from testfleet.workflow.statemachine import load

CODE = """
import os, pathlib, sys, time
memo = pathlib.Path(os.environ["TESTFLEET_TASK_URL"])
is_first = not memo.exists()
memo.write_text("began" if is_first else "ran")
if is_first and memo.name == "taken": time.sleep(60)
if memo.name == "bad": sys.exit(3)
"""


@pytest.fixture(scope="module")
def ecs(fleet):
    client = clients.session().client("ecs")
    client.create_cluster(clusterName="spot")
    command = ["python", "-c", CODE]
    container = {"name": "worker", "image": "i", "command": command}
    client.register_task_definition(family="spot", containerDefinitions=[container])
    return client


def states():
    """The states of one shard as they stand; a loss is only noted."""
    found = load("run-tests")["States"]["RunShards"]["ItemProcessor"]["States"]
    for name in ("RunOnFargate", "RunOnDemand"):
        state = found[name]
        state["Retry"] = []
        state["Parameters"] |= {"Cluster": "spot", "TaskDefinition": "spot"}
        state["Parameters"].pop("NetworkConfiguration")
        state["Parameters"]["Overrides"]["ContainerOverrides"][0]["Name"] = "worker"
    del found["RunOnLambda"]
    found["ChooseCompute"] = {"Type": "Pass", "Next": "RunOnFargate"}
    found["RecordLoss"] = {"Type": "Fail", "Error": "Lost"}
    found["ShardDone"] = {"Type": "Pass", "End": True}
    return {name: state for name, state in found.items() if name != "ShardDone"}


def start(emulator, memo, provider):
    item = {"capacity_provider": provider, "task_url": str(memo)}
    definition = {"StartAt": "ChooseCompute", "States": states()}
    return emulator.start(f"spot-{memo.name}-{provider}".lower(), definition, item)


def take_away(ecs, memo, wait_for):
    """What ECS does two minutes after it has said so."""
    wait_for(lambda: memo.exists() and memo.read_text())
    [task] = ecs.list_tasks(cluster="spot", desiredStatus="RUNNING")["taskArns"]
    ecs.stop_task(cluster="spot", task=task, reason="Your Spot Task was interrupted.")


def test_a_task_that_is_taken_away_runs_again_on_demand(emulator, ecs, tmp_path, wait_for):
    memo = tmp_path / "taken"
    execution = start(emulator, memo, "FARGATE_SPOT")
    take_away(ecs, memo, wait_for)
    assert emulator.wait(execution)["status"] == "SUCCEEDED"
    assert memo.read_text() == "ran"


@pytest.mark.parametrize("provider", ["FARGATE", "FARGATE_SPOT"])
def test_a_task_that_fails_by_itself_is_a_loss_at_once(emulator, ecs, tmp_path, provider):
    memo = tmp_path / "bad"
    found = emulator.wait(start(emulator, memo, provider))
    assert (found["status"], found["error"]) == ("FAILED", "Lost")
    assert memo.read_text() == "began"
    assert json.loads(found["input"])["capacity_provider"] == provider
