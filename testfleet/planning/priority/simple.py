"""Orderings to beat: random, and one or two plain signals each.

Where tests tie, most orderings shuffle, anew in each cycle; those that weigh seconds take the
shorter first. In cycles without history all are equal, but for the shortest first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from testfleet.planning.priority.memory import Memory, Ran
from testfleet.planning.priority.napfd import Floats, Ints

Score = Callable[[Memory, Ints], Floats]
"""Higher is sooner."""

_SHORTEST = 1e-3
"""Share of the mean duration that every test counts for at least."""


@dataclass(frozen=True)
class Simple:
    """One ordering."""

    name: str
    score: Score
    shuffles: bool = True
    """Whether ties are shuffled; else the shorter is first."""


def _random(_: Memory, tests: Ints) -> Floats:
    return np.zeros(tests.size)


def _recency(memory: Memory, tests: Ints) -> Floats:
    """One over the cycles since the last failure; 0 for what never failed."""
    age = (memory.cycle - memory.failed_at[tests]).astype(np.float64)
    return np.where(memory.never_failed(tests), 0.0, 1 / np.maximum(age, 1.0))


def _weighted(memory: Memory, tests: Ints) -> Floats:
    return memory.fast[tests]


def _rate(memory: Memory, tests: Ints) -> Floats:
    return memory.failures[tests] / np.maximum(memory.runs[tests], 1)


def _shortest(memory: Memory, tests: Ints) -> Floats:
    return -memory.seconds(tests)


def _per_second(score: Score) -> Score:
    def blend(memory: Memory, tests: Ints) -> Floats:
        seconds = memory.seconds(tests)
        floor = _SHORTEST * float(seconds.mean()) + 1e-12
        blended: Floats = score(memory, tests) / np.maximum(seconds, floor)
        return blended

    return blend


def _likely_rate(memory: Memory, tests: Ints) -> Floats:
    """Rate of failure with a tenth of a failure before the first run, so that none is 0."""
    rate: Floats = (memory.failures[tests] + 0.1) / (memory.runs[tests] + 1)
    return rate


def _likely_weighted(memory: Memory, tests: Ints) -> Floats:
    return memory.fast[tests] + 0.01


SIMPLE: tuple[Simple, ...] = (
    Simple("random", _random),
    Simple("recently_failed", _recency),
    Simple("recently_failed_then_shortest", _recency, shuffles=False),
    Simple("exponentially_weighted", _weighted),
    Simple("failure_rate", _rate),
    Simple("shortest_first", _shortest, shuffles=False),
    Simple("recency_per_second", _per_second(_recency), shuffles=False),
    Simple("rate_per_second", _per_second(_likely_rate), shuffles=False),
    Simple("weighted_per_second", _per_second(_likely_weighted), shuffles=False),
)


class SimplePrioritiser:
    """Orders cycle after cycle by one of them."""

    def __init__(self, simple: Simple, tests: int, seed: int) -> None:
        self._simple = simple
        self._memory = Memory(tests)
        self._chance = np.random.default_rng(seed)

    def order(self, tests: Ints) -> Ints:
        """Rows of the cycle, first to run first."""
        if self._simple.shuffles:
            ties = self._chance.random(tests.size)
        else:
            ties = self._memory.seconds(tests)
        return np.lexsort((ties, -self._simple.score(self._memory, tests)))

    def observe(self, present: Ints, ran: Ran) -> None:
        """Take in what came of a cycle."""
        self._memory.leave_out(present)
        self._memory.observe(ran)
