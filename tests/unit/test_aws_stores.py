"""The adapters of the workflow's ports, on a mocked account."""

import gzip
import json
import random
from datetime import UTC, datetime, timedelta

import boto3
import pytest

from testfleet.aws import clients
from testfleet.aws.history import DynamoHistoryStore
from testfleet.aws.objects import S3ObjectStore
from testfleet.aws.runs import DynamoRunStore
from testfleet.contracts.history import HistoryDetails, TestHistory, UnitHistory, Verdict
from testfleet.contracts.report import Cost, RunReport, RunStatus, Totals
from testfleet.planning.prediction.remember import UnitRun, remember
from testfleet.workflow.ports import RunRow
from tests.aws_samples import BUCKET, make_bucket, mocked_account

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def account(monkeypatch):
    with mocked_account(monkeypatch):
        yield


@pytest.fixture
def objects():
    make_bucket()
    return S3ObjectStore(clients.s3(), BUCKET)


def make_table(name, partition, sort=None, index=()):
    keys = [{"AttributeName": partition, "KeyType": "HASH"}]
    keys += [{"AttributeName": sort, "KeyType": "RANGE"}] if sort else []
    named = {partition, *([sort] if sort else []), *index}
    listing = {
        "IndexName": "listing",
        "KeySchema": [
            {"AttributeName": name, "KeyType": kind}
            for name, kind in zip(index, ("HASH", "RANGE"), strict=False)
        ],
        "Projection": {"ProjectionType": "ALL"},
    }
    boto3.client("dynamodb").create_table(
        TableName=name,
        KeySchema=keys,
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in sorted(named)],
        BillingMode="PAY_PER_REQUEST",
        **({"GlobalSecondaryIndexes": [listing]} if index else {}),
    )


@pytest.fixture
def runs():
    make_table("runs", "run_id", index=("listing", "started_at"))
    return DynamoRunStore(clients.dynamodb(), "runs", timedelta(days=10))


@pytest.fixture
def history():
    make_table("history", "suite", "chunk")
    return DynamoHistoryStore(clients.dynamodb(), "history")


def test_what_is_put_can_be_read_and_what_is_not_is_none(objects):
    objects.put("a", b"1")
    assert (objects.get("a"), objects.get("b")) == (b"1", None)
    assert (objects.exists("a"), objects.exists("b")) == (True, False)


def test_many_objects_go_at_once(objects):
    bodies = {f"k/{number:03}": str(number).encode() for number in range(40)}
    objects.put_many(bodies)
    assert objects.get_many([*bodies, "k/none"]) == bodies
    assert list(objects.keys("k/")) == sorted(bodies)


def test_an_address_is_signed_for_one_object_and_one_verb(objects):
    address = objects.get_url("runs/1/task.json")
    assert f"{BUCKET}/runs/1/task.json" in address
    assert "X-Amz-Signature=" in address
    assert address != objects.put_url("runs/1/task.json")


def row(number, **changes):
    started = NOW + timedelta(minutes=number)
    return RunRow(
        run_id=f"run-{number}", repository="shop", suite="unit", status=None, started_at=started
    ).model_copy(update=changes)


def test_the_newest_runs_come_first(runs):
    for number in (1, 3, 2):
        runs.start(row(number))
    assert [found.run_id for found in runs.recent(2)] == ["run-3", "run-2"]


def test_all_runs_since_a_moment_come_oldest_first(runs):
    for number in (3, 1, 2, 0):
        runs.start(row(number))
    found = runs.since(NOW + timedelta(minutes=1))
    assert [each.run_id for each in found] == ["run-1", "run-2", "run-3"]


def test_starting_a_run_twice_changes_nothing(runs):
    runs.start(row(1))
    runs.start(row(1, repository="other"))
    assert [found.repository for found in runs.recent(5)] == ["shop"]


def test_a_run_is_listed_for_as_long_as_it_is_kept(runs):
    runs.start(row(0))
    item = boto3.client("dynamodb").get_item(TableName="runs", Key={"run_id": {"S": "run-0"}})
    assert item["Item"]["expires_at"]["N"] == str(int((NOW + timedelta(days=10)).timestamp()))


def test_a_finished_run_shows_how_it_ended(runs):
    runs.start(row(1))
    runs.finish(
        RunReport(
            run_id="run-1",
            repository="shop",
            suite="unit",
            mode="full",
            commit=None,
            status=RunStatus.FAILED,
            started_at=NOW,
            finished_at=NOW,
            wall_s=3.5,
            serial_s=5,
            lower_bound_s=2,
            workers=2,
            shards=(),
            totals=Totals(passed=1, failed=2),
            tests=(),
            cost=Cost(usd=0.25, by_service={"lambda": 0.25}),
        )
    )
    [found] = runs.recent(5)
    assert (found.status, found.wall_s, found.usd) == (RunStatus.FAILED, 3.5, 0.25)
    assert found.totals["failed"] == 2


def units(count):
    return {
        f"tests/test_{n}.py": UnitHistory(duration_s=n / 4, tests=n, runs=1) for n in range(count)
    }


@pytest.mark.parametrize("count", [0, 1, 2001, 4500])
def test_history_comes_back_whole(history, count):
    history.save("shop#unit", units(count))
    assert history.load("shop#unit") == units(count)


def test_saving_less_leaves_nothing_of_the_old(history):
    history.save("shop#unit", units(4500))
    history.save("shop#unit", units(3))
    assert history.load("shop#unit") == units(3)


def test_the_history_of_one_suite_is_not_anothers(history):
    history.save("shop#unit", units(3))
    assert history.load("shop#web") == {}


@pytest.mark.parametrize("blob", [b"", b"not gzip", b"\x1f\x8b\x08\x00broken"])
def test_history_that_cannot_be_read_is_none(history, blob):
    key = {"suite": {"S": "shop#unit"}, "chunk": {"S": "000000"}}
    boto3.client("dynamodb").put_item(TableName="history", Item={**key, "units": {"B": blob}})
    assert history.load("shop#unit") == {}


def test_everything_that_history_keeps_comes_back(history):
    runs = [UnitRun("tests/test_a.py", 7.5, 3, Verdict.FAILED, "lambda", 300, (("TestA", 7.0),))]
    kept = remember(remember({}, runs, NOW), runs, NOW)
    history.save("shop#unit", kept)
    assert history.load("shop#unit") == kept


def put(chunk, **attributes):
    item = {"suite": {"S": "shop#unit"}, "chunk": {"S": chunk}}
    boto3.client("dynamodb").put_item(
        TableName="history", Item=item | {name: {"B": body} for name, body in attributes.items()}
    )


def names():
    items = boto3.client("dynamodb").scan(TableName="history")["Items"]
    return sorted(item["chunk"]["S"] for item in items)


def test_history_of_the_first_version_is_read_and_converted(history):
    rows = {"tests/test_a.py": [1.5, 4, 9]}
    put("000000", units=gzip.compress(json.dumps(rows).encode()))
    old = history.load("shop#unit")
    assert old == {"tests/test_a.py": UnitHistory(duration_s=1.5, tests=4, runs=9)}
    history.save("shop#unit", old)
    assert names() == ["files/v2/000000"]
    assert history.load("shop#unit") == old


def test_history_of_a_later_version_is_neither_read_nor_touched(history, caplog):
    put("files/v3/000000", body=b"who knows")
    put("tests/v3/000000", body=b"who knows")
    history.save("shop#unit", units(3))
    history.save_details("shop#unit", HistoryDetails(imported=("a",)))
    assert history.load("shop#unit") == units(3)
    assert history.details("shop#unit").imported == ("a",)
    assert "later version" in caplog.text
    assert {"files/v3/000000", "tests/v3/000000"} <= set(names())


def test_a_broken_item_costs_only_what_it_held(history, caplog):
    history.save("shop#unit", units(4500))
    put("files/v2/000001", body=b"broken")
    assert len(history.load("shop#unit")) == 2500
    assert "files/v2/000001" in caplog.text


def test_details_come_back_whole_and_alone(history):
    tests = {f"a.py::test_{n}": TestHistory(duration_s=n, runs=1) for n in range(2500)}
    details = HistoryDetails(tests=tests, imported=tuple(map(str, range(3000))))
    history.save("shop#unit", units(3))
    history.save_details("shop#unit", details)
    assert history.details("shop#unit") == details
    assert history.load("shop#unit") == units(3)
    history.save_details("shop#unit", HistoryDetails())
    assert history.details("shop#unit") == HistoryDetails()


def test_no_item_is_larger_than_the_table_takes(history):
    chance = random.Random(3)
    long = {
        f"{n}": UnitHistory(
            duration_s=1, tests=1, runs=1, recent=f"{chance.getrandbits(4000):x}" * 3
        )
        for n in range(600)
    }
    history.save("shop#unit", long)
    assert history.load("shop#unit") == long
    assert len(names()) > 1
