"""What is remembered of the causes of a suite's failures, kept beside its runs in the bucket.

Runs of one suite that end at the same time overwrite each other's memory: a cause that only the
first of them has shown is new once more, which costs a date and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import ValidationError

from testfleet.contracts.failure import PastClusters
from testfleet.workflow.keys import clusters_key
from testfleet.workflow.ports import ObjectStore


@dataclass(frozen=True)
class ClusterMemory:
    """The memory of one suite."""

    objects: ObjectStore
    history_key: str
    """What the suite's history is kept under."""

    def recall(self) -> PastClusters:
        """What earlier runs left. Nothing is remembered of what cannot be read."""
        body = self.objects.get(clusters_key(self.history_key))
        if body is None:
            return PastClusters()
        try:
            return PastClusters.model_validate_json(body)
        except ValidationError:
            return PastClusters()

    def remember(self, past: PastClusters) -> None:
        """Replace it."""
        self.objects.put(clusters_key(self.history_key), past.model_dump_json().encode())
