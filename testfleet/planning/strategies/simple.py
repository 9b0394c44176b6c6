"""Round robin: for a suite of which nothing is known, and to compare the others with."""

from __future__ import annotations

from dataclasses import dataclass

from testfleet.planning.strategies.bundles import Bundles
from testfleet.planning.work import Assignment, Job


@dataclass(frozen=True)
class Simple:
    """Deals bundles out one by one, whatever they take and whatever the shards' weights."""

    name: str = "simple"
    summary: str = "round robin in the order of the suite, whatever units take"

    def assign(self, job: Job) -> Assignment:
        """Bundle k goes to shard k modulo the number of shards."""
        bundles = Bundles.of(job)
        count = len(job.weights)
        total = len(bundles.members)
        shards = bundles.arranged(range(first, total, count) for first in range(count))
        return Assignment(shards, (f"{total} units dealt out in turn",))


SIMPLE = Simple()
