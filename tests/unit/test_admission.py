"""A run's way through the quotas, on a store in memory and on one in a mocked account."""

import gzip
import threading
from datetime import UTC, datetime, timedelta
from itertools import count

import boto3
import pytest

from testfleet.aws import clients
from testfleet.aws.quotas import DynamoQuotaStore
from testfleet.config import load_environment
from testfleet.contracts.plan import Compute, Shard
from testfleet.contracts.quota import Quota, Quotas, QuotaState
from testfleet.contracts.run import ArchiveSource, RunRequest, Trigger
from testfleet.errors import FleetError
from testfleet.planning.quotas.admission import Verdict
from testfleet.workflow.admission import Admission, with_workers
from testfleet.workflow.fakes import InMemoryObjects, InMemoryQuotas, InMemoryRuns
from testfleet.workflow.keys import RunKeys
from testfleet.workflow.steps import RunTests, World
from tests.aws_samples import mocked_account

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LOCAL = load_environment("local")
NUMBERS = count()


def environment(**quotas):
    return LOCAL.model_copy(update={"quotas": Quotas(**quotas)})


ONE_SHARD = environment(repositories={"shop": Quota(concurrency=1)}, max_wait_s=60)


def request(repository="shop", **changes):
    asked = {
        "run_id": f"20260101-000000-{next(NUMBERS):06x}",
        "repository": repository,
        "trigger": Trigger.CLI,
        "requested_at": NOW,
        "source": ArchiveSource(key="k", sha256="0"),
    }
    return RunRequest.model_validate(asked | changes)


def admission(store, place=ONE_SHARD, now=lambda: NOW, **changes):
    return Admission(place, store, request(**changes), now)


class Forbidden(InMemoryQuotas):
    def load(self):
        raise AssertionError("nobody has asked for quotas")


@pytest.mark.parametrize("place", [LOCAL, environment(repositories={"other": Quota(usd=1)})])
def test_a_run_without_a_quota_never_asks_the_store(place):
    run = admission(Forbidden(), place)
    assert run.decide().verdict is Verdict.ADMIT
    assert run.workers == place.fleet.workers
    run.extend([shard()])
    run.give_back(1.0)


def shard(profile="local"):
    return Shard(id="r1-1", profile=profile, compute=Compute.LAMBDA, units=())


def test_the_second_run_waits_until_the_first_gives_back():
    store = InMemoryQuotas()
    first, second = admission(store), admission(store)
    assert first.decide().verdict is Verdict.ADMIT
    assert second.decide().verdict is Verdict.WAIT
    first.give_back(0.5)
    assert second.decide().verdict is Verdict.ADMIT
    assert second.workers == 1


def test_a_share_lasts_as_long_as_the_shards_may_take():
    store = InMemoryQuotas()
    run = admission(store)
    run.decide()
    run.extend([shard()] * 5)
    lease = store.state.leases[run.request.run_id]
    limit_s = LOCAL.profiles["local"].time_limit_s
    assert lease.expires_at - NOW >= timedelta(seconds=5 * limit_s)


class Contested(InMemoryQuotas):
    """Somebody else is always quicker, so many times."""

    def __init__(self, times):
        super().__init__()
        self.times = times

    def exchange(self, state, version):
        self.times -= 1
        return self.times < 0 and super().exchange(state, version)


def test_an_exchange_that_fails_is_made_again_with_what_the_other_has_left():
    assert admission(Contested(3)).decide().verdict is Verdict.ADMIT


def test_too_many_failed_exchanges_are_the_fleets_failure_which_is_retried():
    with pytest.raises(FleetError, match="changed 20 times"):
        admission(Contested(10**6)).decide()


def test_only_the_workers_of_a_limited_run_are_fewer():
    assert with_workers(LOCAL, 1).fleet.workers == 1
    assert with_workers(LOCAL, LOCAL.fleet.workers) is LOCAL


@pytest.fixture
def table(monkeypatch):
    with mocked_account(monkeypatch):
        boto3.client("dynamodb").create_table(
            TableName="quotas",
            KeySchema=[{"AttributeName": "document", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "document", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        yield DynamoQuotaStore(clients.dynamodb(), "quotas")


def test_what_is_exchanged_is_loaded_again(table):
    assert table.load() == (QuotaState(), 0)
    state = QuotaState(costs={"shop": 0.5})
    assert table.exchange(state, 0)
    assert table.load() == (state, 1)


def test_a_state_that_has_changed_meanwhile_is_not_replaced(table):
    assert table.exchange(QuotaState(costs={"first": 1}), 0)
    assert not table.exchange(QuotaState(costs={"second": 1}), 0)
    assert table.load()[0].costs == {"first": 1}


NEWER = gzip.compress(b'{"schema_version": "9"}', mtime=0)


@pytest.mark.parametrize(
    "body", [NEWER, NEWER[:-9], b"no gzip", gzip.compress(b"no json", mtime=0)]
)
def test_a_state_that_cannot_be_read_is_refused_with_the_remedy(table, body):
    item = {"document": {"S": "quotas"}, "state": {"B": body}, "version": {"N": "1"}}
    boto3.client("dynamodb").put_item(TableName="quotas", Item=item)
    with pytest.raises(FleetError, match="the use of the quotas in table quotas cannot be read"):
        table.load()
    with pytest.raises(FleetError) as caught:
        table.load()
    assert "deploy one version" in caught.value.hint


def test_the_state_of_a_thousand_runs_is_far_below_the_limit_of_an_item(table):
    place = environment(fleet=Quota(concurrency=500))
    store = InMemoryQuotas()
    for at in range(1000):
        admission(store, place, repository=f"acme/r{at}", shards=1).decide()
    assert table.exchange(store.state, 0)
    item = boto3.client("dynamodb").get_item(TableName="quotas", Key={"document": {"S": "quotas"}})
    assert len(item["Item"]["state"]["B"]) < 100_000
    assert table.load()[0] == store.state


def test_of_runs_that_ask_at_the_same_moment_as_many_start_as_may(table):
    place = environment(fleet=Quota(concurrency=3))
    runs = [admission(table, place, repository=f"r{at}", shards=1) for at in range(8)]
    found = []
    threads = [threading.Thread(target=lambda r=r: found.append(r.decide())) for r in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    admitted = [each for each in found if each.verdict is Verdict.ADMIT]
    assert (len(admitted), len(found)) == (3, 8)


class Scene:
    """Runs of one world, up to their admission."""

    def __init__(self, place=ONE_SHARD):
        self.objects, self.now = InMemoryObjects(), NOW
        self.world = World(
            environment=place,
            objects=self.objects,
            runs=InMemoryRuns(),
            history=None,
            fetch_tarball=lambda _: b"",
            now=lambda: self.now,
            image="image",
            quotas=InMemoryQuotas(),
        )

    def run(self, **changes):
        asked = request(**changes)
        keys = RunKeys(asked.run_id)
        self.objects.put(keys.request, asked.model_dump_json().encode())
        return RunTests(self.world, asked.run_id), keys


def test_a_waiting_run_is_told_when_to_ask_and_why_it_waits():
    scene = Scene()
    (first, _), (second, keys) = scene.run(), scene.run()
    assert first.admit() == {"run_id": first.run_id, "admitted": True, "wait_s": 0}
    assert second.admit() == {"run_id": second.run_id, "admitted": False, "wait_s": 2}
    assert scene.objects.get(keys.waiting) == b"repository shop uses 1 of 1 slots"


def rejection(scene, run, keys):
    answer = run.admit()
    assert (answer["admitted"], answer["wait_s"]) == (False, 0)
    assert run.report()["status"] == "rejected"
    return scene.objects.get(keys.rejection).decode()


def test_a_run_that_has_waited_too_long_is_rejected_and_its_report_says_why():
    scene = Scene()
    scene.run()[0].admit()
    second, keys = scene.run()
    second.admit()
    for _ in range(3):
        scene.now += timedelta(seconds=20)
        answer = second.admit() if scene.now < NOW + timedelta(seconds=60) else None
    assert answer is None
    assert "not admitted: waited 60 s in vain" in rejection(scene, second, keys)
    assert scene.world.quotas.state.waiters == {}


def test_a_run_that_is_cancelled_while_it_waits_is_rejected():
    scene = Scene()
    scene.run()[0].admit()
    second, keys = scene.run()
    second.admit()
    scene.objects.put(keys.cancel, b"")
    assert "cancelled while it waited" in rejection(scene, second, keys)
    assert scene.world.quotas.state.waiters == {}


@pytest.mark.parametrize("end", ["report", "report_failure"])
def test_however_a_run_ends_its_share_is_given_back(end):
    scene = Scene()
    run, _ = scene.run(shards=1)
    run.admit()
    scene.objects.bodies[RunKeys(run.run_id).rejection] = (
        b'{"type": "configuration", "message": "no such suite"}'
    )
    run.report() if end == "report" else run.report_failure({"Error": "X", "Cause": "y"})
    assert scene.world.quotas.state.leases == {}
