"""How early the prioritiser finds the failures of CI histories, beside simple orderings.

    python -m benchmarks.prioritise FOLDER [--budgets 0.1 0.5 0.8 1.0] [--seed 0]

FOLDER holds histories as `testfleet replay` reads them (*.csv with the columns
cycle,test,duration_s,failed); without it, only made-up histories that the prior never saw are
replayed. NAPFD is that of Spieker et al. (ISSTA 2017), mean of the cycles with failures. `best` is
the best of all simple orderings on this very history, chosen afterwards: random, recently failed
(with ties shuffled, or the shortest first), exponentially weighted, rate of failure, shortest
first, and the first, third and fourth per second. `gain` is relative to it; `ceiling` is reached by
who knows the verdicts beforehand, so no gain is larger than `room`. All orders use durations
predicted from the past; the budget is kept with the true ones.

The prior was fitted to histories too (`fit_prior`, which prints what is reached on real histories
that were left out of it): on those, figures here are kinder than on others.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.ci_histories import made_up
from testfleet.planning.priority.histories import CiHistory, read_history
from testfleet.planning.priority.prioritiser import Prioritiser
from testfleet.planning.priority.replay import Feedback, Settings, replay

UNSEEN = range(1000, 1008)
"""Seeds that `fit_prior` does not use."""
TESTS = 10_000
CYCLES = 12
TARGET_S = 1.0
TARGET_GAIN = 0.05
TARGET_BUDGET = 0.5


@dataclass(frozen=True)
class Line:
    """One history under one budget and one kind of feedback."""

    name: str
    feedback: Feedback
    budget: float
    failing: int
    learner: float
    best: float
    ordering: str
    ceiling: float

    @property
    def gain(self) -> float:
        """Relative to the best simple ordering."""
        return self.learner / self.best - 1 if self.best else 0.0

    @property
    def room(self) -> float:
        """The gain of an order that knows the verdicts."""
        return self.ceiling / self.best - 1 if self.best else 0.0

    def __str__(self) -> str:
        return (
            f"{self.name:24} {self.feedback.value:9} {self.budget:>5.0%} {self.failing:>6}"
            f" {self.learner:>8.4f} {self.best:>8.4f} {self.gain:>+7.1%} {self.room:>+7.1%}"
            f" {self.ceiling:>8.4f}  {self.ordering}"
        )


def histories(folder: Path | None) -> Iterator[tuple[str, CiHistory]]:
    for path in sorted(folder.glob("*.csv")) if folder else []:
        with path.open(encoding="utf-8", errors="replace", newline="") as lines:
            yield path.stem, read_history(lines)
    for seed in UNSEEN:
        yield f"made up {seed}", made_up(seed)


def measure(name: str, history: CiHistory, settings: Settings) -> Line | None:
    result = replay(history, settings)
    if not result.failing_cycles:
        return None
    means, best = result.napfd, result.best_simple
    return Line(
        name=name,
        feedback=settings.feedback,
        budget=settings.budget,
        failing=result.failing_cycles,
        learner=means["learner"],
        best=means[best],
        ordering=best.replace("_", " "),
        ceiling=means["ceiling"],
    )


def seconds_of_a_cycle() -> list[float]:
    """To order 10,000 tests and to learn from them, with failures in every cycle."""
    chance = np.random.default_rng(0)
    names = [f"src/part{test // 50}/test_{test}.py" for test in range(TESTS)]
    learner = Prioritiser(names, TARGET_BUDGET)
    tests, taken = np.arange(TESTS), []
    seconds, odds = chance.lognormal(0, 1.5, TESTS), chance.beta(0.05, 5, TESTS)
    for _ in range(CYCLES):
        failed = chance.random(TESTS) < odds
        start = time.perf_counter()
        order = learner.order(tests)
        learner.learn(tests, order, failed[order], seconds[order])
        taken.append(time.perf_counter() - start)
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--budgets", nargs="+", type=float, default=[0.1, 0.5, 0.8, 1.0])
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    load = statistics.fmean(os.getloadavg())
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {load:.1f}\n")
    print(
        f"{'history':24} {'told':9} budget cycles  learner     best    gain    room  ceiling"
        "  best simple ordering"
    )
    lines = []
    for name, history in histories(options.folder):
        for feedback in Feedback:
            for budget in options.budgets:
                line = measure(name, history, Settings(budget, feedback, options.seed))
                if line:
                    lines.append(line)
                    print(line, flush=True)
    _verdict([line for line in lines if line.budget == TARGET_BUDGET])
    taken = seconds_of_a_cycle()
    met = "met" if max(taken) <= TARGET_S else "MISSED"
    print(
        f"target: {TESTS:,} tests ordered and learnt within {TARGET_S:.0f} s a cycle: {met}"
        f" (median {statistics.median(taken):.3f} s, slowest {max(taken):.3f} s)"
    )


def _verdict(lines: list[Line]) -> None:
    reached = [line for line in lines if line.gain >= TARGET_GAIN]
    possible = [line for line in lines if line.room >= TARGET_GAIN]
    print(
        f"\ntarget: {TARGET_GAIN:+.0%} at a budget of {TARGET_BUDGET:.0%}: reached in"
        f" {len(reached)} of {len(lines)}, where the ceiling allows it at all in {len(possible)};"
        f" not worse than the best in {sum(line.gain >= 0 for line in lines)}"
    )
    for feedback in Feedback:
        gains = [line.gain for line in lines if line.feedback is feedback]
        if gains:
            print(f"  verdicts of {feedback.value}: median gain {statistics.median(gains):+.1%}")


if __name__ == "__main__":
    main()
