"""Round robin: for a suite of which nothing is known, and to compare the others with."""

from __future__ import annotations

from dataclasses import dataclass

from testfleet.planning.strategies.bundles import arrange, bundles_of
from testfleet.planning.work import Assignment, Job


@dataclass(frozen=True)
class Simple:
    """Deals the units out one by one, whatever they take and whatever the shards' weights."""

    name: str = "simple"
    summary: str = "round robin in the order of the suite: durations are ignored"

    def assign(self, job: Job) -> Assignment:
        """Bundle k goes to shard k modulo the number of shards."""
        bundles = bundles_of(job.units)
        count = len(job.weights)
        shards = arrange(job, (bundles[first::count] for first in range(count)))
        return Assignment(shards, (f"{len(bundles)} bundles dealt out in turn",))


SIMPLE = Simple()
