"""What happens to runs: the bus that tells it, the queue of what was given up, the recorder."""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from stacks.base import FleetStack, acknowledge
from stacks.code import Bundle
from stacks.function import Function, FunctionProps
from stacks.storage import StorageStack
from testfleet.config import Environment

FACTS = (
    "runs/*/request.json",
    "runs/*/waiting",
    "runs/*/rounds/*/plan.json",
    "runs/*/shards/*/partial.json",
    "runs/*/shards/*/result.json",
    "runs/*/shards/*/loss.json",
    "runs/*/cancel",
    "runs/*/report.json",
)
"""Objects whose appearance is a change of a run."""


@dataclass(frozen=True, kw_only=True)
class EventProps:
    """Where the records and the stream lie."""

    bundle: Bundle
    storage: StorageStack


class EventsStack(FleetStack):
    """Event bus and dead letter queue; in an account also the function that records changes at
    once. On the laptop each control step and each reader records: a function that wakes for every
    object would take the processor from the tests."""

    def __init__(self, scope: Construct, config: Environment, props: EventProps) -> None:
        super().__init__(scope, "events", config)
        self._props = props
        self.bus = events.EventBus(self, "Bus", event_bus_name=self.name_of("runs"))
        self.given_up = self._build_given_up()
        self.recorder = None if config.embedded else self._build_recorder(props)
        if self.recorder:
            self.allow_recording(self.recorder)
            self._build_rule(self.recorder)
        self.output("EventBus", self.bus.event_bus_name, "Tells what happens to runs")
        self.output("DeadLetters", self.given_up.queue_url, "What runs have given up")

    @property
    def variables(self) -> dict[str, str]:
        """What a function that records must know."""
        return {
            "EVENTS_TABLE": self._props.storage.events.table_name,
            "EVENT_BUS": self.bus.event_bus_name,
        }

    def allow_recording(self, function: Function) -> None:
        """Let the function read a run's stream, add to it, and publish it."""
        table = self._props.storage.events.table_arn
        function.allow(["dynamodb:Query", "dynamodb:GetItem", "dynamodb:PutItem"], table)
        function.allow(["events:PutEvents"], self.bus.event_bus_arn)

    def _build_given_up(self) -> sqs.Queue:
        queue = sqs.Queue(
            self,
            "GivenUp",
            enforce_ssl=True,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            retention_period=Duration.days(14),
        )
        acknowledge(queue, {"AwsSolutions-SQS3": "This queue is the dead letter queue."})
        return queue

    def _build_recorder(self, props: EventProps) -> Function:
        data = props.storage.data
        function = Function(
            self,
            FunctionProps(
                name="record_events",
                bundle=props.bundle,
                memory_mb=512,
                timeout_s=60,
                environment={"DATA_BUCKET": data.bucket_name, **self.variables},
                asynchronous=True,
            ),
        )
        function.allow(["s3:GetObject"], data.arn_for_objects("runs/*"))
        reason = "Runs and shards are named when they begin."
        acknowledge(function, {props.storage.wildcard_in_data("runs/*"): reason})
        function.allow(["s3:ListBucket"], data.bucket_arn)
        return function

    def _build_rule(self, recorder: Function) -> None:
        keys = [{"wildcard": pattern} for pattern in FACTS]
        rule = events.Rule(
            self,
            "Facts",
            description="A run's records have changed",
            event_pattern=events.EventPattern(
                source=["aws.s3"],
                detail_type=["Object Created"],
                detail={
                    "bucket": {"name": [self._props.storage.data.bucket_name]},
                    "object": {"key": keys},
                },
            ),
        )
        rule.add_target(
            targets.LambdaFunction(
                recorder.function, dead_letter_queue=recorder.dead_letters, retry_attempts=3
            )
        )
