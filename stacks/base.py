"""What all stacks share: where they go, what they are called, how findings are answered."""

from __future__ import annotations

from typing import cast

from aws_cdk import (
    Acknowledgment,
    CfnOutput,
    CfnResource,
    CliCredentialsStackSynthesizer,
    DefaultStackSynthesizer,
    Environment,
    IStackSynthesizer,
    RemovalPolicy,
    Stack,
    Validations,
)
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from testfleet.config import Environment as Config


class FleetStack(Stack):
    """One stack of one environment."""

    def __init__(self, scope: Construct, name: str, config: Config) -> None:
        super().__init__(
            scope,
            f"{config.prefix}-{name}",
            # The account is that of the credentials at deployment, so synthesis asks nobody.
            env=Environment(region=config.region),
            synthesizer=_synthesizer(config),
            tags={"application": "testfleet", "environment": config.name},
            termination_protection=config.protect_data,
        )
        self.config = config

    @property
    def removal(self) -> RemovalPolicy:
        """What becomes of data when their stack is deleted."""
        return RemovalPolicy.RETAIN if self.config.protect_data else RemovalPolicy.DESTROY

    def name_of(self, thing: str) -> str:
        """Physical name of a thing that people type or that a policy must name beforehand."""
        return f"{self.config.prefix}-{thing}"

    def arn_of(self, service: str, resource: str) -> str:
        """ARN of a thing of this account and region that has, or will have, this name."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"

    def wildcard(self, service: str, resource: str) -> str:
        """How cdk-nag names the wildcard in such an ARN in a policy."""
        arn = f"arn:aws:{service}:{self.region}:<AWS::AccountId>:{resource}"
        return f"AwsSolutions-IAM5[Resource::{arn}]"

    def log_group(self, scope: Construct, name: str) -> logs.LogGroup:
        """Logs with the environment's retention; short-lived, so they end with their stack."""
        group = logs.LogGroup(
            scope, "Logs", log_group_name=name, removal_policy=RemovalPolicy.DESTROY
        )
        # The construct takes an enumeration; the configuration holds the number of days.
        cast(
            "logs.CfnLogGroup", group.node.default_child
        ).retention_in_days = self.config.retention.logs_days
        return group

    def output(self, name: str, value: str, description: str) -> None:
        """A stack output whose key stays as it is here: the CLI reads them."""
        CfnOutput(self, name, value=value, description=description)


def acknowledge(construct: Construct, findings: dict[str, str]) -> None:
    """Answer cdk-nag findings (rule, or rule[finding]) on a construct and below with reasons."""
    answers = [Acknowledgment(id=rule, reason=reason) for rule, reason in findings.items()]
    Validations.of(construct).acknowledge(*answers)


def wait_for_policy(resource: Construct, role: iam.Role) -> None:
    """Make a resource only once its role has its rights.

    The CDK would have it wait for the role as well, which naming the role does already.
    """
    policy = cast("CfnResource", role.node.find_child("DefaultPolicy").node.default_child)
    cast("CfnResource", resource.node.default_child).add_override("DependsOn", [policy.logical_id])


def _synthesizer(config: Config) -> IStackSynthesizer:
    """The embedded AWS is not bootstrapped: that takes longer than the whole deployment."""
    return CliCredentialsStackSynthesizer() if config.embedded else DefaultStackSynthesizer()
