"""Owners of units take turns, so that no repository or team waits for all of another's."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass

from testfleet.errors import UsageError
from testfleet.planning.partition.balance import list_schedule
from testfleet.planning.strategies.bundles import Bundles
from testfleet.planning.work import Assignment, Job


@dataclass(frozen=True)
class FairShare:
    """Weighted fair queueing, then list scheduling in that order.

    A. Demers, S. Keshav, S. Shenker, "Analysis and simulation of a fair queueing algorithm",
    SIGCOMM 1989: units run in the order in which they would end if every owner had its share of
    each worker all the time. Up to any place in that order, what two owners with units left have
    received differs by at most one unit of each, their shares considered.
    """

    name: str = "fair-share"
    summary: str = "owners take turns, each by its share"

    def assign(self, job: Job) -> Assignment:
        """Shares are those of the job, 1 for an owner without one. Of an owner's units, those with
        the highest priority come first, then the longest. Raises UsageError for a share that is
        not positive."""
        bundles = Bundles.of(job)
        order = _by_virtual_end(bundles)
        wished = [at for bundle in order for at in bundles.members[bundle]]
        shards = bundles.arranged(list_schedule(order, bundles.seconds, job.weights), wished)
        owners = sorted({unit.owner or "(no owner)" for unit in job.units})
        return Assignment(shards, (f"in turn: {_named(owners)}",))


def _by_virtual_end(bundles: Bundles) -> list[int]:
    seconds, priorities = bundles.seconds, bundles.priorities
    queues: defaultdict[str, list[int]] = defaultdict(list)
    for at, members in enumerate(bundles.members):
        queues[bundles.job.units[members[0]].owner].append(at)
    tags: list[tuple[float, int]] = []
    for owner, queue in queues.items():
        share = _share(bundles.job, owner)
        ends_at = 0.0
        for at in sorted(queue, key=lambda at: (-priorities[at], -seconds[at], at)):
            ends_at += seconds[at] / share
            tags.append((ends_at, at))
    return [at for _, at in sorted(tags)]


def _share(job: Job, owner: str) -> float:
    share = job.shares.get(owner, 1.0)
    if not 0 < share < math.inf:
        raise UsageError(f"the share of owner {owner!r} is {share}: it must be positive and finite")
    return share


def _named(owners: list[str]) -> str:
    shown = 5
    more = f" and {len(owners) - shown} more" if len(owners) > shown else ""
    return ", ".join(owners[:shown]) + more


FAIR_SHARE = FairShare()
