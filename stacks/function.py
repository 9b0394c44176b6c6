"""A Lambda function of ours: its own role, its own log group, explicit limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from stacks.base import FleetStack, acknowledge, wait_for_policy
from stacks.code import Bundle

OLDER_RUNTIME = (
    "Python 3.12 is what the pinned wheels are fetched for; it is fully supported, and is raised "
    "together with them rather than by the day of a deployment."
)
_TRACING = "X-Ray defines no resources for writing trace segments: AWS accepts * only."


@dataclass(frozen=True, kw_only=True)
class FunctionProps:
    """What one function needs. `name` is its folder below lambdas/."""

    name: str
    bundle: Bundle
    memory_mb: int
    timeout_s: int
    environment: Mapping[str, str] = field(default_factory=dict)
    asynchronous: bool = False
    """Nobody waits for its answer, so failed events are kept in a dead letter queue."""


class Function(Construct):
    """Runs `lambdas.<name>.handler.handler`; may write its logs and nothing else until allowed."""

    def __init__(self, stack: FleetStack, props: FunctionProps) -> None:
        super().__init__(stack, "".join(part.title() for part in props.name.split("_")))
        self.name = stack.name_of(props.name.replace("_", "-"))
        self.log_group = stack.log_group(self, f"/aws/lambda/{self.name}")
        self.role = function_role(self, self.log_group)
        self.dead_letters = self._build_dead_letters() if props.asynchronous else None
        self.function = self._build_function(stack, props)
        if stack.config.trace:
            acknowledge(self, {"AwsSolutions-IAM5[Resource::*]": _TRACING})

    @property
    def arn(self) -> str:
        """The function's ARN."""
        return self.function.function_arn

    def allow(self, actions: list[str], *resources: str) -> None:
        """Let the function do exactly this."""
        statement = iam.PolicyStatement(actions=actions, resources=list(resources))
        self.role.add_to_policy(statement)

    def _build_dead_letters(self) -> sqs.Queue:
        queue = sqs.Queue(
            self,
            "DeadLetters",
            enforce_ssl=True,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            retention_period=Duration.days(14),
        )
        acknowledge(queue, {"AwsSolutions-SQS3": "This queue is the dead letter queue."})
        return queue

    def _build_function(self, stack: FleetStack, props: FunctionProps) -> lambda_.Function:
        function = lambda_.Function(
            self,
            "Function",
            function_name=self.name,
            code=props.bundle.code(),
            handler=f"lambdas.{props.name}.handler.handler",
            runtime=lambda_.Runtime.PYTHON_3_12,
            architecture=lambda_.Architecture.X86_64,
            memory_size=props.memory_mb,
            timeout=Duration.seconds(props.timeout_s),
            environment={"TESTFLEET_ENVIRONMENT": stack.config.name, **props.environment},
            role=self.role,
            log_group=self.log_group,
            dead_letter_queue=self.dead_letters,
            tracing=lambda_.Tracing.ACTIVE if stack.config.trace else lambda_.Tracing.DISABLED,
        )
        wait_for_policy(function, self.role)
        acknowledge(function, {"AwsSolutions-L1": OLDER_RUNTIME})
        return function


def function_role(scope: Construct, log_group: logs.LogGroup) -> iam.Role:
    """A role with the right to write these logs.

    The managed policy for this would allow the logs of every function of the account.
    """
    role = iam.Role(scope, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    log_group.grant_write(role)
    return role
