"""Causes that are remembered from run to run."""

from datetime import UTC, datetime

import pytest

from testfleet.contracts.failure import PastCluster, PastClusters, Sighting
from testfleet.workflow.cluster_memory import ClusterMemory
from testfleet.workflow.fakes import InMemoryObjects
from testfleet.workflow.keys import clusters_key

SEEN = Sighting(run_id="r", commit=None, at=datetime(2026, 1, 1, tzinfo=UTC))
PAST = PastCluster(
    id="a", title="t", kind="E", fingerprints=("a",), first_seen=SEEN, last_seen=SEEN
)


def test_what_one_run_leaves_the_next_one_finds():
    objects = InMemoryObjects()
    ClusterMemory(objects, "suite").remember(PastClusters(clusters=(PAST,)))
    assert ClusterMemory(objects, "suite").recall().clusters == (PAST,)
    assert ClusterMemory(objects, "other").recall() == PastClusters()


@pytest.mark.parametrize("body", [b"", b"\xff", b"[]", b'{"schema_version": "9"}'])
def test_what_cannot_be_read_is_no_memory(body):
    objects = InMemoryObjects()
    objects.put(clusters_key("suite"), body)
    assert ClusterMemory(objects, "suite").recall() == PastClusters()
