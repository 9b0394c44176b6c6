"""What is remembered of the causes of a suite's failures, kept beside its runs in the bucket.

Runs of one suite that end at the same time overwrite each other's memory: a cause that only the
first of them has shown is new once more, which costs a date and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from testfleet.contracts.failure import PastCluster, PastClusters
from testfleet.workflow.keys import clusters_key
from testfleet.workflow.ports import ObjectStore


@dataclass(frozen=True)
class ClusterMemory:
    """The memory of one suite."""

    objects: ObjectStore
    history_key: str
    """What the suite's history is kept under."""

    def recall(self) -> tuple[PastCluster, ...]:
        """What earlier runs left. Nothing is remembered of what cannot be read."""
        body = self.objects.get(clusters_key(self.history_key))
        if body is None:
            return ()
        try:
            return PastClusters.model_validate_json(body).clusters
        except ValidationError:
            return ()

    def remember(self, past: Sequence[PastCluster]) -> None:
        """Replace it by what `triage` gave as the past of the next run."""
        body = PastClusters(clusters=tuple(past)).model_dump_json().encode()
        self.objects.put(clusters_key(self.history_key), body)
