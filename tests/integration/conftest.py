"""What the emulator's tests share."""

import io
import json
import time
import zipfile

import pytest

from testfleet.aws import clients

ROLE = "arn:aws:iam::000000000000:role/of-a-test"


class Emulator:
    """Small functions and state machines on the shared fleet."""

    def __init__(self):
        self.functions = clients.session().client("lambda")
        self.states = clients.stepfunctions()

    def function(self, name, source, **settings):
        """Create a function whose handler is `handler` in `source`; answers its name."""
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("h.py", source)
        self.functions.create_function(
            FunctionName=name,
            Runtime="python3.12",
            Handler="h.handler",
            Role=ROLE,
            Code={"ZipFile": packed.getvalue()},
            **settings,
        )
        return name

    def invoke(self, name, event=None):
        """Invoke and wait; answers the payload."""
        answer = self.functions.invoke(FunctionName=name, Payload=json.dumps(event))
        return json.load(answer["Payload"])

    def start(self, name, definition, event=None):
        """Create a state machine and start it; answers the execution's ARN."""
        arn = self.states.create_state_machine(
            name=name, definition=json.dumps(definition), roleArn=ROLE
        )["stateMachineArn"]
        started = self.states.start_execution(stateMachineArn=arn, input=json.dumps(event or {}))
        return started["executionArn"]

    def wait(self, execution):
        """Wait for the execution's end; answers its description."""
        deadline = time.monotonic() + 60
        while True:
            found = self.states.describe_execution(executionArn=execution)
            if found["status"] != "RUNNING":
                return found
            assert time.monotonic() < deadline, "the execution did not end"
            time.sleep(0.02)


@pytest.fixture(scope="module")
def emulator(fleet):
    return Emulator()


@pytest.fixture
def wait_for():
    """Waits until a condition holds."""

    def wait(condition, limit_s=30):
        deadline = time.monotonic() + limit_s
        while not condition():
            assert time.monotonic() < deadline, "it did not come to be"
            time.sleep(0.02)

    return wait
