"""What people look at: one dashboard, and alarms on what must not go unseen."""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from constructs import Construct

from stacks.base import FleetStack
from stacks.function import Function
from stacks.repairs import RepairsStack
from stacks.topic import Topics
from stacks.webhook import WebhookStack
from stacks.workers import WorkersStack
from stacks.workflows import WorkflowsStack
from testfleet.config import Environment

_PERIOD = Duration.minutes(5)
_LOST_SHARDS = 5
_THROTTLES = 20


@dataclass(frozen=True, kw_only=True)
class ObservabilityProps:
    """What is watched. `asynchronous` are the functions with a dead letter queue."""

    workers: WorkersStack
    workflows: WorkflowsStack
    repairs: RepairsStack
    webhook: WebhookStack
    asynchronous: tuple[Function, ...]


class ObservabilityStack(FleetStack):
    """Dashboard and alarms."""

    def __init__(self, scope: Construct, config: Environment, props: ObservabilityProps) -> None:
        super().__init__(scope, "observability", config)
        self._props = props
        self.topic = Topics(self, publisher="cloudwatch").add("Alarms")
        self._build_worker_alarms()
        self._build_workflow_alarms()
        self._build_webhook_alarm()
        self._build_dead_letter_alarms()
        self._build_dashboard()
        self.output("AlarmTopic", self.topic.topic_arn, "Subscribe to hear of alarms")

    def _build_worker_alarms(self) -> None:
        """Lost shards are planned again, so only many of them deserve a person's attention."""
        worker = self._props.workers.function
        self._alarm("WorkerErrors", worker.metric_errors(period=_PERIOD), _LOST_SHARDS)
        self._alarm("WorkerThrottles", worker.metric_throttles(period=_PERIOD), _THROTTLES)

    def _build_workflow_alarms(self) -> None:
        flow = self._props.workflows
        self._alarm("ControlErrors", flow.control.function.metric_errors(period=_PERIOD))
        self._alarm("RunsFailed", flow.state_machine.metric_failed(period=_PERIOD))
        self._alarm("RunsTimedOut", flow.state_machine.metric_timed_out(period=_PERIOD))
        repairs = self._props.repairs.state_machine
        self._alarm("RepairsFailed", repairs.metric_failed(period=_PERIOD))

    def _build_webhook_alarm(self) -> None:
        metric = self._props.webhook.api.metric_server_error(period=_PERIOD, statistic="Sum")
        self._alarm("WebhookServerErrors", metric)

    def _build_dead_letter_alarms(self) -> None:
        for function in self._props.asynchronous:
            queue = function.dead_letters
            if queue is not None:
                metric = queue.metric_approximate_number_of_messages_visible(period=_PERIOD)
                self._alarm(f"{function.node.id}DeadLetters", metric)
        given_up = self._props.workflows.events.given_up
        metric = given_up.metric_approximate_number_of_messages_visible(period=_PERIOD)
        self._alarm("GivenUp", metric)

    def _alarm(self, name: str, metric: cloudwatch.Metric, threshold: int = 1) -> None:
        alarm = metric.create_alarm(
            self,
            name,
            alarm_name=self.name_of(name),
            threshold=threshold,
            evaluation_periods=1,
            comparison_operator=(cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD),
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        alarm.add_alarm_action(actions.SnsAction(self.topic))

    def _build_dashboard(self) -> None:
        board = cloudwatch.Dashboard(
            self, "Dashboard", dashboard_name=self.name_of("overview"), default_interval=_DAY
        )
        machine = self._props.workflows.state_machine
        board.add_widgets(
            _graph(
                "Runs",
                machine.metric_started(),
                machine.metric_succeeded(),
                machine.metric_failed(),
            ),
            _graph("Duration of a run", machine.metric_time(statistic="p50")),
        )
        worker, control = self._props.workers.function, self._props.workflows.control.function
        board.add_widgets(
            _graph("Workers", worker.metric_invocations(), worker.metric_errors()),
            _graph("Control steps", control.metric_invocations(), control.metric_errors()),
        )
        webhook = self._props.webhook.api
        board.add_widgets(
            _graph(
                "Webhook",
                webhook.metric_count(),
                webhook.metric_client_error(),
                webhook.metric_server_error(),
            )
        )


_DAY = Duration.days(1)


def _graph(title: str, *metrics: cloudwatch.IMetric) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(title=title, left=list(metrics), width=12)
