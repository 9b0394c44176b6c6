"""A CI history run through the learner and the simple orderings, never looking ahead.

In each cycle an order is made from the past alone; then what the budget lets run is scored by
NAPFD; then verdicts are told: of all tests of the cycle, or only of those that ran. Durations too
are predicted from the past to make an order; the budget is kept with those that were measured.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

import numpy as np

from testfleet.errors import UsageError
from testfleet.planning.priority.histories import CiHistory, Cycle
from testfleet.planning.priority.memory import Ran
from testfleet.planning.priority.napfd import Flags, Floats, Ints, napfd
from testfleet.planning.priority.prior import PRIOR, Prior
from testfleet.planning.priority.prioritiser import Prioritiser
from testfleet.planning.priority.simple import SIMPLE, Simple, SimplePrioritiser

LEARNER = "learner"
CEILING = "ceiling"
_SHUFFLES = 5
"""Orderings with random ties are the mean of so many."""


class Feedback(StrEnum):
    """Which verdicts of a cycle are told afterwards."""

    ALL = "all"
    EXECUTED = "executed"


@dataclass(frozen=True)
class Settings:
    """How a history is replayed. Raises UsageError for a budget that is none."""

    budget: float = 0.5
    """Share of the sum of a cycle's durations."""
    feedback: Feedback = Feedback.ALL
    seed: int = 0
    prior: Prior = PRIOR
    simple: tuple[Simple, ...] = SIMPLE

    def __post_init__(self) -> None:
        if not 0 < self.budget <= 1:
            raise UsageError(
                f"the budget is {self.budget:g}",
                hint="it is a share of each cycle's duration, above 0 and at most 1",
            )


@dataclass(frozen=True)
class Replay:
    """What came of it."""

    scores: Mapping[str, tuple[float, ...]]
    """NAPFD of each cycle with failures, by ordering; `ceiling` knows the verdicts beforehand."""
    cycles: int
    slowest_s: float
    """Longest that the learner took to order one cycle and to learn from it."""

    @property
    def napfd(self) -> dict[str, float]:
        """Mean of each over the cycles with failures."""
        return {
            name: float(np.mean(values)) if values else float("nan")
            for name, values in self.scores.items()
        }

    @property
    def failing_cycles(self) -> int:
        """Cycles that were scored."""
        return len(self.scores[LEARNER])

    @property
    def best_simple(self) -> str:
        """The best of all orderings beside the learner, chosen when all is known."""
        means = self.napfd
        return max((n for n in means if n not in (LEARNER, CEILING)), key=lambda n: means[n])

    @property
    def gain(self) -> float:
        """How much better the learner is than the best simple ordering, relative."""
        means = self.napfd
        best = means[self.best_simple]
        return means[LEARNER] / best - 1 if best else 0.0


class _Contender(Protocol):
    def order(self, tests: Ints) -> Ints: ...

    def told(self, cycle: Cycle, ran: Ints) -> None: ...


def replay(history: CiHistory, settings: Settings) -> Replay:
    """Run all orderings over all cycles. Deterministic but for the time it took."""
    learner = _Learner(Prioritiser(history.names, settings.budget, settings.prior))
    scores = {LEARNER: _scores(history, learner, settings)}
    for simple in settings.simple:
        draws = _SHUFFLES if simple.shuffles else 1
        series = [
            _scores(history, _Plain(simple, len(history.names), settings.seed + draw), settings)
            for draw in range(draws)
        ]
        scores[simple.name] = tuple(float(value) for value in np.mean(series, axis=0))
    scores[CEILING] = tuple(
        napfd(_ceiling(cycle), cycle.durations, cycle.failed, settings.budget).napfd
        for cycle in history.cycles()
        if cycle.failed.any()
    )
    return Replay(scores, len(history.starts) - 1, learner.slowest_s)


def _scores(history: CiHistory, contender: _Contender, settings: Settings) -> tuple[float, ...]:
    values = []
    for cycle in history.cycles():
        order = contender.order(cycle.tests)
        outcome = napfd(order, cycle.durations, cycle.failed, settings.budget)
        if cycle.failed.any():
            values.append(outcome.napfd)
        everything = settings.feedback is Feedback.ALL
        contender.told(cycle, np.arange(cycle.tests.size) if everything else outcome.ran)
    return tuple(values)


def _ceiling(cycle: Cycle) -> Ints:
    """Failures first, the shortest of them first: finds as many as any order can."""
    return np.lexsort((cycle.durations, ~cycle.failed))


@dataclass
class _Learner:
    prioritiser: Prioritiser
    slowest_s: float = 0.0
    _started: float = field(default=0.0, init=False)
    _ordering_s: float = field(default=0.0, init=False)

    def order(self, tests: Ints) -> Ints:
        start = time.perf_counter()
        order = self.prioritiser.order(tests)
        self._ordering_s = time.perf_counter() - start
        return order

    def told(self, cycle: Cycle, ran: Ints) -> None:
        start = time.perf_counter()
        self.prioritiser.learn(cycle.tests, ran, cycle.failed[ran], cycle.durations[ran])
        self.slowest_s = max(self.slowest_s, self._ordering_s + time.perf_counter() - start)


class _Plain:
    def __init__(self, simple: Simple, tests: int, seed: int) -> None:
        self._prioritiser = SimplePrioritiser(simple, tests, seed)

    def order(self, tests: Ints) -> Ints:
        return self._prioritiser.order(tests)

    def told(self, cycle: Cycle, ran: Ints) -> None:
        failed: Flags = cycle.failed[ran]
        seconds: Floats = cycle.durations[ran]
        self._prioritiser.observe(cycle.tests, Ran.of(cycle.tests[ran], failed, seconds))
