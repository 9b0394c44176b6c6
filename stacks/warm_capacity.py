"""What keeps workers and model instances warm: a clock, and a function that asks history."""

from __future__ import annotations

import json
from dataclasses import dataclass

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from constructs import Construct

from stacks.base import FleetStack, acknowledge
from stacks.code import Bundle
from stacks.function import Function, FunctionProps
from stacks.scaling import DIMENSION, SERVICE, scalable_resource
from stacks.storage import StorageStack
from stacks.workers import WARM_ALIAS, WorkersStack
from testfleet.config import Environment

EVERY_MINUTES = 15


@dataclass(frozen=True, kw_only=True)
class WarmCapacityProps:
    """What is kept warm, and where its history lies."""

    bundle: Bundle
    storage: StorageStack
    workers: WorkersStack


class WarmCapacityStack(FleetStack):
    """A rule that ticks, and the function that sets provisioned capacity."""

    def __init__(self, scope: Construct, config: Environment, props: WarmCapacityProps) -> None:
        super().__init__(scope, "scaling", config)
        self._props = props
        self._endpoints = self._find_endpoints()
        self.function = self._build_function()
        self._allow_reading()
        if config.scaling.warm_workers:
            self._allow_workers()
        if self._endpoints:
            self._allow_endpoints()
        self._build_rule()

    def _find_endpoints(self) -> dict[str, str]:
        """Physical names of endpoints that are deployed and kept warm, by their own."""
        wanted = self.config.scaling.warm_instances and "models" in self.config.optional_stacks
        return {name: self.name_of(name) for name in self.config.endpoints} if wanted else {}

    def _build_function(self) -> Function:
        endpoints = {name: scalable_resource(full) for name, full in self._endpoints.items()}
        warm = bool(self.config.scaling.warm_workers)
        return Function(
            self,
            FunctionProps(
                name="provision",
                bundle=self._props.bundle,
                memory_mb=512,
                timeout_s=60,
                environment=self._code_host()
                | {
                    "RUNS_TABLE": self._props.storage.runs.table_name,
                    "ACCOUNT": self.account,
                    "BUDGET": self.name_of("month"),
                    "WORKER_FUNCTION": self.name_of("worker"),
                    "WORKER_ALIAS": WARM_ALIAS if warm else "",
                    "ENDPOINTS": json.dumps(endpoints),
                },
                asynchronous=True,
            ),
        )

    def _code_host(self) -> dict[str, str]:
        secret = self.config.code_host_token_secret
        return {"CODE_HOST_TOKEN_SECRET": secret} if secret else {}

    def _allow_reading(self) -> None:
        """Past runs, what is busy, and what the month has cost."""
        runs = self._props.storage.runs.table_arn
        self.function.allow(["dynamodb:Query"], f"{runs}/index/listing")
        self.function.allow(["cloudwatch:GetMetricStatistics"], "*")
        # A budget belongs to no region.
        budget = f"arn:{self.partition}:budgets::{self.account}:budget/{self.name_of('month')}"
        self.function.allow(["budgets:ViewBudget"], budget)
        secret = self.config.code_host_token_secret
        if secret:
            # Secrets Manager adds six characters of its own to the name in the ARN.
            arn = self.arn_of("secretsmanager", f"secret:{secret}-??????")
            self.function.allow(["secretsmanager:GetSecretValue"], arn)
        acknowledge(
            self.function,
            {
                "AwsSolutions-IAM5[Resource::*]": "X-Ray, GetMetricStatistics and "
                "DescribeScalableTargets define no resources: AWS accepts * only."
            },
        )

    def _allow_workers(self) -> None:
        verbs = ("Get", "Put", "Delete")
        name = f"function:{self.name_of('worker')}:{WARM_ALIAS}"
        self.function.allow(
            [f"lambda:{verb}ProvisionedConcurrencyConfig" for verb in verbs],
            self.arn_of("lambda", name),
        )

    def _allow_endpoints(self) -> None:
        """Application Auto Scaling acts on the caller's rights."""
        names = self._endpoints.values()
        self.function.allow(
            ["sagemaker:DescribeEndpoint", "sagemaker:UpdateEndpointWeightsAndCapacities"],
            *(self.arn_of("sagemaker", f"endpoint/{name}") for name in names),
        )
        self.function.allow(["application-autoscaling:DescribeScalableTargets"], "*")
        anywhere = "scalable-target/*"
        self.function.role.add_to_policy(
            iam.PolicyStatement(
                actions=["application-autoscaling:RegisterScalableTarget"],
                resources=[self.arn_of("application-autoscaling", anywhere)],
                conditions={
                    "StringEquals": {
                        "application-autoscaling:service-namespace": SERVICE,
                        "application-autoscaling:scalable-dimension": DIMENSION,
                    }
                },
            )
        )
        reason = "AWS gives a target its id when it is made; conditions limit it to endpoints."
        acknowledge(self.function, {self.wildcard("application-autoscaling", anywhere): reason})

    def _build_rule(self) -> None:
        events.Rule(
            self,
            "Tick",
            rule_name=self.name_of("provision"),
            description="Sets warm capacity to what the next hours need",
            schedule=events.Schedule.rate(Duration.minutes(EVERY_MINUTES)),
            targets=[
                targets.LambdaFunction(
                    self.function.function,
                    dead_letter_queue=self.function.dead_letters,
                    retry_attempts=1,
                )
            ],
        )
