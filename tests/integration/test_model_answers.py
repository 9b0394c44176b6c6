"""The classifier's endpoint is asked with a task token: answers, errors, silence, no endpoint."""

import json
import os
import time
from contextlib import contextmanager

import pytest

from testfleet.aws import clients
from testfleet.cli.client import Client
from testfleet.cli.follow import Follower
from testfleet.cli.request import RunOptions, draft_run
from testfleet.config import load_environment
from testfleet.contracts.run import Mode
from testfleet.local.model_server import ModelServer
from testfleet.local.models import SERVER_VARIABLE, around
from testfleet.workflow.question import Question
from testfleet.workflow.statemachine import load, render

ENDPOINT = "testfleet-local-classifier"
SUBSTITUTIONS = dict.fromkeys(
    ("WorkerFunctionArn", "DataBucket", "ClusterArn", "TaskDefinitionArn", "WorkerContainer",
     "SubnetA", "SubnetB", "SecurityGroup", "AssignPublicIp"), "x",
)  # fmt: skip


class Server(ModelServer):
    """A model server that can be told to fail, or to be silent."""

    mood = "well"

    def _work(self, job):
        if self.mood == "silent":
            return
        super()._work(job)

    def _infer(self, job):
        if self.mood == "ill":
            raise MemoryError("the model does not fit")
        super()._infer(job)


@pytest.fixture(scope="module")
def server(fleet, tmp_path_factory):
    models = {ENDPOINT: str(tmp_path_factory.mktemp("classifier"))}
    made = Server(lambda: around(fleet.outputs), models)
    made.start()
    with told_to_control(fleet, made.url):
        yield made
    made.stop()


@contextmanager
def told_to_control(fleet, url):
    functions = clients.session().client("lambda")
    name = fleet.outputs["ControlFunctionName"]
    before = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    told = before | {SERVER_VARIABLE: url}
    functions.update_function_configuration(FunctionName=name, Environment={"Variables": told})
    yield
    functions.update_function_configuration(FunctionName=name, Environment={"Variables": before})


@pytest.fixture(scope="module")
def finished(fleet, server, tmp_path_factory):
    """A run with one failure, and what its report says."""
    root = tmp_path_factory.mktemp("project")
    (root / "test_a.py").write_text("def test_a():\n    assert [1] == [2]\n")
    client = Client(load_environment("local"), fleet.outputs)
    draft = draft_run(
        RunOptions(path=root, suite=None, shards=1, mode=Mode.FULL, keep_going=True,
                   framework_args=(), env="local")
    )  # fmt: skip
    run_id = draft.submit(client).run_id
    follower = Follower(run_id, client.objects, client.executions)
    for _ in follower.follow(timeout_s=120):
        pass
    return client, follower.view.report


def ask(emulator, fleet, run_id, limit_s=30):
    """The states of the file that ask, executed by themselves; answers what they end with."""
    control = fleet.outputs["ControlFunctionName"]
    whole = json.loads(render("run-tests", SUBSTITUTIONS | {"ControlFunctionArn": control}))
    states = {name: whole["States"][name] for name in ("IsModelAsked", "AskModel")}
    states["AskModel"]["TimeoutSeconds"] = limit_s
    machine = {"StartAt": "IsModelAsked", "States": states | {"Report": {"Type": "Succeed"}}}
    name = f"ask-{time.monotonic_ns()}"
    execution = emulator.start(name, machine, {"run_id": run_id, "ask": True})
    found = emulator.wait(execution)
    assert found["status"] == "SUCCEEDED"
    return json.loads(found["output"])


def test_the_endpoint_speaks_before_the_rules(finished, server):
    client, report = finished
    [cluster] = report.clusters
    assert cluster.classification.model.startswith("endpoint:")
    assert cluster.classification.cause.value == "assertion"
    assert (
        "assert [1] == [2]"
        in client.objects.get(Question(client.objects, report.run_id).keys.asked).decode()
    )


def test_an_answer_brings_the_workflow_on(emulator, fleet, finished, server):
    client, report = finished
    assert "error" not in ask(emulator, fleet, report.run_id)
    assert Question(client.objects, report.run_id).told() is not None


def test_an_error_of_the_model_brings_the_workflow_on(emulator, fleet, finished, server):
    server.mood = "ill"
    ended = ask(emulator, fleet, finished[1].run_id)
    assert ended["error"]["Error"] == "ModelFailed"
    assert "does not fit" in ended["error"]["Cause"]


def test_silence_ends_with_the_time_limit_and_a_late_answer_harms_nobody(
    emulator, fleet, finished, server
):
    server.mood = "silent"
    run_id = finished[1].run_id
    ended = ask(emulator, fleet, run_id, limit_s=2)
    assert ended["error"]["Error"] == "States.Timeout"
    place = {"outputLocation": "s3://x/inference/classifier/output/late.out"}
    late = {"inferenceId": run_id, "invocationStatus": "Completed", "responseParameters": place}
    record = {"Sns": {"Message": json.dumps(late)}}
    assert emulator.invoke("testfleet-local-model-answer", {"Records": [record]}) == {"answers": 1}


def test_a_stopped_endpoint_costs_no_waiting(emulator, fleet, finished, server):
    server.mood, predictors = "well", dict(server._predictors)
    server._predictors.clear()
    try:
        ended = ask(emulator, fleet, finished[1].run_id)
    finally:
        server._predictors.update(predictors)
    assert ended["error"]["Error"] == "ModelUnavailable"
    assert "not found" in ended["error"]["Cause"]


def test_the_file_waits_for_half_a_minute_at_most():
    assert load("run-tests")["States"]["AskModel"]["TimeoutSeconds"] <= 30
    assert os.environ.get(SERVER_VARIABLE) is None
