"""The function that records a run's events when one of its objects appears."""

import json
from datetime import timedelta
from types import SimpleNamespace

import boto3
import pytest

from lambdas.record_events import handler as module
from testfleet.aws import clients
from testfleet.aws.events import DynamoEventStore
from testfleet.workflow.keys import RunKeys
from tests.aws_samples import BUCKET, make_bucket, mocked_account
from tests.unit.test_workflow_events import REQUEST, RUN_ID

CONTEXT = SimpleNamespace(
    function_name="record-events",
    memory_limit_in_mb=512,
    invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:record-events",
    aws_request_id="1",
)


@pytest.fixture(autouse=True)
def account(monkeypatch):
    for name, value in {
        "DATA_BUCKET": BUCKET,
        "EVENTS_TABLE": "events",
        "EVENT_BUS": "default",
        "TESTFLEET_ENVIRONMENT": "dev",
    }.items():
        monkeypatch.setenv(name, value)
    module._settings.cache_clear()
    module._recorder.cache_clear()
    with mocked_account(monkeypatch):
        make_bucket()
        boto3.client("dynamodb").create_table(
            TableName="events",
            KeySchema=[
                {"AttributeName": "run_id", "KeyType": "HASH"},
                {"AttributeName": "sequence", "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[
                {"AttributeName": "run_id", "AttributeType": "S"},
                {"AttributeName": "sequence", "AttributeType": "N"},
            ],
            BillingMode="PAY_PER_REQUEST",
        )
        yield


def created(key):
    return {"detail": {"bucket": {"name": BUCKET}, "object": {"key": key}}}


def test_the_same_object_told_twice_is_one_event():
    keys = RunKeys(RUN_ID)
    clients.s3().put_object(
        Bucket=BUCKET, Key=keys.request, Body=REQUEST.model_dump_json().encode()
    )
    answers = [module.handler(created(keys.request), CONTEXT) for _ in range(2)]
    assert answers == [{"events": 1}, {"events": 0}]
    store = DynamoEventStore(clients.dynamodb(), "events", timedelta(1))
    [event] = store.after(RUN_ID, 0)
    assert (event.kind.value, json.loads(event.model_dump_json())["sequence"]) == (
        "run-requested",
        1,
    )


def test_what_is_no_runs_object_records_nothing():
    assert module.handler(created("runs/../secret"), CONTEXT) == {"events": 0}
