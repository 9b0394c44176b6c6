"""What workers upload is untrusted: it counts whole, once, and for the shard that it is of."""

import pytest

from testfleet.contracts.result import UnitStatus
from testfleet.workflow.fakes import InMemoryObjects
from testfleet.workflow.records import RunRecords
from tests.planning_samples import make_result, make_shard, make_test

RUN = "20260101-000000-abcdef"
SHARDS = [make_shard("r1-0000", "a"), make_shard("r1-0001", "b")]
GOOD = make_result("r1-0000", {"a": UnitStatus.FINISHED}, (make_test("a::x"),))
BODY = GOOD.model_dump_json().encode()


@pytest.fixture
def records():
    return RunRecords(RUN, InMemoryObjects())


@pytest.mark.parametrize("kept", [*range(0, len(BODY), 37), len(BODY) - 1])
def test_a_truncated_upload_counts_as_none(records, kept):
    records.objects.put(records.keys.result("r1-0000"), BODY[:kept])
    assert records.results(SHARDS) == ()


def test_what_was_truncated_and_uploaded_again_counts_once(records):
    records.objects.put(records.keys.result("r1-0000"), BODY[:100])
    assert records.results(SHARDS) == ()
    for _ in range(2):
        records.objects.put(records.keys.result("r1-0000"), BODY)
        assert records.results(SHARDS) == (GOOD,)


def test_a_worker_cannot_speak_for_another_shard(records):
    records.objects.put(records.keys.result("r1-0001"), BODY)
    records.objects.put(records.keys.partial("r1-0001"), BODY)
    assert records.results(SHARDS) == ()


def test_a_truncated_result_leaves_what_was_told_before(records):
    partial = GOOD.model_copy(update={"is_partial": True})
    records.objects.put(records.keys.partial("r1-0000"), partial.model_dump_json().encode())
    records.objects.put(records.keys.result("r1-0000"), BODY[:-1])
    assert records.results(SHARDS) == (partial,)
