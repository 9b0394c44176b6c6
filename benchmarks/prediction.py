"""Shards balanced by predicted durations, judged by the true ones, on real CI histories.

    python -m benchmarks.prediction HISTORY.csv... [--shards 2,4,8] [--every 1]

Each file has the columns cycle,test,duration_s,failed. Every cycle is planned from the cycles
before it only: its tests are predicted, dealt out to N shards, and the longest shard is measured
with the durations that the cycle then really had. A test that is listed several times in
a cycle counts once, with their mean. The ratio is longest shard / max(longest test, total / N), all
true, averaged over the cycles with more tests than shards.

    testfleet  remember(), predict(), scatters() and the strategy `balanced`, as plans use them;
               all others are dealt out by `partition`
    alone      the same without scatters(): units that slow down together may share a shard
    last       the newest duration, as pytest-split keeps it; others get the mean of the known
    mean       of all past durations
    median     of all past durations
    constant   the mean of each test over all cycles, the future included: no predictor that sees
               noise as noise does much better; what it lacks to 1.10 is in the data
    hindsight  the best division found for each set of tests when means and covariances of all
               cycles are known, the future included, but not what the cycle draws
    oracle     the true durations: what the partition itself loses

`within` is the share of cycles at most 1.10, all N together, `error` the sum of all misses in per
cent of the sum of all durations, `typical` the median miss in per cent among tests from a tenth of
a second on, `inside` the share of known tests that fell into their interval of 80 %.
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean, median

from benchmarks.measure import describe_conditions, guarded, verdict
from benchmarks.prediction_models import (
    Constant,
    Cycle,
    Hindsight,
    Model,
    Oracle,
    Past,
    Testfleet,
)
from testfleet.errors import UsageError

TARGET = 1.10
NOTABLE_S = 0.1


@dataclass
class Score:
    """How a predictor did on one history."""

    ratios: defaultdict[int, list[float]] = field(default_factory=lambda: defaultdict(list))
    missed_s: float = 0.0
    total_s: float = 0.0
    misses: list[float] = field(default_factory=list)

    def add(self, cycle: Cycle, model: Model, counts: Sequence[int]) -> None:
        """Judge one cycle."""
        model.see(cycle)
        true = list(cycle.values())
        for guess, seconds in zip(model.predicted, true, strict=True):
            self.missed_s += abs(guess - seconds)
            self.total_s += seconds
            if seconds >= NOTABLE_S:
                self.misses.append(abs(guess - seconds) / seconds)
        for count in counts:
            if count < len(true):
                parts = model.parts(count)
                longest = max(sum(true[at] for at in part) for part in parts)
                self.ratios[count].append(longest / max(*true, sum(true) / count))

    def within(self) -> float:
        """The share of cycles that reach the target, of all numbers of shards together."""
        ratios = [one for found in self.ratios.values() for one in found]
        return sum(one <= TARGET for one in ratios) / len(ratios)


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
        if number > 0 and number % every == 0 and sum(cycle.values()) > 0:
            score.add(cycle, model, counts)
        model.learn(cycle)
    return score


def show(name: str, score: Score, counts: Sequence[int], inside: str) -> None:
    cells = "".join(f"{fmean(score.ratios[count]):>8.3f}" for count in counts)
    mean = fmean(fmean(score.ratios[count]) for count in counts)
    typical = median(score.misses) if score.misses else 0.0
    print(
        f"{name:<10}{cells}{mean:>8.3f}{score.within():>8.0%}"
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
        + "    mean  within    error  typical  inside"
    )
    fleet = Testfleet()
    start = time.perf_counter()
    ours = replay(cycles, fleet, counts, every)
    took_s = time.perf_counter() - start
    show("testfleet", ours, counts, f"{fleet.inside / max(fleet.known, 1):.0%}")
    peers: dict[str, Model] = {
        "alone": Testfleet(steadies=False),
        "last": Past(lambda past: past[-1]),
        "mean": Past(fmean),
        "median": Past(median),
        "constant": Constant(cycles),
        "hindsight": Hindsight(cycles),
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
