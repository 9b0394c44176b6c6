"""A whole run on paper: stages of shards, each repeated in rounds for what was lost."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from testfleet.planning.partition.balance import partition
from testfleet.planning.placement.place import Place
from testfleet.planning.rounds.replan import ALONE_AFTER
from testfleet.planning.simulation.attempts import Attempt, Conditions, Order
from testfleet.planning.simulation.barriers import (
    before_of,
    bonds_of,
    chains_of,
    stages_of,
)
from testfleet.planning.simulation.fan_out import FanOut, MapRun
from testfleet.planning.simulation.fitting import Fitting, Part
from testfleet.planning.simulation.limits import UNLIMITED, Limits
from testfleet.planning.work import Assignment, Job


@dataclass(frozen=True)
class Scenario:
    """What is simulated."""

    job: Job
    assignment: Assignment
    place: Place
    """Its profiles, its fallback, and how many rounds there may be."""
    limits: Limits
    faults: float = 0.0
    """Chance that an attempt is lost, 0 to 1."""


@dataclass(frozen=True)
class Simulation:
    """What came of it. Seconds count from the first start of a shard."""

    attempts: tuple[Attempt, ...]
    finished_s: Sequence[float]
    """When each unit of the job was done; infinite when it never was."""
    makespan_s: float
    """When the last worker had ended: starts, waits and repeated rounds are in it."""
    throttled_calls: int
    refused: int
    """Orders that were throttled until the workflow gave up."""
    rounds: int
    """The most that one stage needed."""
    fan_outs: int
    """Rounds of all stages."""
    stages: int
    shards: int
    """Of the first rounds of all stages: as planned, once cut by stages and profiles."""


def simulate(scenario: Scenario) -> Simulation:
    """Run the assignment on a fleet like that of the workflow. The same seed, the same result.

    Units that a lost worker had go into the next round, as in `rounds.replan`; with
    the last round over they stay lost, and what depends on them never runs. Raises UsageError for
    dependencies in a cycle and for units that no profile can run.
    """
    return _Run(scenario).run()


def plan_makespan_s(scenario: Scenario) -> float:
    """Seconds of the plan alone: no start-up, no limits, no losses, as many workers as given."""
    ideal = replace(
        scenario,
        place=scenario.place.ready(),
        limits=UNLIMITED,
        faults=0.0,
    )
    return simulate(ideal).makespan_s


class _Run:
    def __init__(self, scenario: Scenario) -> None:
        self._job = scenario.job
        self._assignment = scenario.assignment
        self._place = scenario.place
        self._limits = scenario.limits
        self._fitting = Fitting(scenario.place, scenario.job.units)
        self._before = before_of(scenario.job.units)
        self._bonds = bonds_of(scenario.job.units, self._before)
        self._seconds = [unit.duration_s for unit in scenario.job.units]
        conditions = Conditions(
            self._seconds,
            scenario.place.profiles,
            scenario.limits,
            scenario.faults,
            scenario.job.seed,
        )
        self._map = MapRun(conditions, scenario.job.workers)
        self._finished_s = [math.inf] * len(self._seconds)
        self._fan_outs: list[FanOut] = []

    def run(self) -> Simulation:
        parts = self._first_parts()
        stages = stages_of(self._job.units, [units for _, units in parts])
        now_s, most_rounds = 0.0, 0
        for number, stage in enumerate(stages, start=1):
            prefix = f"s{number}-" if len(stages) > 1 else ""
            now_s += self._limits.control_step_s if number > 1 else 0.0
            pieces = [(parts[piece.shard][0], self._unblocked(piece.units)) for piece in stage]
            now_s, rounds = self._run_stage([part for part in pieces if part[1]], prefix, now_s)
            most_rounds = max(most_rounds, rounds)
        return Simulation(
            attempts=tuple(attempt for each in self._fan_outs for attempt in each.attempts),
            finished_s=self._finished_s,
            makespan_s=now_s,
            throttled_calls=sum(each.throttled_calls for each in self._fan_outs),
            refused=sum(len(each.refused) for each in self._fan_outs),
            rounds=most_rounds,
            fan_outs=len(self._fan_outs),
            stages=len(stages),
            shards=sum(map(len, stages)),
        )

    def _first_parts(self) -> list[Part]:
        """Every shard on its profile. What waits for another part is cut off later."""
        profiles = self._assignment.profiles or (self._job.profile,) * len(self._assignment.shards)
        words = bonds_of(self._job.units, {})
        return [
            part
            for shard, profile in zip(self._assignment.shards, profiles, strict=True)
            if shard
            for part in self._fitting.split(shard, profile, words)
        ]

    def _run_stage(self, parts: list[Part], prefix: str, now_s: float) -> tuple[float, int]:
        """The stage, and again for what it lost. When it had ended, and its rounds."""
        losses: Counter[int] = Counter()
        number = 0
        while parts and number < self._place.fleet.max_rounds:
            now_s += self._limits.control_step_s if number else 0.0
            number += 1
            now_s = self._run_round(parts, f"{prefix}r{number}", now_s)
            left = [at for _, units in parts for at in units if self._is_open(at)]
            losses.update(left)
            parts = [
                part
                for shard in self._spread(left, losses)
                for part in self._fitting.split(shard, self._place.fallback, self._bonds)
            ]
        return now_s, number

    def _run_round(self, parts: Sequence[Part], prefix: str, now_s: float) -> float:
        orders = [
            Order(f"{prefix}-{number:04}", profile, units)
            for number, (profile, units) in enumerate(parts)
        ]
        done = self._map.run(orders, now_s)
        self._fan_outs.append(done)
        for attempt in done.attempts:
            now_s = attempt.tests_s
            for at in attempt.order.units[: attempt.done]:
                now_s += self._seconds[at]
                self._finished_s[at] = now_s
        return done.end_s

    def _spread(self, left: Sequence[int], losses: Counter[int]) -> list[tuple[int, ...]]:
        """Open units over all workers, those that may kill their worker each alone."""
        chains = chains_of(left, self._bonds)
        alone = [tuple(each) for each in chains if losses[each[0]] >= ALONE_AFTER]
        together = [each for each in chains if losses[each[0]] < ALONE_AFTER]
        if not together:
            return alone
        seconds = [sum(self._seconds[at] for at in chain) for chain in together]
        parts = partition(seconds, (1.0,) * min(len(together), self._job.workers))
        return [tuple(at for each in part for at in together[each]) for part in parts] + alone

    def _unblocked(self, units: tuple[int, ...]) -> tuple[int, ...]:
        """Without those that wait for one that was lost for good."""
        if not self._before:
            return units
        runs: dict[int, None] = {}
        for at in units:
            if all(each in runs or not self._is_open(each) for each in self._before.get(at, ())):
                runs[at] = None
        return tuple(runs)

    def _is_open(self, at: int) -> bool:
        return math.isinf(self._finished_s[at])
