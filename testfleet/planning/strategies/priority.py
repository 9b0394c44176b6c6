"""What matters most runs first, on every worker at once."""

from __future__ import annotations

from dataclasses import dataclass

from testfleet.planning.partition.balance import list_schedule
from testfleet.planning.strategies.bundles import Bundles
from testfleet.planning.work import Assignment, Job


@dataclass(frozen=True)
class Priority:
    """List scheduling (Graham 1966) in the order of priority.

    A unit starts no later than all units of higher priority allow, whichever shard they are in, so
    a failure that the priorities foresee comes as early as it can. The end comes later than with
    shards of the same length: what is dealt out last may be long.
    """

    name: str = "priority"
    summary: str = "highest priority first on every worker, so that failures come early"
    ordered: bool = True

    def assign(self, job: Job) -> Assignment:
        """Bundles count with their highest priority, and ties are taken longest first."""
        bundles = Bundles.of(job)
        seconds, priorities = bundles.seconds, bundles.priorities
        order = sorted(range(len(seconds)), key=lambda at: (-priorities[at], -seconds[at], at))
        units = job.units
        wished = sorted(
            range(len(units)), key=lambda at: (-units[at].priority, -units[at].duration_s, at)
        )
        shards = bundles.arranged(list_schedule(order, seconds, job.weights), wished)
        levels = len({unit.priority for unit in units})
        return Assignment(shards, (f"highest priority first, {levels} different ones",))


PRIORITY = Priority()
