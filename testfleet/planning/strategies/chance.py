"""How likely an assignment meets its deadlines, from the intervals of the predictions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heapify, heapreplace
from statistics import NormalDist

from testfleet.planning.partition.spread import spread_s
from testfleet.planning.work import Job, WorkUnit


@dataclass(frozen=True)
class Outlook:
    """What to expect of the deadlines."""

    chance: float
    """That every one is met."""
    late: tuple[int, ...]
    """Units that are expected to end after theirs."""
    ends_s: float
    """When the last unit is expected to end."""


def deadline_of(job: Job, unit: WorkUnit) -> float:
    """The unit's deadline or, without one, that of the job; else infinity."""
    if unit.deadline_s is not None:
        return unit.deadline_s
    return math.inf if job.deadline_s is None else job.deadline_s


def outlook(job: Job, shards: Sequence[Sequence[int]]) -> Outlook:
    """Follow each worker through its shards, with mean and variance of the time that has passed.

    A sum of many independent durations is nearly normal, so it is taken for that (central limit
    theorem). A worker's chance is that of its tightest deadline, and workers are independent. What
    slows all units down together, as a slower machine would, is not in it.
    """
    workers = [_Clock() for _ in range(min(job.workers, max(len(shards), 1)))]
    free = [(0.0, number) for number in range(len(workers))]
    heapify(free)
    late: list[int] = []
    for shard in shards:
        if not shard:
            continue
        clock = workers[free[0][1]]
        clock.mean_s += job.overhead_s
        for at in shard:
            unit = job.units[at]
            clock.run(unit, deadline_of(job, unit))
            if clock.mean_s > deadline_of(job, unit):
                late.append(at)
        heapreplace(free, (clock.mean_s, free[0][1]))
    chance = math.prod(NormalDist().cdf(clock.tightest) for clock in workers)
    return Outlook(chance, tuple(late), max(clock.mean_s for clock in workers))


@dataclass
class _Clock:
    """The time of one worker, as far as it is known."""

    mean_s: float = 0.0
    variance: float = 0.0
    tightest: float = 40.0
    """Least margin before a deadline, in standard deviations. At 40 nothing can be late."""

    def run(self, unit: WorkUnit, deadline_s: float) -> None:
        self.mean_s += unit.duration_s
        self.variance += spread_s(unit.duration_s, unit.low_s, unit.high_s, known=unit.known) ** 2
        if deadline_s < math.inf:
            margin = (deadline_s - self.mean_s) / math.sqrt(self.variance)
            self.tightest = min(self.tightest, margin)
