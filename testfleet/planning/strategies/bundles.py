"""What strategies deal out: bundles, which stay whole."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from heapq import heapify, heapreplace
from itertools import chain

from testfleet.planning.strategies.order import ranks
from testfleet.planning.work import Assignment, Job, WorkUnit

Bundle = Sequence[int]
"""Indices of units that share a shard."""


@dataclass(frozen=True)
class Bundles:
    """The bundles of a job, in the order of their first units."""

    job: Job
    members: Sequence[Bundle]

    @classmethod
    def of(cls, job: Job) -> Bundles:
        """The units of the job, those with the same word in `together` as one."""
        bundles: list[Bundle] = []
        words: dict[str, list[int]] = {}
        for at, unit in enumerate(job.units):
            if unit.together is None:
                bundles.append((at,))
            elif unit.together in words:
                words[unit.together].append(at)
            else:
                bundles.append(words.setdefault(unit.together, [at]))
        return cls(job, bundles)

    @cached_property
    def seconds(self) -> list[float]:
        """Predicted seconds of each bundle."""
        units = self.job.units
        return [
            units[members[0]].duration_s
            if len(members) == 1
            else sum(units[at].duration_s for at in members)
            for members in self.members
        ]

    @cached_property
    def scatters(self) -> list[Sequence[float]]:
        """How the past runs of each bundle differed from what is expected; empty: not known."""
        units = self.job.units
        return [
            units[members[0]].scatter
            if len(members) == 1
            else [sum(run) for run in zip(*_known_scatters(units, members), strict=True)]
            for members in self.members
        ]

    @cached_property
    def priorities(self) -> list[float]:
        """The highest priority in each bundle."""
        units = self.job.units
        return [max(units[at].priority for at in members) for members in self.members]

    def units_of(self, bundle: int) -> list[WorkUnit]:
        """The units in a bundle."""
        return [self.job.units[at] for at in self.members[bundle]]

    def arranged(
        self, parts: Iterable[Iterable[int]], wished: Sequence[int] | None = None
    ) -> tuple[tuple[int, ...], ...]:
        """The units of these parts of the bundles, shard by shard, in the order in which they run.

        That is the `wished` order of the job's units, or the job's own, as far as dependencies
        allow.
        """
        rank = ranks(self.job.units, wished)
        shards = (chain.from_iterable(self.members[at] for at in part) for part in parts)
        key = None if rank is None else rank.__getitem__
        return tuple(tuple(sorted(shard, key=key)) for shard in shards)


def _known_scatters(units: Sequence[WorkUnit], members: Bundle) -> list[Sequence[float]]:
    return [units[at].scatter for at in members if units[at].scatter]


def in_order_of_priority(units: Sequence[WorkUnit]) -> list[int] | None:
    """Highest priority first, else as in the job. None: that is the order of the job."""
    if len({unit.priority for unit in units}) <= 1:
        return None
    return sorted(range(len(units)), key=lambda at: -units[at].priority)


def handed_out_longest_first(job: Job, assignment: Assignment) -> Assignment:
    """The same shards, the longest first: what is left for the end is short."""
    units = job.units
    loads = [sum(units[at].duration_s for at in shard) for shard in assignment.shards]
    order = sorted(range(len(loads)), key=lambda at: -loads[at])
    profiles = tuple(assignment.profiles[at] for at in order) if assignment.profiles else ()
    return Assignment(
        tuple(assignment.shards[at] for at in order), assignment.reasons, profiles=profiles
    )


def apportion(totals: Sequence[float], count: int) -> list[int]:
    """How many of the shards each group gets: at least one, even if that makes them more.

    The method of highest averages (D'Hondt, Jefferson) makes the longest average shard shortest.
    """
    seats = [1] * len(totals)
    heap = [(-total, at) for at, total in enumerate(totals)]
    heapify(heap)
    for _ in range(count - len(totals) if totals else 0):
        _, at = heap[0]
        seats[at] += 1
        heapreplace(heap, (-totals[at] / seats[at], at))
    return seats
