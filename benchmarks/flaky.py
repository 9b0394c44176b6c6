"""Flaky or real, on made suites with planted flakiness of every category: found, false, cost.

    python -m benchmarks.flaky [--suites 20] [--budget 1.9]

Each suite has tests that fail for real, tests that fail by chance (clock, network, memory, dice; in
10 to 60 % of their runs), and victims: they fail after one polluter. All have failed once. Their
reruns are drawn, not run: what is measured is which reruns are asked for and what is concluded. The
peer runs every failure alone, twice at most, until it passes.

    found      flaky tests that are called flaky
    false      real failures that are called flaky
    named      victims whose polluter is named, and is the right one
    cost       seconds of all reruns by the failing tests' own
    suspicion  what is known of polluters beforehand: nothing, or that the polluter is among four
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.measure import describe_conditions, guarded, verdict
from testfleet.contracts.failure import FailureVerdict, Judgement
from testfleet.triage.classify import Chain
from testfleet.triage.flaky.plan import BUDGET_FACTOR, Before, Case, Ran, Rerun, next_steps

TESTS = 120
REAL = 12
OF_EACH = 4
SUSPECTS = 4
MESSAGES: Mapping[str, Callable[[random.Random], str]] = {
    "timing": lambda rng: f"AssertionError: assert elapsed < 0.5: {rng.random() + 0.5:.3f}",
    "network": lambda _: "requests.exceptions.ConnectionError: Connection reset by peer",
    "resource": lambda _: "OSError: [Errno 98] Address already in use",
    "randomness": lambda rng: f"AssertionError: assert {rng.random():.4f} < 0.5",
    "real": lambda _: "AssertionError: assert 3 == 4",
    "victim": lambda _: "AssertionError: assert ['left'] == []",
}


@dataclass(frozen=True)
class Planted:
    """A failure, and what is true of it."""

    case: Case
    category: str
    rate: float = 0.0
    polluter: str = ""

    def run(self, rerun: Rerun, rng: random.Random) -> Ran:
        """How the test ends this time."""
        failed = {
            "real": True,
            "victim": self.polluter in rerun.tests,
        }.get(self.category, rng.random() < self.rate)
        message = MESSAGES[self.category](rng) if failed else ""
        return Ran(not failed, message, rerun.seconds)


def made_suite(rng: random.Random, *, suspected: bool) -> list[Planted]:
    """The failures of one run."""
    order = [
        (f"tests/test_{at // 12}.py::test_{at}", rng.lognormvariate(-3, 1)) for at in range(TESTS)
    ]
    categories = [
        *(["real"] * REAL),
        *(each for each in MESSAGES if each != "real"),
    ]
    categories += [each for each in MESSAGES if each != "real"] * (OF_EACH - 1)
    found = []
    for category in categories:
        at = rng.randrange(20, TESTS)
        before = order[max(0, at - 20) : at]
        polluter = rng.choice(before)[0] if category == "victim" else ""
        odd = {polluter, *(rng.choice(before)[0] for _ in range(SUSPECTS - 1))} if suspected else ()
        message = MESSAGES[category](rng)
        [told] = Chain().classify([message])
        case = Case(
            f"{order[at][0]}[{len(found)}]",
            rng.lognormvariate(-1, 1),
            message,
            tuple(Before(name, spent, 100.0 if name in odd else 1.0) for name, spent in before),
            told.cause,
        )
        found.append(Planted(case, category, rng.uniform(0.1, 0.6), polluter))
    return found


@dataclass
class Score:
    """Counts over suites."""

    flaky: int = 0
    found: int = 0
    real: int = 0
    false: int = 0
    victims: int = 0
    named: int = 0
    own_s: float = 0.0
    spent_s: float = 0.0

    def add(self, planted: Planted, judgement: Judgement) -> None:
        """Count one failure."""
        is_flaky = judgement.verdict is not FailureVerdict.REAL
        self.own_s += planted.case.seconds
        if planted.category == "real":
            self.real += 1
            self.false += is_flaky
            return
        self.flaky += 1
        self.found += is_flaky
        if planted.category == "victim":
            self.victims += 1
            self.named += judgement.polluter == planted.polluter

    def __str__(self) -> str:
        return (
            f"found {self.found / self.flaky:6.1%}  false {self.false / self.real:6.1%}"
            f"  named {self.named / self.victims:6.1%}  cost {self.spent_s / self.own_s:5.2f}"
        )


def by_testfleet(suite: Sequence[Planted], rng: random.Random, factor: float, score: Score) -> None:
    """Investigate until every failure is judged."""
    cases = [each.case for each in suite]
    outcomes: dict[str, list[Ran]] = {case.test: [] for case in cases}
    budget = factor * sum(case.seconds for case in cases)
    while True:
        steps = next_steps(cases, outcomes, budget)
        asked = [each for each in suite if isinstance(steps[each.case.test], Rerun)]
        if not asked:
            break
        for each in asked:
            step = steps[each.case.test]
            if isinstance(step, Rerun):
                outcomes[each.case.test].append(each.run(step, rng))
    score.spent_s += sum(ran.seconds for runs in outcomes.values() for ran in runs)
    for each in suite:
        step = steps[each.case.test]
        if isinstance(step, Judgement):
            score.add(each, step)


def by_reruns(suite: Sequence[Planted], rng: random.Random, _factor: float, score: Score) -> None:
    """Alone, twice at most, until it passes."""
    for each in suite:
        alone, passed = Rerun((each.case.test,), each.case.seconds, "alone"), False
        for _ in range(2):
            if not passed:
                score.spent_s += alone.seconds
                passed = each.run(alone, rng).passed
        found = FailureVerdict.FLAKY if passed else FailureVerdict.REAL
        score.add(each, Judgement(verdict=found))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--suites", type=int, default=20)
    parser.add_argument("--budget", type=float, default=BUDGET_FACTOR, help="by own seconds")
    given = parser.parse_args()
    print(describe_conditions())
    met = True
    for suspected in (False, True):
        for name, way in (("testfleet", by_testfleet), ("twice alone", by_reruns)):
            score = Score()
            for seed in range(given.suites):
                suite = made_suite(random.Random(seed), suspected=suspected)
                way(suite, random.Random(seed + 10**6), given.budget, score)
            print(f"{name:<12} suspicion {'four   ' if suspected else 'nothing'}  {score}")
            if name == "testfleet":
                met &= score.found >= 0.95 * score.flaky and score.false <= 0.02 * score.real
                met &= score.spent_s < 2 * score.own_s
    print(f"found at least 95 %, false at most 2 %, cost below 2: {verdict(met=met)}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(guarded(main))
