"""The month's budget: at 80 % the team hears of it, at 100 % the endpoints stop.

The budget covers the whole account, since a budget on tags sees nothing until somebody has
activated the tags for billing. Give each environment an account of its own.
"""

from __future__ import annotations

from aws_cdk import aws_budgets as budgets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from stacks.base import FleetStack, acknowledge
from stacks.code import Bundle
from stacks.function import Function, FunctionProps
from stacks.scaling import DIMENSION, SERVICE, scalable_resource
from stacks.topic import Topics
from testfleet.config import Environment

WARNING_PERCENT = 80
LIMIT_PERCENT = 100


class CostsStack(FleetStack):
    """Budget, its two topics, and the function that stops the endpoints."""

    def __init__(self, scope: Construct, config: Environment, bundle: Bundle) -> None:
        super().__init__(scope, "costs", config)
        self._topics = Topics(self, publisher="budgets")
        self.warning = self._topics.add("Warning")
        self.limit = self._topics.add("Limit")
        self._build_budget()
        self.function = self._build_function(bundle)
        self._allow_function()
        self.limit.add_subscription(subscriptions.LambdaSubscription(self.function.function))
        self.output("BudgetWarningTopic", self.warning.topic_arn, "80 % of the budget are spent")
        self.output("BudgetLimitTopic", self.limit.topic_arn, "The budget is spent")

    def _build_budget(self) -> None:
        month = budgets.CfnBudget.BudgetDataProperty(
            budget_name=self.name_of("month"),
            budget_type="COST",
            time_unit="MONTHLY",
            budget_limit=budgets.CfnBudget.SpendProperty(
                amount=self.config.budget.monthly_usd, unit="USD"
            ),
        )
        budgets.CfnBudget(
            self,
            "Budget",
            budget=month,
            notifications_with_subscribers=[
                self._notification(WARNING_PERCENT, self.warning),
                self._notification(LIMIT_PERCENT, self.limit),
            ],
        )

    def _notification(
        self, percent: int, topic: sns.Topic
    ) -> budgets.CfnBudget.NotificationWithSubscribersProperty:
        subscriber = budgets.CfnBudget.SubscriberProperty
        people = [
            subscriber(subscription_type="EMAIL", address=address)
            for address in self.config.budget.notify
        ]
        return budgets.CfnBudget.NotificationWithSubscribersProperty(
            notification=budgets.CfnBudget.NotificationProperty(
                notification_type="ACTUAL",
                comparison_operator="GREATER_THAN",
                threshold=percent,
                threshold_type="PERCENTAGE",
            ),
            subscribers=[subscriber(subscription_type="SNS", address=topic.topic_arn), *people],
        )

    def _build_function(self, bundle: Bundle) -> Function:
        return Function(
            self,
            FunctionProps(
                name="stop_endpoints",
                bundle=bundle,
                memory_mb=256,
                timeout_s=120,
                environment={
                    "ENDPOINT_RESOURCE_IDS": ",".join(
                        scalable_resource(name) for name in self._endpoint_names()
                    )
                },
                asynchronous=True,
            ),
        )

    def _endpoint_names(self) -> list[str]:
        """None where the models are not deployed: then the budget only warns."""
        deployed = self.config.endpoints if "models" in self.config.optional_stacks else {}
        return [self.name_of(name) for name in deployed]

    def _allow_function(self) -> None:
        """Bring endpoints to zero; Application Auto Scaling acts on the caller's rights."""
        endpoints = [
            self.arn_of("sagemaker", f"endpoint/{name}") for name in self._endpoint_names()
        ]
        if not endpoints:
            return
        self.function.allow(
            ["sagemaker:DescribeEndpoint", "sagemaker:UpdateEndpointWeightsAndCapacities"],
            *endpoints,
        )
        self.function.allow(["application-autoscaling:DescribeScalableTargets"], "*")
        self._allow_scaling()
        acknowledge(
            self.function,
            {
                "AwsSolutions-IAM5[Resource::*]": "X-Ray and DescribeScalableTargets define no "
                "resources: AWS accepts * only.",
                self.wildcard("application-autoscaling", "scalable-target/*"): "AWS gives a target "
                "its id when it is made; conditions limit the right to instances of endpoints.",
            },
        )

    def _allow_scaling(self) -> None:
        self.function.role.add_to_policy(
            iam.PolicyStatement(
                actions=["application-autoscaling:RegisterScalableTarget"],
                resources=[self.arn_of("application-autoscaling", "scalable-target/*")],
                conditions={
                    "StringEquals": {
                        "application-autoscaling:service-namespace": SERVICE,
                        "application-autoscaling:scalable-dimension": DIMENSION,
                    }
                },
            )
        )
