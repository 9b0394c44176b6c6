"""The workflow `retrain-classifier` on the emulator, with SageMaker's training job played."""

import json
import sys

import pytest

from testfleet.aws import clients
from testfleet.aws.objects import S3ObjectStore
from testfleet.config import ROOT
from testfleet.workflow.retraining import CORRECTIONS_KEY, LEARNT_KEY
from testfleet.workflow.statemachine import placeholders, render

FIRST = "s3://models/classifier/model.tar.gz"
STEPS = f"""
import sys
sys.path[:0] = {[str(ROOT), *(path for path in sys.path if "site-packages" in path)]!r}
from testfleet.aws import clients
from testfleet.aws.objects import S3ObjectStore
from testfleet.workflow.retraining import Retraining

class Registry:
    def promote(self, archive, version):
        pass

def handler(event, context):
    import os
    work = Retraining(S3ObjectStore(clients.s3(), os.environ["BUCKET"]), Registry(), {FIRST!r})
    step = event.pop("step")
    if step == "Prepare":
        return work.prepare(event["execution"])
    if step == "RecordFailure":
        return work.record_failure(event["execution"], event["error"])
    return work.judge(event) if step == "Judge" else work.promote(event)
"""
TRAINING = """
def handler(event, context):
    how = event["TrainingJobName"].split("-")[-1]
    if how == "broken":
        raise MemoryError("the instance has no memory left")
    new = {"better": 0.95, "worse": 0.85}[how]
    marks = {"new_domain": 0.97, "new_both": new, "current_domain": 0.97, "current_both": 0.9}
    return {
        "FinalMetricDataList": [{"MetricName": k, "Value": v} for k, v in marks.items()],
        "ModelArtifacts": {"S3ModelArtifacts": event["OutputDataConfig"]["S3OutputPath"] + how},
    }
"""


@pytest.fixture(scope="module")
def bucket(fleet):
    return S3ObjectStore(clients.s3(), fleet.outputs["DataBucket"])


@pytest.fixture(scope="module")
def machine(emulator, bucket):
    """The workflow, its function, and a function where SageMaker would be."""
    settings = {"Environment": {"Variables": {"BUCKET": bucket.bucket}}, "Timeout": 60}
    steps = emulator.function("retrain-steps", STEPS, **settings)
    training = emulator.function("retrain-training", TRAINING)
    given = dict.fromkeys(placeholders("retrain-classifier"), "x") | {"RetrainFunctionArn": steps}
    definition = json.loads(render("retrain-classifier", given))
    train = definition["States"]["Train"]
    train["Resource"] = "arn:aws:states:::lambda:invoke"
    train["Parameters"] = {"FunctionName": training, "Payload": train["Parameters"]}
    train["ResultSelector"] = {
        name: path.replace("$.", "$.Payload.") for name, path in train["ResultSelector"].items()
    }
    made = emulator.states.create_state_machine(
        name="retrain", definition=json.dumps(definition), roleArn="arn:aws:iam::0:role/x"
    )
    return made["stateMachineArn"]


def run(emulator, machine, name):
    started = emulator.states.start_execution(stateMachineArn=machine, name=name, input="{}")
    found = emulator.wait(started["executionArn"])
    history = emulator.states.get_execution_history(executionArn=started["executionArn"])
    entered = [
        event["stateEnteredEventDetails"]["name"]
        for event in history["events"]
        if "stateEnteredEventDetails" in event
    ]
    return found["status"], entered


@pytest.mark.parametrize(
    ("corrections", "name", "end"),
    [
        (3, "few", ("SUCCEEDED", "KeepModel")),
        (25, "worse", ("SUCCEEDED", "KeepModel")),
        (25, "broken", ("FAILED", "Failed")),
        (25, "better", ("SUCCEEDED", "Promoted")),
    ],
)
def test_only_what_is_better_comes_into_use(emulator, machine, bucket, corrections, name, end):
    bucket.put(
        CORRECTIONS_KEY, b'{"text": "x", "domain": "test", "cause": "other"}\n' * corrections
    )

    ended, entered = run(emulator, machine, name)

    assert (ended, entered[-1]) == end
    assert ("Train" in entered) is (corrections >= 20)
    assert (bucket.get(LEARNT_KEY) is not None) is (name == "better")
    if name == "broken":
        record = json.loads(bucket.get(f"classifier/retraining/{name}.json"))
        assert "no memory left" in record["cause"]
