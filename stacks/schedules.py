"""The runs that the clock asks for."""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from constructs import Construct

from stacks.base import FleetStack, acknowledge
from stacks.code import Bundle
from stacks.function import Function, FunctionProps
from stacks.storage import StorageStack
from stacks.workflows import WorkflowsStack
from testfleet.config import Environment, ScheduledRepository
from testfleet.contracts.run import Mode


@dataclass(frozen=True)
class Cadence:
    """One kind of scheduled suite: when it runs (UTC), and how much of the world is real."""

    kind: str
    schedule: str
    mode: Mode


CADENCES = (
    Cadence("smoke", "rate(1 hour)", Mode.LIGHTWEIGHT),
    Cadence("integration", "rate(4 hours)", Mode.INTEGRATION),
    Cadence("full", "cron(0 2 * * ? *)", Mode.FULL),
    Cadence("performance", "cron(0 4 ? * SUN *)", Mode.FULL),
    Cadence("quality", "cron(0 0 * * ? *)", Mode.FULL),
)


@dataclass(frozen=True, kw_only=True)
class ScheduleProps:
    """What the schedules start."""

    bundle: Bundle
    storage: StorageStack
    workflows: WorkflowsStack


class SchedulesStack(FleetStack):
    """One rule a cadence, with the repositories of the configuration as its targets."""

    def __init__(self, scope: Construct, config: Environment, props: ScheduleProps) -> None:
        super().__init__(scope, "schedules", config)
        self.function = self._build_function(props)
        self._allow_function(props)
        for cadence in CADENCES:
            self._build_rule(cadence)

    def _build_function(self, props: ScheduleProps) -> Function:
        return Function(
            self,
            FunctionProps(
                name="start_scheduled_run",
                bundle=props.bundle,
                memory_mb=512,
                timeout_s=60,
                environment={
                    "STATE_MACHINE_ARN": props.workflows.state_machine.state_machine_arn,
                    "DATA_BUCKET": props.storage.data.bucket_name,
                },
                asynchronous=True,
            ),
        )

    def _allow_function(self, props: ScheduleProps) -> None:
        requests = "runs/*/request.json"
        self.function.allow(["s3:PutObject"], props.storage.data.arn_for_objects(requests))
        reason = "The run's id, which is in the key, is made by the function."
        acknowledge(self.function, {props.storage.wildcard_in_data(requests): reason})
        self.function.allow(
            ["states:StartExecution"], props.workflows.state_machine.state_machine_arn
        )

    def _build_rule(self, cadence: Cadence) -> None:
        repositories = self.config.schedules.repositories
        events.Rule(
            self,
            cadence.kind.title(),
            rule_name=self.name_of(cadence.kind),
            description=f"Starts the {cadence.kind} suites",
            schedule=events.Schedule.expression(cadence.schedule),
            enabled=bool(repositories),
            targets=[self._target(cadence, repository) for repository in repositories],
        )

    def _target(self, cadence: Cadence, repository: ScheduledRepository) -> targets.LambdaFunction:
        return targets.LambdaFunction(
            self.function.function,
            event=events.RuleTargetInput.from_object(
                {
                    "kind": cadence.kind,
                    "mode": cadence.mode.value,
                    "repository": repository.repository,
                    "ref": repository.ref,
                    # A tick may be delivered twice: its time makes both the same run.
                    "time": events.EventField.time,
                }
            ),
            dead_letter_queue=self.function.dead_letters,
            retry_attempts=3,
        )
