"""Shards balanced by predicted durations, judged by the true ones, on real CI histories.

    python -m benchmarks.prediction HISTORY.csv... [--shards 2,4,8] [--every 1]

Each file has the columns cycle,test,duration_s,failed. Every cycle is planned from the cycles
before it only: its tests are predicted, cut into N shards by `partition`, and the longest shard is
measured with the durations that the cycle then really had. A test that is listed several times in
a cycle counts once, with their mean. The ratio is longest shard / max(longest test, total / N), all
true, averaged over the cycles with more tests than shards.

    testfleet  remember() and predict(), as runs and plans use them
    last       the newest duration, as pytest-split keeps it; others get the mean of the known
    mean       of all past durations
    median     of all past durations
    constant   the mean of each test over all cycles, the future included: no predictor that sees
               noise as noise does much better; what it lacks to 1.10 is in the data
    oracle     the true durations: what the partition itself loses

`error` is the sum of all misses in per cent of the sum of all durations, `typical` the median miss
in per cent among tests from a tenth of a second on, `inside` the share of known tests that fell
into their interval of 80 %.
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean, median

from benchmarks.measure import describe_conditions, guarded, verdict
from testfleet.contracts.history import UnitHistory
from testfleet.contracts.plan import Unit
from testfleet.errors import UsageError
from testfleet.planning.partition.balance import partition
from testfleet.planning.prediction.predict import MIN_UNIT_S, predict
from testfleet.planning.prediction.remember import UnitRun, remember

TARGET = 1.10
NOTABLE_S = 0.1
Cycle = Mapping[str, float]


class Testfleet:
    """The predictor under test, with its intervals."""

    __test__ = False

    def __init__(self) -> None:
        self.history: dict[str, UnitHistory] = {}
        self.inside = self.known = 0

    def predict(self, cycle: Cycle) -> list[float]:
        """Seconds of each test, in order."""
        units = [Unit(id=test, size_bytes=1000, tests_estimate=0) for test in cycle]
        planned = predict(units, self.history)
        for one, true in zip(planned, cycle.values(), strict=True):
            if one.known and one.low_s is not None and one.high_s is not None:
                self.known += 1
                self.inside += one.low_s <= true <= one.high_s
        return [one.predicted_s for one in planned]

    def learn(self, cycle: Cycle) -> None:
        """See what the cycle really took."""
        runs = [UnitRun(test, seconds, 1) for test, seconds in cycle.items()]
        self.history = remember(self.history, runs, None)


class Past:
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


class Constant:
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

    def learn(self, cycle: Cycle) -> None:
        """Nothing: it knows all."""


class Oracle:
    """The truth."""

    def predict(self, cycle: Cycle) -> list[float]:
        """Seconds of each test, in order."""
        return [max(seconds, MIN_UNIT_S) for seconds in cycle.values()]

    def learn(self, cycle: Cycle) -> None:
        """Nothing: it knows all."""


Model = Testfleet | Past | Constant | Oracle


@dataclass
class Score:
    """How a predictor did on one history."""

    ratios: defaultdict[int, list[float]] = field(default_factory=lambda: defaultdict(list))
    missed_s: float = 0.0
    total_s: float = 0.0
    misses: list[float] = field(default_factory=list)

    def add(self, cycle: Cycle, predicted: Sequence[float], counts: Sequence[int]) -> None:
        """Judge one cycle."""
        true = list(cycle.values())
        for guess, seconds in zip(predicted, true, strict=True):
            self.missed_s += abs(guess - seconds)
            self.total_s += seconds
            if seconds >= NOTABLE_S:
                self.misses.append(abs(guess - seconds) / seconds)
        for count in counts:
            if count < len(true):
                self.ratios[count].append(ratio(true, predicted, count))


def ratio(true: Sequence[float], predicted: Sequence[float], count: int) -> float:
    parts = partition(predicted, (1.0,) * count)
    longest = max(sum(true[at] for at in part) for part in parts)
    return longest / max(*true, sum(true) / count)


def read_cycles(path: Path) -> list[Cycle]:
    found: defaultdict[int, defaultdict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    try:
        with path.open(newline="", encoding="utf-8") as lines:
            for row in csv.DictReader(lines):
                found[int(row["cycle"])][row["test"]].append(float(row["duration_s"]))
    except (OSError, KeyError, ValueError) as exc:
        raise UsageError(
            f"{path}: {exc!r}", hint="expected CSV with columns cycle,test,duration_s,failed"
        ) from exc
    return [
        {test: fmean(values) for test, values in tests.items()}
        for _, tests in sorted(found.items())
    ]


def replay(cycles: Sequence[Cycle], model: Model, counts: Sequence[int], every: int) -> Score:
    score = Score()
    for number, cycle in enumerate(cycles):
        if number > 0 and sum(cycle.values()) > 0:
            predicted = model.predict(cycle)
            if number % every == 0:
                score.add(cycle, predicted, counts)
        model.learn(cycle)
    return score


def show(name: str, score: Score, counts: Sequence[int], inside: str) -> None:
    cells = "".join(f"{fmean(score.ratios[count]):>8.3f}" for count in counts)
    mean = fmean(fmean(score.ratios[count]) for count in counts)
    typical = median(score.misses) if score.misses else 0.0
    print(
        f"{name:<10}{cells}{mean:>8.3f}"
        f"{score.missed_s / score.total_s:>9.0%}{typical:>9.0%}{inside:>8}"
    )


def measure(path: Path, counts: Sequence[int], every: int) -> bool:
    cycles = read_cycles(path)
    size = median(len(cycle) for cycle in cycles)
    wide = max(len(cycle) for cycle in cycles)
    counts = [count for count in counts if count < wide]
    print(f"{path.stem}: {len(cycles)} cycles, median of {size:.0f} tests")
    print(
        "N =       "
        + "".join(f"{count:>8}" for count in counts)
        + "    mean    error  typical  inside"
    )
    fleet = Testfleet()
    start = time.perf_counter()
    ours = replay(cycles, fleet, counts, every)
    took_s = time.perf_counter() - start
    show("testfleet", ours, counts, f"{fleet.inside / max(fleet.known, 1):.0%}")
    peers: dict[str, Model] = {
        "last": Past(lambda past: past[-1]),
        "mean": Past(fmean),
        "median": Past(median),
        "constant": Constant(cycles),
        "oracle": Oracle(),
    }
    for name, model in peers.items():
        show(name, replay(cycles, model, counts, every), counts, "")
    over = [count for count in counts if fmean(ours.ratios[count]) > TARGET]
    where = f", over it for N = {', '.join(map(str, over))}" if over else ""
    print(f"target <= {TARGET:.2f} for every N: {verdict(met=not over)}{where}; {took_s:.1f} s\n")
    return not over


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("files", type=Path, nargs="+", help="histories, or folders of them")
    parser.add_argument("--shards", default="2,4,8,16,32,64")
    parser.add_argument("--every", type=int, default=1, help="judge only each so-many-th cycle")
    options = parser.parse_args()
    counts = [int(count) for count in options.shards.split(",")]
    print(f"{describe_conditions()}\n")
    paths = [
        path
        for given in options.files
        for path in (sorted(given.glob("*.csv")) if given.is_dir() else [given])
    ]
    met = [measure(path, counts, options.every) for path in paths]
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(guarded(main))
