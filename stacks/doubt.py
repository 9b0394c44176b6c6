"""Alarms on a classifier that doubts, and the rule that lets it learn then."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from stacks.base import FleetStack
from testfleet.workflow.confidence import NAMESPACE

_LEAST = {"ClassifierConfidence": 0.6, "ClassifierAgreement": 0.7}
_PERIOD = Duration.hours(6)
_PERIODS = 4
"""A day of doubt is a change of what fails; one odd run is none."""


class Doubt(Construct):
    """One alarm for how sure answers are, one for how often rules agree with them."""

    def __init__(self, stack: FleetStack, machine: sfn.StateMachine) -> None:
        super().__init__(stack, "Doubt")
        self._stack = stack
        alarms = [self._alarm(name, least) for name, least in _LEAST.items()]
        self._start(machine, alarms)

    def _alarm(self, name: str, least: float) -> cloudwatch.Alarm:
        metric = cloudwatch.Metric(
            namespace=NAMESPACE,
            metric_name=name,
            dimensions_map={"environment": self._stack.config.name},
            statistic="Average",
            period=_PERIOD,
        )
        return metric.create_alarm(
            self,
            name,
            alarm_name=self._stack.name_of(name),
            threshold=least,
            comparison_operator=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
            evaluation_periods=_PERIODS,
            # Where nothing fails, nobody is unsure.
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )

    def _start(self, machine: sfn.StateMachine, alarms: list[cloudwatch.Alarm]) -> None:
        nothing = events.RuleTargetInput.from_object({})
        events.Rule(
            self,
            "Retrain",
            description="A classifier that doubts learns what it was told",
            event_pattern=events.EventPattern(
                source=["aws.cloudwatch"],
                detail_type=["CloudWatch Alarm State Change"],
                resources=[alarm.alarm_arn for alarm in alarms],
                detail={"state": {"value": ["ALARM"]}},
            ),
            targets=[targets.SfnStateMachine(machine, input=nothing)],
        )
