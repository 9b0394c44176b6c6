"""Earliest deadline first, and what happens when that is not early enough."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Final

from testfleet.planning.partition.balance import list_schedule, partition
from testfleet.planning.strategies.bundles import Bundles
from testfleet.planning.strategies.chance import Outlook, deadline_of, outlook
from testfleet.planning.work import Assignment, Job

_SHOWN: Final = 3
"""Late units that a reason names."""


@dataclass(frozen=True)
class Deadline:
    """Earliest due date first (J. R. Jackson, Univ. of California, Res. Report 43, 1955).

    When the seconds before a deadline are too few, units are postponed as in J. M. Moore, "An n
    job, one machine sequencing algorithm for minimizing the number of late jobs", Management
    Science 15 (1968), except that the lowest priority goes first, and only among equals the
    longest. Postponed units run after all others; none is dropped.
    """

    name: str = "deadline"
    summary: str = "earliest deadline first; what cannot be in time runs last, lowest priority last"
    ordered: bool = True

    def assign(self, job: Job) -> Assignment:
        """A unit without a deadline has that of the job. The reasons tell the chance to meet all,
        and the units that will be late."""
        bundles = Bundles.of(job)
        due = [
            min(deadline_of(job, job.units[at]) for at in members) for members in bundles.members
        ]
        postponed = _postponed(bundles, due)
        seconds, priorities = bundles.seconds, bundles.priorities
        if not postponed and len(set(due)) <= 1:
            parts = partition(seconds, job.weights)
        else:
            order = sorted(
                range(len(due)),
                key=lambda at: (
                    (math.inf, -priorities[at], -seconds[at], at)
                    if at in postponed
                    else (due[at], 0.0, -seconds[at], at)
                ),
            )
            parts = list_schedule(order, seconds, job.weights)
        shards = bundles.arranged(parts, _order_inside(bundles, due, postponed))
        return Assignment(shards, _reasons(job, outlook(job, shards), len(postponed)))


def _order_inside(bundles: Bundles, due: Sequence[float], postponed: set[int]) -> list[int]:
    units = bundles.job.units
    keys: list[tuple[bool, float, float]] = [(False, 0.0, 0.0)] * len(units)
    for bundle, members in enumerate(bundles.members):
        late = bundle in postponed
        for at in members:
            keys[at] = (late, math.inf if late else due[bundle], -units[at].priority)
    return sorted(range(len(units)), key=keys.__getitem__)


def _postponed(bundles: Bundles, due: Sequence[float]) -> set[int]:
    """Bundles for which the workers have no seconds left before their deadlines."""
    job, seconds, priorities = bundles.job, bundles.seconds, bundles.priorities
    workers = min(job.workers, len(job.weights))
    held: list[tuple[float, float, int]] = []
    held_s = 0.0
    postponed: set[int] = set()
    for at in sorted(range(len(due)), key=lambda at: (due[at], at)):
        if due[at] == math.inf:
            break
        heappush(held, (priorities[at], -seconds[at], at))
        held_s += seconds[at]
        while held and held_s > workers * max(due[at] - job.overhead_s, 0.0):
            _, less_s, last = heappop(held)
            held_s += less_s
            postponed.add(last)
    return postponed


def _reasons(job: Job, expected: Outlook, postponed: int) -> tuple[str, ...]:
    if job.deadline_s is None and all(unit.deadline_s is None for unit in job.units):
        return ("no unit has a deadline, so shards of the same length",)
    which = "every deadline" if job.deadline_s is None else f"the deadline of {job.deadline_s:g} s"
    reasons = [f"chance to meet {which}: {expected.chance:.0%}"]
    if expected.late:
        reasons.append(f"late, not dropped: {_named(job, expected)}")
    if postponed:
        reasons.append(f"{postponed} run after all others, those of the lowest priority last")
    return tuple(reasons)


def _named(job: Job, expected: Outlook) -> str:
    names = [job.units[at].id for at in expected.late]
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{', '.join(names[:_SHOWN])}{more}; the last unit ends after {expected.ends_s:.1f} s"


DEADLINE = Deadline()
