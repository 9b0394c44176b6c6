"""The environment variables of functions."""

import pytest

from lambdas.settings import read_settings
from lambdas.start_scheduled_run.handler import Settings as ScheduleSettings
from lambdas.stop_endpoints.handler import Settings as StopSettings
from lambdas.webhook.handler import Settings as WebhookSettings
from testfleet.errors import UsageError

GOOD = {
    "DATA_BUCKET": "data",
    "STATE_MACHINE_ARN": "arn:aws:states:us-east-1:123456789012:stateMachine:run-tests",
    "DELIVERIES_TABLE": "deliveries",
    "WEBHOOK_SECRET_ID": "hook",
    "PATH": "/usr/bin",
}


def test_what_is_needed_is_enough_and_the_rest_has_defaults():
    settings = read_settings(WebhookSettings, GOOD)
    assert (settings.REPLAY_WINDOW_S, settings.MAX_BODY_BYTES) == (3 * 86400, 1024 * 1024)
    assert not settings.RUN_TAGS
    assert read_settings(ScheduleSettings, GOOD).CODE_HOST_API == "https://api.github.com"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATA_BUCKET", None),
        ("STATE_MACHINE_ARN", "run-tests"),
        ("REPLAY_WINDOW_S", "0"),
        ("MAX_BODY_BYTES", "many"),
        ("RUN_TAGS", "perhaps"),
        ("CODE_HOST_API", "ftp://x"),
    ],
)
def test_a_wrong_variable_is_named_and_its_value_not_shown(name, value):
    environ = {key: text for key, text in (GOOD | {name: value}).items() if text is not None}
    with pytest.raises(UsageError, match=f"variables are wrong: {name}: ") as raised:
        read_settings(WebhookSettings, environ)
    assert value is None or value not in str(raised.value).split(": ", 2)[2] or value == "0"
    assert "deploy it again" in raised.value.hint


def test_all_wrong_variables_are_named_at_once():
    with pytest.raises(UsageError, match=r"DATA_BUCKET: .*; STATE_MACHINE_ARN: "):
        read_settings(ScheduleSettings, {})


def test_endpoints_are_a_list_of_resource_ids():
    ids = "endpoint/a/variant/main, endpoint/b/variant/main"
    rules = read_settings(StopSettings, {"ENDPOINT_RESOURCE_IDS": ids}).rules
    assert [(rule.endpoint, rule.share) for rule in rules] == [
        ("endpoint/a/variant/main", 1.0),
        ("endpoint/b/variant/main", 1.0),
    ]


def test_without_endpoints_there_is_nothing_to_stop():
    assert read_settings(StopSettings, {"ENDPOINT_RESOURCE_IDS": ""}).rules == ()


@pytest.mark.parametrize("ids", [" ", "classifier", "endpoint/a", "endpoint/a/variant/main,"])
def test_what_is_no_list_of_resource_ids_is_refused(ids):
    with pytest.raises(UsageError, match="ENDPOINT_RESOURCE_IDS"):
        read_settings(StopSettings, {"ENDPOINT_RESOURCE_IDS": ids})
