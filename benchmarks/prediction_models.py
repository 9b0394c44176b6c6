"""What `benchmarks.prediction` compares: predictors that see the past, and some that see all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import fmean

from testfleet.contracts.history import UnitHistory
from testfleet.contracts.plan import Unit
from testfleet.planning.partition.apart import MOST_UNITS, apart
from testfleet.planning.partition.balance import partition
from testfleet.planning.prediction.predict import MIN_UNIT_S, predict
from testfleet.planning.prediction.remember import UnitRun, remember
from testfleet.planning.prediction.scatter import scatters
from testfleet.planning.strategies.balanced import BALANCED
from testfleet.planning.work import Job, WorkUnit

Cycle = Mapping[str, float]
Parts = Sequence[Sequence[int]]


class Model:
    """Predicts one cycle after another, and deals it out."""

    cycle: Cycle
    predicted: Sequence[float]
    """Seconds of each test of the cycle, in order."""

    def see(self, cycle: Cycle) -> None:
        """Predict a cycle, without a look at its seconds."""
        self.cycle, self.predicted = cycle, self.predict(cycle)

    def predict(self, cycle: Cycle) -> list[float]:
        """Seconds of each test, in order."""
        raise NotImplementedError

    def parts(self, count: int) -> Parts:
        """Indices of the cycle's tests, shard by shard."""
        return partition(self.predicted, (1.0,) * count)

    def learn(self, cycle: Cycle) -> None:
        """See what the cycle really took. Those who know all need not."""


class Testfleet(Model):
    """The predictor under test, with its intervals."""

    __test__ = False

    def __init__(self, *, steadies: bool = True) -> None:
        self.history: dict[str, UnitHistory] = {}
        self.inside = self.known = 0
        self._steadies = steadies

    def predict(self, cycle: Cycle) -> list[float]:
        """Seconds of each test, in order."""
        units = [Unit(id=test, size_bytes=1000, tests_estimate=0) for test in cycle]
        planned = predict(units, self.history)
        found = scatters(planned, self.history, MOST_UNITS) if self._steadies else {}
        self._work = [
            WorkUnit(one.id, one.predicted_s, scatter=found.get(one.id, ())) for one in planned
        ]
        for one, true in zip(planned, cycle.values(), strict=True):
            if one.known and one.low_s is not None and one.high_s is not None:
                self.known += 1
                self.inside += one.low_s <= true <= one.high_s
        return [one.predicted_s for one in planned]

    def parts(self, count: int) -> Parts:
        """As the usual strategy does."""
        return BALANCED.assign(Job(self._work, (1.0,) * count, count, "lambda")).shards

    def learn(self, cycle: Cycle) -> None:
        """See what the cycle really took."""
        runs = [UnitRun(test, seconds, 1) for test, seconds in cycle.items()]
        self.history = remember(self.history, runs, None)


class Past(Model):
    """A statistic of all past durations of each test."""

    def __init__(self, statistic: Callable[[Sequence[float]], float]) -> None:
        self._statistic = statistic
        self._past: defaultdict[str, list[float]] = defaultdict(list)
        self._values: dict[str, float] = {}

    def predict(self, cycle: Cycle) -> list[float]:
        """Seconds of each test, in order."""
        other = fmean(self._values.values()) if self._values else 1.0
        return [max(self._values.get(test, other), MIN_UNIT_S) for test in cycle]

    def learn(self, cycle: Cycle) -> None:
        """See what the cycle really took."""
        for test, seconds in cycle.items():
            self._past[test].append(seconds)
            self._values[test] = self._statistic(self._past[test])


class Constant(Model):
    """Each test's mean over all cycles, which nobody can know before."""

    def __init__(self, cycles: Iterable[Cycle]) -> None:
        found: defaultdict[str, list[float]] = defaultdict(list)
        for cycle in cycles:
            for test, seconds in cycle.items():
                found[test].append(seconds)
        self._means = {test: fmean(values) for test, values in found.items()}

    def predict(self, cycle: Cycle) -> list[float]:
        """Seconds of each test, in order."""
        return [max(self._means[test], MIN_UNIT_S) for test in cycle]


class Hindsight(Constant):
    """Which tests are slow together, over all cycles, which nobody can know before."""

    def __init__(self, cycles: Sequence[Cycle]) -> None:
        super().__init__(cycles)
        usual = [sum(map(self._means.__getitem__, cycle)) for cycle in cycles]
        self._cycles = [
            {
                test: seconds * total_s / max(sum(cycle.values()), MIN_UNIT_S)
                for test, seconds in cycle.items()
            }
            for cycle, total_s in zip(cycles, usual, strict=True)
        ]
        self._known: dict[tuple[tuple[str, ...], int], Parts] = {}

    def parts(self, count: int) -> Parts:
        """The same for all cycles of the same tests."""
        key = (tuple(self.cycle), count)
        if key not in self._known:
            scattered = [self._scatter(test) for test in self.cycle]
            self._known[key] = apart(super().parts(count), self.predicted, scattered)
        return self._known[key]

    def _scatter(self, test: str) -> list[float]:
        mean = self._means[test]
        return [cycle.get(test, mean) - mean for cycle in self._cycles]


class Oracle(Model):
    """The truth."""

    def predict(self, cycle: Cycle) -> list[float]:
        """Seconds of each test, in order."""
        return [max(seconds, MIN_UNIT_S) for seconds in cycle.values()]
