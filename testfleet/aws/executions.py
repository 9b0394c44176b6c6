"""Runs as executions of the `run-tests` state machine, named by their run."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from testfleet.contracts.run import RunRequest
from testfleet.errors import FleetError
from testfleet.workflow import ports
from testfleet.workflow.keys import RunKeys

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient


@dataclass(frozen=True)
class StepFunctionsExecutions:
    """Executions of one state machine."""

    client: SFNClient
    state_machine_arn: str
    subject: str = "run_id"
    """Name of the input that says what the execution is of."""

    def start(self, run_id: str, resumed: int = 0) -> None:
        """Start the run's execution. A second call for the same one changes nothing."""
        try:
            self.client.start_execution(
                stateMachineArn=self.state_machine_arn,
                name=_name(run_id, resumed),
                input=json.dumps({self.subject: run_id}),
            )
        except self.client.exceptions.ExecutionAlreadyExists:
            return
        except (ClientError, BotoCoreError) as exc:
            raise FleetError(f"cannot start run {run_id}: {exc}") from exc

    def state(self, run_id: str, resumed: int = 0) -> str:
        """RUNNING, SUCCEEDED, FAILED, TIMED_OUT or ABORTED; MISSING when there is none."""
        try:
            return self.client.describe_execution(executionArn=self._arn(run_id, resumed))["status"]
        except self.client.exceptions.ExecutionDoesNotExist:
            return "MISSING"
        except (ClientError, BotoCoreError) as exc:
            raise FleetError(f"cannot ask for the state of run {run_id}: {exc}") from exc

    def stop(self, run_id: str, resumed: int = 0) -> None:
        """End the run's execution, if it still runs."""
        if self.state(run_id, resumed) != "RUNNING":
            return
        try:
            arn = self._arn(run_id, resumed)
            self.client.stop_execution(executionArn=arn, cause="cancelled")
        except (ClientError, BotoCoreError) as exc:
            raise FleetError(f"cannot stop run {run_id}: {exc}") from exc

    def _arn(self, run_id: str, resumed: int) -> str:
        prefix = self.state_machine_arn.replace(":stateMachine:", ":execution:")
        return f"{prefix}:{_name(run_id, resumed)}"


def _name(run_id: str, resumed: int) -> str:
    return f"{run_id}-{resumed + 1}" if resumed else run_id


@dataclass(frozen=True)
class RunLauncher:
    """Stores requests and starts their runs."""

    objects: ports.ObjectStore
    executions: ports.Executions

    def launch(self, request: RunRequest) -> None:
        """Store the request and start its execution, once per run id. Raises FleetError."""
        key = RunKeys(request.run_id).request
        try:
            self.objects.put(key, request.model_dump_json().encode())
        except (ClientError, BotoCoreError) as exc:
            raise FleetError(f"cannot store the request of run {request.run_id}: {exc}") from exc
        self.executions.start(request.run_id)
