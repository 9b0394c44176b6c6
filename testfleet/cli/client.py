"""The fleet as the command sees it: where things are, in the laptop's fleet or in an account."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import cached_property
from pathlib import Path

from testfleet.aws import clients
from testfleet.aws.dead_letters import SqsDeadLetters
from testfleet.aws.events import DynamoEventStore, EventBridgeBus
from testfleet.aws.executions import StepFunctionsExecutions
from testfleet.aws.history import DynamoHistoryStore
from testfleet.aws.objects import S3ObjectStore
from testfleet.aws.outputs import stack_outputs
from testfleet.aws.quotas import DynamoQuotaStore
from testfleet.aws.runs import DynamoRunStore
from testfleet.config import Environment, load_environment
from testfleet.contracts.base import utc_now
from testfleet.errors import FleetError
from testfleet.workflow.events.facts import RunFacts
from testfleet.workflow.events.recorder import Recorder
from testfleet.workflow.records import RunRecords


class Client:
    """What a command needs of the deployed application; each part is made when first used."""

    def __init__(self, environment: Environment, outputs: Mapping[str, str]) -> None:
        self.environment = environment
        self._outputs = outputs

    @cached_property
    def objects(self) -> S3ObjectStore:
        """The data bucket."""
        return S3ObjectStore(clients.s3(), self._output("DataBucket"))

    @cached_property
    def runs(self) -> DynamoRunStore:
        """The list of runs."""
        keep = timedelta(days=self.environment.retention.history_days)
        return DynamoRunStore(clients.dynamodb(), self._output("RunsTable"), keep)

    @cached_property
    def history(self) -> DynamoHistoryStore:
        """Durations of past runs."""
        return DynamoHistoryStore(clients.dynamodb(), self._output("HistoryTable"))

    @cached_property
    def quotas(self) -> DynamoQuotaStore:
        """The use of the quotas."""
        return DynamoQuotaStore(clients.dynamodb(), self._output("QuotasTable"))

    def recorder(self, run_id: str) -> Recorder:
        """Brings a run's events up to date, and reads them."""
        keep = timedelta(days=self.environment.retention.runs_days)
        store = DynamoEventStore(clients.dynamodb(), self._output("EventsTable"), keep)
        bus = EventBridgeBus(clients.events(), self._output("EventBus"))
        return Recorder(RunFacts(RunRecords(run_id, self.objects), utc_now), store, bus)

    @cached_property
    def dead_letters(self) -> SqsDeadLetters:
        """What runs have given up."""
        return SqsDeadLetters(clients.sqs(), self._output("DeadLetters"))

    @cached_property
    def executions(self) -> StepFunctionsExecutions:
        """Executions of `run-tests`."""
        return StepFunctionsExecutions(clients.stepfunctions(), self._output("StateMachineArn"))

    @cached_property
    def repairs(self) -> StepFunctionsExecutions:
        """Executions of `repair-failure`."""
        arn = self._output("RepairStateMachineArn")
        return StepFunctionsExecutions(clients.stepfunctions(), arn, subject="repair_id")

    def upload(self, key: str, path: Path) -> None:
        """Upload a file of any size."""
        self.objects.client.upload_file(str(path), self.objects.bucket, key)

    def _output(self, name: str) -> str:
        try:
            return self._outputs[name]
        except KeyError:
            place = self.environment.name
            raise FleetError(
                f"the stacks of {place} have no output {name}",
                hint=f"deploy them again: make deploy-{place}",
            ) from None


def connect(environment_name: str, progress: Callable[[str], None]) -> Client:
    """Reach the environment's application; the laptop's fleet is started when it is not up.

    Raises FleetError when nothing is deployed there.
    """
    environment = load_environment(environment_name)
    if environment.embedded:
        return Client(environment, _start_local(progress))
    return Client(environment, _deployed(environment))


def _start_local(progress: Callable[[str], None]) -> Mapping[str, str]:
    from testfleet.local.fleet import Fleet, point_to_fleet

    info = Fleet().ensure_up(progress)
    point_to_fleet(info)
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
