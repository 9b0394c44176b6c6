"""A run on paper: the planner's shards, the simulated fleet, and the price of both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal

from testfleet.config import Profile
from testfleet.contracts.plan import PlannedUnit
from testfleet.contracts.report import Cost
from testfleet.contracts.run import Objectives
from testfleet.costs.metering import CONTROL_CALLS_PER_RUN, Usage, usage_cost, worker_usd
from testfleet.planning import batching
from testfleet.planning.place import Place
from testfleet.planning.shard_count import ShardCount, count_for, given_count
from testfleet.planning.simulation.attempts import Attempt, Ending
from testfleet.planning.simulation.limits import Limits, published_limits
from testfleet.planning.simulation.measures import Measures, measure
from testfleet.planning.simulation.simulator import (
    Scenario,
    Simulation,
    plan_makespan_s,
    simulate,
)
from testfleet.planning.strategies import assign, strategy_named
from testfleet.planning.work import Job, WorkUnit
from testfleet.planning.workload import Workload

_DIGITS = 6
"""Of seconds and dollars in JSON: a microsecond, a ten-thousandth of a cent."""


@dataclass(frozen=True)
class SimulationRequest:
    """What to simulate."""

    units: Sequence[WorkUnit]
    place: Place
    shards: int | Literal["auto"] = "auto"
    workers: int | None = None
    """Shards at the same time. None: all of a given number; with `auto`, as the fleet has."""
    objectives: Objectives = field(default_factory=Objectives)
    faults: float = 0.0
    seed: int = 0
    limits: Limits = field(default_factory=published_limits)


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

    Raises UsageError for an unknown strategy, units that no profile can run, dependencies in a
    cycle, and an assignment of a plugin that is none.
    """
    return carry_out(*draw_up(request))


def draw_up(request: SimulationRequest) -> tuple[Scenario, tuple[str, ...]]:
    """The plan, not yet run, and the reasons for it. Raises as `simulate_run` does."""
    job, reason = _job(request)
    assignment = assign(strategy_named(request.objectives.strategy), job)
    scenario = Scenario(job, assignment, request.place, request.limits, request.faults)
    return scenario, (reason, *assignment.reasons)


def carry_out(scenario: Scenario, reasons: tuple[str, ...] = ()) -> SimulatedRun:
    """Run a plan on a simulated fleet. Raises as `simulate_run` does."""
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
        "shards": sum(1 for shard in run.scenario.assignment.shards if shard),
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


def _rounded(number: float) -> float:
    return round(number, _DIGITS)


def _job(request: SimulationRequest) -> tuple[Job, str]:
    """The job, and why it is of so many shards."""
    count = _count(request)
    place, objectives = request.place, request.objectives
    return Job(
        units=request.units,
        weights=count.weights,
        workers=_workers(request, len(count.weights)),
        profile=place.usual,
        profiles=place.profiles,
        overhead_s=place.profiles[place.usual].startup_s,
        deadline_s=objectives.deadline_s,
        max_usd=objectives.max_usd,
        seed=request.seed,
    ), count.reason


def _count(request: SimulationRequest) -> ShardCount:
    # Millions of them are made to be counted only; they were checked when they were read.
    planned = [
        PlannedUnit.model_construct(id=unit.id, predicted_s=unit.duration_s, known=unit.known)
        for unit in request.units
    ]
    wanted = batching.Limits(request.objectives.deadline_s, request.objectives.max_usd)
    given = None
    if request.shards != "auto":
        given = given_count(planned, request.place, request.shards)
        if not wanted:
            return given
    model = _cost_model(request, planned, len(given.weights) if given else None)
    if given is not None:
        return batching.judged(model, wanted, given)
    return batching.limited_count(model, wanted) if wanted else count_for(model.work)


def _cost_model(
    request: SimulationRequest, planned: Sequence[PlannedUnit], shards: int | None
) -> batching.CostModel:
    fleet = request.place.fleet.model_copy(update={"workers": _workers(request, shards)})
    place = replace(request.place, fleet=fleet)
    price = partial(worker_usd, place.profiles[place.usual])
    return batching.CostModel(Workload.of(planned, place, place.usual), price)


def _workers(request: SimulationRequest, shards: int | None) -> int:
    """Shards that run at the same time, as soon as their number is known."""
    if request.shards == "auto":
        most = request.workers or request.place.fleet.workers
    else:
        most = request.workers or request.shards
    return most if shards is None else min(most, shards)
