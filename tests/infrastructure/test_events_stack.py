from __future__ import annotations

import fnmatch
import json

from stacks.events import FACTS
from testfleet.workflow.keys import RunKeys
from tests.infrastructure.templates import TRACES, Assembly, own_logs, rights_on

_KEYS = RunKeys("20260101-000000-abcdef")


def test_the_recorder_may_read_runs_and_write_their_stream(account: Assembly) -> None:
    assert account.rights("events", "RecordEventsRole") == {
        *rights_on("<storage.Data.Arn>/runs/*", "s3:GetObject"),
        *rights_on("<storage.Data.Arn>", "s3:ListBucket"),
        *rights_on(
            "<storage.Events.Arn>", "dynamodb:Query", "dynamodb:GetItem", "dynamodb:PutItem"
        ),
        *rights_on("<Bus.Arn>", "events:PutEvents"),
        *rights_on("<RecordEventsDeadLetters.Arn>", "sqs:SendMessage"),
        *own_logs("RecordEventsLogs"),
        *TRACES,
    }


def test_every_object_that_is_a_fact_wakes_the_recorder_and_no_other(account: Assembly) -> None:
    facts = (
        _KEYS.request,
        _KEYS.waiting,
        _KEYS.plan(2),
        _KEYS.partial("r1-0000"),
        _KEYS.result("r1-0000"),
        _KEYS.loss("r1-0000"),
        _KEYS.cancel,
        _KEYS.report,
    )
    others = (_KEYS.progress("r1-0000"), _KEYS.log("r1-0000"), _KEYS.items(1), _KEYS.prepared)
    [pattern] = [
        resource["Properties"]["EventPattern"]
        for _, name, resource in account.resources("AWS::Events::Rule")
        if name.startswith("Facts")
    ]
    patterns = [each["wildcard"] for each in pattern["detail"]["object"]["key"]]

    assert patterns == list(FACTS)
    assert all(any(fnmatch.fnmatch(key, each) for each in patterns) for key in facts)
    assert not any(fnmatch.fnmatch(key, each) for key in others for each in patterns)
    [data] = [
        resource["Properties"]
        for _, name, resource in account.resources("AWS::S3::Bucket")
        if name.startswith("Data")
    ]
    told = data["NotificationConfiguration"]["EventBridgeConfiguration"]
    assert told == {"EventBridgeEnabled": True}


def test_on_the_laptop_no_function_wakes_for_objects(local: Assembly) -> None:
    text = json.dumps(local.stacks)

    assert "NotificationConfiguration" not in text
    assert "RecordEvents" not in text


def test_what_was_given_up_is_kept_and_raises_an_alarm(account: Assembly) -> None:
    [queue] = [
        resource["Properties"]
        for _, name, resource in account.resources("AWS::SQS::Queue")
        if name.startswith("GivenUp")
    ]
    alarms = [
        resource["Properties"]
        for _, name, resource in account.resources("AWS::CloudWatch::Alarm")
        if name.startswith("GivenUp")
    ]

    assert queue["MessageRetentionPeriod"] == 14 * 24 * 3600
    [alarm] = alarms
    assert alarm["MetricName"] == "ApproximateNumberOfMessagesVisible"
    assert alarm["Threshold"] == 1


def test_the_outputs_that_the_command_reads_are_there(local: Assembly) -> None:
    outputs = local.stacks["events"]["Outputs"] | local.stacks["storage"]["Outputs"]

    assert {"EventBus", "DeadLetters", "EventsTable"} <= set(outputs)
