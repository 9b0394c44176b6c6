"""CI histories made up by chance, in regimes as different as projects are. Data for `fit_prior`.

A regime is drawn for each: how many tests and which of them a cycle has; how faults come (alone or
to a component, again where faults were, to young or long tests), how long they stay, how surely
they show; tests that are flaky for a while or fail for good; suites in which a third of all tests
fails, each for weeks on end; cycles in which the build is broken, or that are of a few tests only;
tests that live for some cycles; durations that drift and jump. Nothing in it was fitted to any real
history.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from testfleet.planning.priority.histories import CiHistory, history_of
from testfleet.planning.priority.napfd import Flags, Floats, Ints

_SIZES = ((30, 300), (90, 350), (150, 220), (400, 200), (1500, 100))
"""Tests and cycles."""


@dataclass
class Regime:
    """One project. Everything random comes from `chance`."""

    chance: np.random.Generator
    tests: int = 0
    cycles: int = 0
    component: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    seconds: Floats = field(default_factory=lambda: np.zeros(0))
    frailty: Floats = field(default_factory=lambda: np.zeros(0))
    flaky: Floats = field(default_factory=lambda: np.zeros(0))
    flaky_from: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    flaky_until: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    born: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    gone: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    often: Floats = field(default_factory=lambda: np.zeros(0))

    def __post_init__(self) -> None:
        draw = self.chance
        self.tests, self.cycles = _SIZES[int(draw.integers(len(_SIZES)))]
        tests, cycles = self.tests, self.cycles
        components = int(draw.integers(2, max(3, tests // 8)))
        self.component = np.sort(draw.integers(0, components, tests))
        self.seconds = draw.lognormal(0, draw.uniform(0.5, 2.2), tests)
        self.frailty = draw.gamma(10 ** draw.uniform(-1.7, 0), 1, tests) + 10 ** draw.uniform(
            -6, -2
        )
        self.frailty *= self.seconds ** draw.choice([-0.2, 0, 0, 0.2, 0.4, 0.7, 1.0])
        place = draw.random(tests) * self.seconds ** -draw.choice([0, 0.2, 0.4])
        shaky = place.argsort().argsort() < tests * draw.uniform(0, 0.5) ** 3
        self.flaky = np.where(shaky, draw.beta(0.4, draw.uniform(1, 12), tests), 0.0)
        if draw.random() < 0.3:
            broken = draw.random(tests) < draw.uniform(0, 0.05)
            self.flaky = np.where(broken, 0.85, self.flaky)
        ends = np.sort(draw.integers(0, cycles, (tests, 2)), axis=1)
        lasting = draw.random() < 0.5
        self.flaky_from = np.zeros(tests, dtype=np.int64) if lasting else ends[:, 0]
        self.flaky_until = np.full(tests, cycles) if lasting else ends[:, 1]
        young = draw.random(tests) < draw.uniform(0, 0.5)
        self.born = np.where(young, draw.integers(0, cycles, tests), 0)
        self.gone = np.full(tests, cycles)
        if draw.random() < 0.25:
            life = draw.uniform(5, 60)
            self.born = np.sort(draw.integers(-int(life), cycles, tests))
            self.gone = self.born + 1 + draw.exponential(life, tests).astype(np.int64)
        self.often = draw.beta(0.5, 0.7, tests)


def made_up(seed: int) -> CiHistory:
    """The history of one project. The same seed gives the same."""
    regime = Regime(np.random.default_rng(seed))
    return history_of(_Run(regime).rows(), _names(regime))


def _names(regime: Regime) -> list[str]:
    if regime.chance.random() < 0.4:
        return [str(test) for test in range(regime.tests)]
    return [
        f"src/part{part}/m{test % 7}/test_{test}.py" for test, part in enumerate(regime.component)
    ]


class _Run:
    """The regime as it unfolds."""

    def __init__(self, regime: Regime) -> None:
        draw = regime.chance
        self._regime = regime
        self._presence = str(draw.choice(["all", "sample", "rotation", "impact", "habit"]))
        self._share = draw.uniform(0.05, 0.8)
        self._fault_rate = 10 ** draw.uniform(-2, 0.3)
        self._fix_chance = draw.uniform(0.05, 0.9)
        self._spreads = draw.uniform(0, 0.8)
        self._width = draw.uniform(0.02, 0.7)
        self._shows = draw.uniform(0.5, 1.0)
        self._broken_build = draw.choice([0.0, draw.uniform(0, 0.03), draw.uniform(0, 0.4)])
        self._youth = float(draw.choice([0, 2, 8, 20]))
        self._again = float(draw.choice([0, 3, 10]))
        self._memory = draw.uniform(2, 20)
        self._noise = draw.uniform(0.02, 0.5)
        self._drift = draw.normal(0, 0.002, regime.tests)
        self._slow_failure = float(draw.choice([1.0, 1.0, 0.3, 2.0]))
        self._jobs = 4 if draw.random() < 0.25 else 1
        self._tiny = draw.choice([0.0, 0.0, 0.3, 0.6])
        self._jumps = draw.choice([0.0, 0.01, 0.1])
        self._ills(0.4)
        self._weak = draw.gamma(0.5, 1, int(regime.component.max()) + 1) + 1e-3
        self._hot = int(draw.integers(self._weak.size))
        self._faults: list[Ints] = []
        self._runs = np.zeros(regime.tests)
        self._failed_at = np.full(regime.tests, -1000)

    def _ills(self, chance: float) -> None:
        """Tests that fail and pass in long spells, each for itself."""
        draw, tests = self._regime.chance, self._regime.tests
        if draw.random() > chance:
            self._falls, self._heals = np.zeros(tests), np.ones(tests)
        else:
            share = 10 ** draw.uniform(-2, -0.4)
            self._heals = 10 ** draw.uniform(draw.uniform(-2.3, -0.5), 0, tests)
            odds = draw.gamma(0.25, 4, tests) * share / (1 - share)
            self._falls = np.minimum(self._heals * odds, 1.0)
        self._ill = draw.random(tests) < self._falls / (self._falls + self._heals)

    def rows(self) -> list[tuple[int, int, float, bool]]:
        """Cycle, test, seconds, failed."""
        rows = []
        for cycle in range(self._regime.cycles):
            self._change(cycle)
            tests = np.flatnonzero(self._present(cycle))
            tests = np.repeat(tests, self._regime.chance.integers(1, self._jobs + 1))
            failed = self._regime.chance.random(tests.size) < self._chances(cycle)[tests]
            seconds = self._take(tests, cycle) * np.where(failed, self._slow_failure, 1.0)
            self._runs[tests] += 1
            self._failed_at[tests[failed]] = cycle
            rows += [
                (cycle, *row)
                for row in zip(tests.tolist(), seconds.tolist(), failed.tolist(), strict=True)
            ]
        return rows

    def _change(self, cycle: int) -> None:
        """Some faults go, others come."""
        draw, regime = self._regime.chance, self._regime
        turn = draw.random(regime.tests)
        self._ill = np.where(self._ill, turn > self._heals, turn < self._falls)
        self._faults = [hit for hit in self._faults if draw.random() > self._fix_chance]
        for _ in range(int(draw.poisson(self._fault_rate))):
            if draw.random() < 0.5:
                self._hot = int(draw.choice(self._weak.size, p=self._weak / self._weak.sum()))
            members = np.flatnonzero(regime.component == self._hot)
            if draw.random() < self._spreads and members.size:
                self._faults.append(members[draw.random(members.size) < self._width])
            else:
                odds = regime.frailty * (1 + self._youth * np.exp(-self._runs / 5))
                odds = odds * (1 + self._again * np.exp((self._failed_at - cycle) / self._memory))
                odds = odds * ((regime.born <= cycle) & (cycle < regime.gone)) + 1e-12
                self._faults.append(draw.choice(regime.tests, 1, p=odds / odds.sum()))

    def _present(self, cycle: int) -> Flags:
        draw, regime = self._regime.chance, self._regime
        number = np.arange(regime.tests)
        if self._presence == "all":
            here = np.ones(regime.tests, dtype=np.bool_)
        elif self._presence == "sample":
            here = draw.random(regime.tests) < self._share
        elif self._presence == "rotation":
            step = max(1, int(regime.tests * self._share / 2))
            here = (number + cycle * step) % regime.tests < max(2, regime.tests * self._share)
        elif self._presence == "impact":
            touched = draw.random(self._weak.size) < self._share * draw.random() ** 2
            here = touched[regime.component] | (draw.random(regime.tests) < 0.02)
        else:
            here = draw.random(regime.tests) < regime.often
        present: Flags = here & (regime.born <= cycle) & (cycle < regime.gone)
        if draw.random() < self._tiny and present.any():
            those = np.flatnonzero(present)
            first, few = int(draw.integers(those.size)), int(draw.geometric(0.3))
            present[:] = False
            present[those[first : first + few]] = True
        return present

    def _chances(self, cycle: int) -> Floats:
        draw, regime = self._regime.chance, self._regime
        shaky = (regime.flaky_from <= cycle) & (cycle < regime.flaky_until)
        chances = np.where(shaky, regime.flaky, regime.flaky * 0.05)
        for hit in self._faults:
            chances[hit] = np.maximum(chances[hit], self._shows)
        chances[self._ill] = np.maximum(chances[self._ill], self._shows)
        if draw.random() < self._broken_build:
            chances = np.maximum(chances, draw.uniform(0.05, 1.0))
        return chances

    def _take(self, tests: Ints, cycle: int) -> Floats:
        noise = self._regime.chance.normal(0, self._noise, tests.size)
        jump = np.where(self._regime.chance.random(tests.size) < self._jumps, 2.0, 0.0)
        noise += jump * self._regime.chance.choice([-1.0, 1.0], tests.size)
        taken: Floats = self._regime.seconds[tests] * np.exp(self._drift[tests] * cycle + noise)
        return taken
