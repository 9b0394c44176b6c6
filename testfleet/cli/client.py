"""The fleet as the command sees it: where things are, in the laptop's fleet or in an account."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from testfleet.aws import clients
from testfleet.aws.executions import StepFunctionsExecutions
from testfleet.aws.history import DynamoHistoryStore
from testfleet.aws.objects import S3ObjectStore
from testfleet.aws.outputs import stack_outputs
from testfleet.aws.runs import DynamoRunStore
from testfleet.config import Environment, load_environment
from testfleet.errors import FleetError

DEFAULT_ENVIRONMENT = "local"


@dataclass(frozen=True)
class Client:
    """What a command needs of the deployed application."""

    environment: Environment
    objects: S3ObjectStore
    runs: DynamoRunStore
    history: DynamoHistoryStore
    executions: StepFunctionsExecutions

    def upload(self, key: str, path: Path) -> None:
        """Upload a file of any size."""
        self.objects.client.upload_file(str(path), self.objects.bucket, key)


def connect(environment_name: str, progress: Callable[[str], None]) -> Client:
    """Reach the environment's application; the laptop's fleet is started when it is not up.

    Raises FleetError when nothing is deployed there.
    """
    environment = load_environment(environment_name)
    outputs = _start_local(progress) if environment.embedded else _deployed(environment)
    try:
        return Client(
            environment=environment,
            objects=S3ObjectStore(clients.s3(), outputs["DataBucket"]),
            runs=DynamoRunStore(clients.dynamodb(), outputs["RunsTable"]),
            history=DynamoHistoryStore(clients.dynamodb(), outputs["HistoryTable"]),
            executions=StepFunctionsExecutions(clients.stepfunctions(), outputs["StateMachineArn"]),
        )
    except KeyError as exc:
        raise FleetError(
            f"the stacks of {environment.name} have no output {exc.args[0]}",
            hint=f"deploy them again: make deploy-{environment.name}",
        ) from exc


def _start_local(progress: Callable[[str], None]) -> Mapping[str, str]:
    from testfleet.local.fleet import Fleet, emulator_environment

    info = Fleet().ensure_up(progress)
    os.environ.update(emulator_environment(info))
    return info.outputs


def _deployed(environment: Environment) -> Mapping[str, str]:
    os.environ.setdefault("AWS_DEFAULT_REGION", environment.region)
    outputs = stack_outputs(clients.cloudformation(), environment.prefix)
    if not outputs:
        raise FleetError(
            f"no stack {environment.prefix}-* in this account and region",
            hint=f"deploy the application first: make deploy-{environment.name}",
        )
    return outputs
