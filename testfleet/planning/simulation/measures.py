"""What a simulation amounts to, in a few numbers."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

from testfleet.planning.simulation.attempts import Ending
from testfleet.planning.simulation.simulator import Scenario, Simulation


@dataclass(frozen=True)
class Measures:
    """Numbers for a person and for `--json`."""

    total_s: float
    """All units, one after the other."""
    longest_s: float
    lower_bound_s: float
    """max(longest unit, all units / workers): no plan can be shorter."""
    plan_s: float
    """The plan alone: durations and barriers, without any start, limit or loss."""
    makespan_s: float
    """The fleet: from the first start asked for to the end of the last worker."""
    peak_workers: int
    """The most that were at work at the same time."""
    utilisation: float
    """Seconds of tests that count, as a share of that many workers times makespan."""
    missed_deadlines: int
    """Units without a result at their own or the run's deadline."""
    lost_units: int
    """Units that never got a result, those that waited for one of them included."""
    endings: dict[str, int]
    """Attempts by how they ended."""

    @property
    def plan_ratio(self) -> float | None:
        """How close the plan is to the bound: 1.0 is perfect. None: no number tells."""
        return _finite(self.plan_s / self.lower_bound_s)

    @property
    def ratio(self) -> float | None:
        """How close the fleet comes to the bound, with all that the plan cannot help.

        None when units never finished: the time until a fleet gives up is no makespan of them.
        """
        return None if self.lost_units else _finite(self.makespan_s / self.lower_bound_s)


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None


def measure(scenario: Scenario, simulation: Simulation, plan_s: float) -> Measures:
    """The numbers of one simulation; `plan_s` as `plan_makespan_s` gives it."""
    job = scenario.job
    seconds = [unit.duration_s for unit in job.units]
    peak = _peak(simulation)
    counted_s = sum(
        each for each, end_s in zip(seconds, simulation.finished_s, strict=True) if end_s < math.inf
    )
    endings = Counter(attempt.ending for attempt in simulation.attempts)
    total_s, longest_s = sum(seconds), max(seconds)
    return Measures(
        total_s=total_s,
        longest_s=longest_s,
        lower_bound_s=max(longest_s, total_s / job.workers),
        plan_s=plan_s,
        makespan_s=simulation.makespan_s,
        peak_workers=peak,
        utilisation=counted_s / (peak * simulation.makespan_s) if simulation.makespan_s else 0.0,
        missed_deadlines=_missed(scenario, simulation),
        lost_units=sum(1 for end_s in simulation.finished_s if end_s == math.inf),
        endings={ending.value: endings[ending] for ending in Ending},
    )


def _peak(simulation: Simulation) -> int:
    starts = sorted(each.start_s for each in simulation.attempts)
    ends = sorted(each.end_s for each in simulation.attempts)
    peak = ended = 0
    for begun, start_s in enumerate(starts, start=1):
        while ended < begun - 1 and ends[ended] <= start_s:
            ended += 1
        peak = max(peak, begun - ended)
    return peak


def _missed(scenario: Scenario, simulation: Simulation) -> int:
    whole_s = scenario.job.deadline_s
    missed = 0
    for unit, end_s in zip(scenario.job.units, simulation.finished_s, strict=True):
        wanted_s = min(
            (each for each in (unit.deadline_s, whole_s) if each is not None), default=math.inf
        )
        missed += end_s > wanted_s
    return missed
