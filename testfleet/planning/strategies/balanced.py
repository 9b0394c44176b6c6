"""Shards of the same length: the usual strategy."""

from __future__ import annotations

from dataclasses import dataclass

from testfleet.planning.partition import partition
from testfleet.planning.strategies.bundles import arrange, bundles_of, longest_first, seconds_of
from testfleet.planning.work import Assignment, Job


@dataclass(frozen=True)
class Balanced:
    """Longest processing time first with an improvement: see `testfleet.planning.partition`."""

    name: str = "balanced"
    summary: str = "shards of the same predicted length"

    def assign(self, job: Job) -> Assignment:
        """Shards as long as their weights say, units in the order of the job."""
        bundles = bundles_of(job.units)
        parts = partition(seconds_of(job.units, bundles), job.weights)
        shards = arrange(job, ([bundles[at] for at in part] for part in parts))
        return longest_first(job, Assignment(shards, ("shards of the same predicted length",)))


BALANCED = Balanced()
