"""A run on paper: the planner's shards, the simulated fleet, and the price of both."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from testfleet.config import Profile
from testfleet.contracts.report import Cost
from testfleet.costs.metering import CONTROL_CALLS_PER_RUN, Usage, usage_cost, worker_usd
from testfleet.planning.sharding.shard_count import AS_ASKED
from testfleet.planning.simulation.attempts import Attempt, Ending
from testfleet.planning.simulation.measures import Measures, measure
from testfleet.planning.simulation.simulator import (
    Scenario,
    Simulation,
    plan_makespan_s,
    simulate,
)
from testfleet.planning.work import WorkUnit
from testfleet.workflow.simulation_plan import SimulationRequest, draw_up

_DIGITS = 6
"""Of seconds and dollars in JSON: a microsecond, a ten-thousandth of a cent."""


@dataclass(frozen=True)
class SimulatedRun:
    """What a simulation amounts to."""

    scenario: Scenario
    simulation: Simulation
    measures: Measures
    cost: Cost
    reasons: tuple[str, ...]
    """Sentences for a person: why so many shards, and why these units together."""

    @property
    def tests_usd(self) -> float:
        """What the workers cost: this is what a budget is for."""
        charged = _charged(self.scenario, self.simulation)
        return sum(worker_usd(profile, seconds) for profile, seconds in charged)


def simulate_run(request: SimulationRequest) -> SimulatedRun:
    """Plan the units by the strategy, and run the plan on a simulated fleet.

    Raises as `testfleet.workflow.simulation_plan.draw_up` does.
    """
    done = carry_out(*draw_up(request))
    asked, planned = request.shards, done.simulation.shards
    if asked == "auto":
        return done
    is_said = planned == len(done.scenario.assignment.shards) and any(
        f" instead of {asked}:" in reason for reason in done.reasons
    )
    if asked == planned or is_said:
        return done
    # What was dealt out as asked for was cut later: two numbers must not both be the plan's.
    dealt = tuple(reason.replace(AS_ASKED, "") for reason in done.reasons)
    return replace(done, reasons=(_recounted(done, asked), *dealt))


def _recounted(done: SimulatedRun, asked: int) -> str:
    planned, dealt = done.simulation.shards, len(done.scenario.assignment.shards)
    stages = done.simulation.stages
    causes = []
    if dealt > asked:
        causes.append("units need room, profiles or shards of their own")
    elif dealt < asked:
        causes.append(f"the units fill {dealt}")
    if planned != dealt and stages > 1:
        causes.append(f"dependencies cut the run into {stages} stages, each with its own shards")
    elif planned != dealt:
        causes.append("no profile has what all units of one shard require")
    return (
        f"{planned} shard{'s' * (planned > 1)} planned, {asked} asked for: {'; '.join(causes)};"
        f" at most {done.scenario.job.workers} at the same time"
    )


def carry_out(scenario: Scenario, reasons: tuple[str, ...] = ()) -> SimulatedRun:
    """Run a plan on a simulated fleet. Raises as `draw_up` does."""
    simulation = simulate(scenario)
    return SimulatedRun(
        scenario=scenario,
        simulation=simulation,
        measures=measure(scenario, simulation, plan_makespan_s(scenario)),
        cost=simulated_cost(scenario, simulation),
        reasons=reasons,
    )


def simulated_cost(scenario: Scenario, simulation: Simulation) -> Cost:
    """List price of what the simulated run used, its control steps and storage included."""
    attempts = simulation.attempts
    repeats = sum(1 for each in attempts if each.ending is Ending.LOST) + simulation.refused
    return usage_cost(
        Usage(
            workers=_charged(scenario, simulation),
            shards=len(attempts) + simulation.refused,
            control_calls=CONTROL_CALLS_PER_RUN + simulation.fan_outs + repeats,
            rounds=simulation.fan_outs,
        )
    )


def _charged(scenario: Scenario, simulation: Simulation) -> list[tuple[Profile, float]]:
    """Each worker with the seconds that it is charged for."""
    profiles = scenario.place.profiles
    return [
        (profiles[each.order.profile], each.end_s - each.start_s) for each in simulation.attempts
    ]


def as_json(run: SimulatedRun) -> dict[str, Any]:
    """The form of `--json`."""
    job, found, simulation = run.scenario.job, run.measures, run.simulation
    return {
        "units": len(job.units),
        "shards": simulation.shards,
        "workers": job.workers,
        "profile": job.profile,
        "makespan_s": _rounded(found.makespan_s),
        "plan_makespan_s": _rounded(found.plan_s),
        "lower_bound_s": _rounded(found.lower_bound_s),
        "ratio": _rounded(found.ratio),
        "plan_ratio": _rounded(found.plan_ratio),
        "total_s": _rounded(found.total_s),
        "longest_s": _rounded(found.longest_s),
        "peak_workers": found.peak_workers,
        "utilisation": _rounded(found.utilisation),
        "cost": {
            "usd": _rounded(run.cost.usd),
            "tests_usd": _rounded(run.tests_usd),
            "by_service": {name: _rounded(usd) for name, usd in run.cost.by_service.items()},
        },
        "deadline_s": job.deadline_s,
        "missed_deadlines": found.missed_deadlines,
        "attempts": len(simulation.attempts),
        "lost": found.endings[Ending.LOST],
        "timed_out": found.endings[Ending.TIMED_OUT],
        "interrupted": found.endings[Ending.INTERRUPTED],
        "throttled": simulation.throttled_calls,
        "lost_units": found.lost_units,
        "stages": simulation.stages,
        "rounds": simulation.rounds,
        "reasons": list(run.reasons),
        "timeline": [_timeline_entry(each, job.units) for each in in_order(run)],
    }


def in_order(run: SimulatedRun) -> list[Attempt]:
    """All attempts, the earliest first."""
    return sorted(run.simulation.attempts, key=lambda each: (each.start_s, each.worker))


def _timeline_entry(attempt: Attempt, units: Sequence[WorkUnit]) -> dict[str, Any]:
    return {
        "shard": attempt.order.id,
        "worker": attempt.worker,
        "profile": attempt.order.profile,
        "start_s": _rounded(attempt.start_s),
        "tests_s": _rounded(attempt.tests_s),
        "end_s": _rounded(attempt.end_s),
        "ending": attempt.ending.value,
        "done": attempt.done,
        "units": [units[at].id for at in attempt.order.units],
    }


def _rounded(number: float | None) -> float | None:
    """Null where there is no finite number: JSON has no other."""
    return round(number, _DIGITS) if number is not None and math.isfinite(number) else None
