from __future__ import annotations

from typing import Any

import pytest

from tests.infrastructure.templates import Assembly, read

ALARM = "AWS::CloudWatch::Alarm"


@pytest.mark.parametrize(
    ("name", "metric", "dimension"),
    [
        ("WorkerErrors", "Errors", "<workers.WorkerFunction>"),
        ("WorkerThrottles", "Throttles", "<workers.WorkerFunction>"),
        ("ControlErrors", "Errors", "<workflows.ControlFunction>"),
        ("RunsFailed", "ExecutionsFailed", "<workflows.RunTests>"),
        ("RunsTimedOut", "ExecutionsTimedOut", "<workflows.RunTests>"),
        ("RepairsFailed", "ExecutionsFailed", "<repairs.RepairFailure>"),
        ("WebhookServerErrors", "5xx", "<webhook.Api>"),
        (
            "StartScheduledRunDeadLetters",
            "ApproximateNumberOfMessagesVisible",
            "<schedules.StartScheduledRunDeadLetters.QueueName>",
        ),
        (
            "StopEndpointsDeadLetters",
            "ApproximateNumberOfMessagesVisible",
            "<costs.StopEndpointsDeadLetters.QueueName>",
        ),
    ],
)
def test_what_must_not_go_unseen_raises_an_alarm(
    account: Assembly, name: str, metric: str, dimension: str
) -> None:
    alarm = _alarms(account)[f"{account.config.prefix}-{name}"]

    assert alarm["MetricName"] == metric
    assert [read(one["Value"]) for one in alarm["Dimensions"]] == [dimension]


def test_every_alarm_is_heard(account: Assembly) -> None:
    heard = {read(a) for alarm in _alarms(account).values() for a in alarm["AlarmActions"]}

    assert heard == {"<TopicsAlarms>"}


def test_an_idle_fleet_is_not_alarming(account: Assembly) -> None:
    assert {alarm["TreatMissingData"] for alarm in _alarms(account).values()} == {"notBreaching"}


def test_cloudwatch_may_use_the_key_of_its_topic(account: Assembly) -> None:
    [key] = [
        r["Properties"]["KeyPolicy"]
        for stack, _, r in account.resources("AWS::KMS::Key")
        if stack == "observability"
    ]
    services = {
        statement["Principal"]["Service"]: set(statement["Action"])
        for statement in key["Statement"]
        if "Service" in statement["Principal"]
    }

    assert services == {"cloudwatch.amazonaws.com": {"kms:Decrypt", "kms:GenerateDataKey"}}


def test_there_is_one_dashboard(account: Assembly) -> None:
    account.template("observability").resource_count_is("AWS::CloudWatch::Dashboard", 1)


def _alarms(assembly: Assembly) -> dict[str, dict[str, Any]]:
    return {
        r["Properties"]["AlarmName"]: r["Properties"]
        for stack, _, r in assembly.resources(ALARM)
        if stack == "observability"
    }
