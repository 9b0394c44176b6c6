"""A change of 1,000 files on the simulated fleet: time, saving, price, beside pytest-split.

    python -m benchmarks.simulate_thousand [--seeds 9] [--faults 0.01] [--setup 60]

Durations are those of the real suites, as plain pytest reported them for each file; none is scaled.
The repository is made of copies of the ten suites, since none has 1,000 source files by itself. The
change touches 1,000 source files, and every test file of the repository counts as reached by it:
more than any selection would run. With 2 copies that is all there is to test in a repository of
1,300 source files; with 20 and 100 it is a change to what everything rests on.

Plans are made from one recorded run of each suite and carried out with the durations of another,
where there are two, so they are as wrong as predictions are. The fleet is that of config/: cold
workers, the limits of AWS, attempts lost by chance and repeated on the fallback. `cached` finds the
tests' environment in the bucket; `built` builds it first, for as long as `--setup` says, and so
does the sequential run that it is compared with. Time is from the request to the report, without
the confirmation of failed tests; `never` counts files that no round brought a result for, over all
seeds. pytest-split divides the same files by its `least_duration` into
as many groups, which run on the same fleet under the same chances.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pytest_split.algorithms import LeastDurationAlgorithm

from benchmarks.measure import guarded, verdict
from benchmarks.outcomes import read_reportlog
from benchmarks.plan_units import Item
from benchmarks.suites import CACHE
from testfleet.config import load_environment
from testfleet.costs.metering import Usage, usage_cost
from testfleet.errors import UsageError
from testfleet.planning.placement.place import Place
from testfleet.planning.prediction.predict import MIN_UNIT_S
from testfleet.planning.simulation.simulator import Scenario
from testfleet.planning.work import Assignment, WorkUnit
from testfleet.workflow.simulation import SimulatedRun, carry_out
from testfleet.workflow.simulation_plan import SimulationRequest, draw_up

MOST_S = 15 * 60.0
LEAST_SAVING = 0.70
CONTROL_STEPS = 6
"""Admit, FetchSource, PrepareEnvironment, Plan before the tests; Aggregate and Report after."""
ENVIRONMENTS = ("dev", "prod")
COPIES = (2, 20, 100)


@dataclass(frozen=True)
class Suites:
    """Files of all suites with the seconds of two recorded runs."""

    past_s: dict[str, float]
    actual_s: dict[str, float]
    twice: int
    """Suites that were recorded twice."""
    count: int

    def units(self, seconds: dict[str, float], copies: int) -> list[WorkUnit]:
        """The repository's test files."""
        return [
            WorkUnit(f"copy_{copy:03}/{file}", max(seconds.get(file, MIN_UNIT_S), MIN_UNIT_S))
            for copy in range(copies)
            for file in self.actual_s
        ]


@dataclass(frozen=True)
class Case:
    """One repository on one fleet."""

    environment: str
    copies: int
    setup_s: float
    """0: the environment is cached."""
    faults: float
    seeds: int


def read_suites(folder: Path) -> Suites:
    past_s: dict[str, float] = {}
    actual_s: dict[str, float] = {}
    logs = sorted(folder.glob("*-plain.jsonl"))
    if not logs:
        raise UsageError(
            f"no recorded runs in {folder}",
            hint="python -m benchmarks.run_suites records one of each suite",
        )
    twice = 0
    for log in logs:
        suite = log.name.removesuffix("-plain.jsonl")
        again = log.with_name(f"{suite}-again.jsonl")
        twice += again.exists()
        actual_s |= _seconds(log, suite)
        past_s |= _seconds(again if again.exists() else log, suite)
    return Suites(past_s, actual_s, twice, len(logs))


def _seconds(log: Path, suite: str) -> dict[str, float]:
    return {f"{suite}/{file}": spent for file, spent in read_reportlog(log).seconds.items()}


def plans(suites: Suites, case: Case) -> dict[str, Scenario]:
    """The same job, dealt out by Testfleet and by pytest-split, with what it will really take."""
    past = suites.units(suites.past_s, case.copies)
    place = Place.of(load_environment(case.environment))
    ours, _ = draw_up(SimulationRequest(units=past, place=place, faults=case.faults))
    actual = suites.units(suites.actual_s, case.copies)
    ours = replace(ours, job=replace(ours.job, units=actual))
    theirs = split(past, len(ours.job.weights))
    return {"testfleet": ours, "pytest-split": replace(ours, assignment=theirs)}


def split(units: Sequence[WorkUnit], shards: int) -> Assignment:
    """How pytest-split groups the same files."""
    items = [Item(unit.id) for unit in units]
    groups = LeastDurationAlgorithm()(shards, items, {unit.id: unit.duration_s for unit in units})
    position = {unit.id: at for at, unit in enumerate(units)}
    return Assignment(
        tuple(tuple(position[item.nodeid] for item in group.selected) for group in groups)
    )


def simulate_seeds(scenario: Scenario, seeds: int) -> list[SimulatedRun]:
    return [
        carry_out(replace(scenario, job=replace(scenario.job, seed=seed))) for seed in range(seeds)
    ]


def measure(suites: Suites, case: Case) -> bool:
    """Print the lines of one case. Whether Testfleet's median reaches both targets."""
    is_met = True
    for planner, scenario in plans(suites, case).items():
        runs = simulate_seeds(scenario, case.seeds)
        extra_s = case.setup_s + CONTROL_STEPS * scenario.limits.control_step_s
        walls = sorted(run.measures.makespan_s + extra_s for run in runs)
        sequential_s = case.setup_s + runs[0].measures.total_s
        wall_s = statistics.median(walls)
        saving = 1 - wall_s / sequential_s
        lost = statistics.median(run.measures.endings["lost"] for run in runs)
        price = statistics.median(run.cost.usd for run in runs) + build_usd(scenario, case)
        unfinished = sum(run.measures.lost_units for run in runs)
        reaches = wall_s <= MOST_S and saving >= LEAST_SAVING
        print(
            f"{case.environment:>5} {len(scenario.job.units):>7} {_set_up(case):>7}"
            f" {planner:<13}{len(scenario.job.weights):>7} {sequential_s:>11.0f}"
            f" {wall_s:>8.1f} {walls[-1]:>8.1f} {saving:>7.1%} {price:>9.4f} {lost:>5.0f}"
            f" {unfinished:>5}  {verdict(met=reaches)}"
        )
        if planner == "testfleet":
            is_met = reaches
    return is_met


def build_usd(scenario: Scenario, case: Case) -> float:
    """Price of the one worker that builds the environment."""
    profile = scenario.job.profiles[scenario.job.profile]
    used = usage_cost(Usage([(profile, case.setup_s)], shards=0, control_calls=0, rounds=0))
    return used.by_service.get(profile.compute.value, 0.0) if case.setup_s else 0.0


def _set_up(case: Case) -> str:
    return "built" if case.setup_s else "cached"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--seeds", type=int, default=9)
    parser.add_argument("--faults", type=float, default=0.01)
    parser.add_argument("--setup", type=float, default=60.0, help="seconds to build an environment")
    options = parser.parse_args()
    suites = read_suites(CACHE / "results")
    print(
        f"{suites.count} suites, {suites.twice} of them recorded twice;"
        f" {len(suites.actual_s)} test files, {sum(suites.actual_s.values()):.0f} s in sequence;"
        f" an attempt is lost with a chance of {options.faults:.0%}; {options.seeds} seeds\n"
    )
    print(
        "  env   files  environ. planner      shards  sequential   median    worst  saving"
        "       USD  lost  never  target"
    )
    cases = [
        Case(environment, copies, setup_s, options.faults, options.seeds)
        for environment in ENVIRONMENTS
        for copies in COPIES
        for setup_s in (0.0, options.setup)
    ]
    met = [measure(suites, case) for case in cases]
    print(
        f"\ntarget: at most {MOST_S / 60:.0f} minutes and {LEAST_SAVING:.0%} less than in sequence"
        f" (median): {verdict(met=all(met))}, {sum(met)} of {len(met)} cases"
    )
    return 0


if __name__ == "__main__":
    sys.exit(guarded(main))
