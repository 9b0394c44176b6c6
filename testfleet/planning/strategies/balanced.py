"""Shards of the same length: the usual strategy."""

from __future__ import annotations

from dataclasses import dataclass

from testfleet.planning.partition.apart import apart
from testfleet.planning.partition.balance import partition
from testfleet.planning.strategies.bundles import Bundles, handed_out_longest_first
from testfleet.planning.work import Assignment, Job


@dataclass(frozen=True)
class Balanced:
    """Longest processing time first (Graham 1969), then units change places between the longest
    shard and others; where few units share a shard, bins are packed with the least slack.

    The longest shard is at most 4/3 of the shortest possible, and mostly within a percent of it.
    Where past runs tell which units slow down together, these go to different shards, even if
    the predicted lengths then differ more.
    """

    name: str = "balanced"
    summary: str = "shards of the same predicted length"

    def assign(self, job: Job) -> Assignment:
        """Shards as long as their weights say, units in the order of the job."""
        bundles = Bundles.of(job)
        parts = partition(bundles.seconds, job.weights)
        reason = "units placed longest first, then exchanged until shards were even"
        if len(set(job.weights)) == 1:
            steadier = apart(parts, bundles.seconds, bundles.scatters)
            if steadier != parts:
                parts = steadier
                reason += ", and such that units that slow down together lie apart"
        return handed_out_longest_first(job, Assignment(bundles.arranged(parts), (reason,)))


BALANCED = Balanced()
