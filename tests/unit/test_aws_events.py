"""The stream of events and the dead letter queue, on a mocked account."""

import json
from datetime import timedelta

import boto3
import pytest

from testfleet.aws import clients
from testfleet.aws.dead_letters import SqsDeadLetters
from testfleet.aws.events import DynamoEventStore, EventBridgeBus
from testfleet.contracts.base import utc_now
from testfleet.contracts.event import EventKind, GivenUp, RunEvent
from testfleet.errors import FleetError
from tests.aws_samples import mocked_account


@pytest.fixture(autouse=True)
def account(monkeypatch):
    with mocked_account(monkeypatch):
        yield


@pytest.fixture
def store():
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
    return DynamoEventStore(clients.dynamodb(), "events", timedelta(days=3))


def events(*numbers, run="r"):
    return [
        RunEvent(run_id=run, sequence=at, at=utc_now(), kind=EventKind.SHARD_LOST, fact=str(at))
        for at in numbers
    ]


def test_a_number_is_taken_once_and_events_come_back_by_their_numbers(store):
    mine = events(*range(1, 12))
    assert store.append(mine)
    assert not store.append(events(11, 12))
    assert store.append(events(1, run="another"))
    assert store.after("r", 0) == mine
    assert [event.sequence for event in store.after("r", 9)] == [10, 11]
    item = clients.dynamodb().scan(TableName="events")["Items"][0]
    age_s = int(item["expires_at"]["N"]) - utc_now().timestamp()
    assert 2.9 * 86400 < age_s < 3.1 * 86400


def test_what_was_published_never_goes_back(store):
    assert store.published("r") == 0
    store.note_published("r", 7)
    store.note_published("r", 3)
    assert store.published("r") == 7
    assert store.after("r", 0) == []


class Bus:
    """EventBridge's client, which refuses so many entries."""

    def __init__(self, refused=0):
        self.requests, self.refused = [], refused

    def put_events(self, Entries):  # noqa: N803  as EventBridge calls it
        self.requests.append(Entries)
        return {"FailedEntryCount": self.refused}


def test_events_are_published_in_their_order_and_a_refusal_is_heard_of():
    bus = Bus()
    EventBridgeBus(bus, "runs").publish(events(*range(1, 13)))
    entries = [entry for request in bus.requests for entry in request]
    assert [len(request) for request in bus.requests] == [10, 2]
    assert [json.loads(entry["Detail"])["sequence"] for entry in entries] == list(range(1, 13))
    assert {(entry["Source"], entry["DetailType"]) for entry in entries} == {
        ("testfleet", "shard-lost")
    }
    with pytest.raises(FleetError, match="refused 1"):
        EventBridgeBus(Bus(refused=1), "runs").publish(events(1))


def test_without_table_or_bus_nobody_is_left_in_the_dark():
    with pytest.raises(FleetError):
        DynamoEventStore(clients.dynamodb(), "none", timedelta(1)).append(events(1))
    with pytest.raises(FleetError):
        SqsDeadLetters(clients.sqs(), "https://sqs.us-east-1.amazonaws.com/1/none").take(1)


def test_dead_letters_stay_until_they_are_taken_off():
    url = clients.sqs().create_queue(QueueName="given-up")["QueueUrl"]
    letters = SqsDeadLetters(clients.sqs(), url)
    for run in ("a", "b"):
        letters.send(GivenUp(run_id=run, units=("test_x.py",)))
    clients.sqs().send_message(QueueUrl=url, MessageBody="what is this?")
    taken = letters.take(100)
    assert {each.given_up.run_id for each in taken if each.given_up} == {"a", "b"}
    assert letters.take(100) == []
    letters.put_back(taken)
    again = letters.take(100)
    letters.remove([each for each in again if each.given_up and each.given_up.run_id == "a"])
    letters.put_back([each for each in again if not each.given_up or each.given_up.run_id == "b"])
    assert {each.given_up.run_id if each.given_up else "" for each in letters.take(100)} == {
        "b",
        "",
    }
