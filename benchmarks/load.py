"""Forecasts of the next hour's load, beside naive ones, on made and on real series.

    python benchmarks/load.py [--weeks 8] [--seeds 3] [--git PATH]

`made` series are bursts of runs: office hours with two peaks, quiet weekends, surprises that last
some hours, and in turn a nightly run, growth, or a dependence on open pull requests. `--git` counts
the commits of a repository by the hour: real arrivals, without durations. Every forecast knows the
past only; the first four weeks are not judged. Figures are root mean square errors in workers, and
`inside` is the share of loads within the interval of 90 %.
"""

from __future__ import annotations

import argparse
import math
import platform
import random
import statistics
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.measure import describe_load, guarded, verdict
from testfleet.errors import UsageError
from testfleet.planning.scaling.load import DAY, WEEK, Busy, Forecast, History, forecast, hourly

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
FIRST = 4 * WEEK
"""Hours that are not judged: the naive mean needs as many."""


@dataclass(frozen=True)
class Series:
    """Hourly loads, and the number of open pull requests if it plays a part."""

    name: str
    loads: list[float]
    counts: list[int]
    start: datetime = MONDAY


def usual(hour: int) -> float:
    """What an office does: two peaks a day, an eighth at weekends."""
    of_day = hour % DAY
    peaks = math.exp(-(((of_day - 10) / 2.5) ** 2)) + 0.9 * math.exp(-(((of_day - 15) / 2.5) ** 2))
    return (peaks + 0.03) * (0.125 if hour // DAY % 7 >= 5 else 1.0)


def made(kind: str, seed: int, weeks: int) -> Series:
    chance, surprise, pulls = random.Random(seed), 0.0, 10
    loads, counts = [], []
    for hour in range(weeks * WEEK):
        if 8 <= hour % DAY < 19 and hour // DAY % 7 < 5:
            pulls = max(0, pulls + chance.choice([-1, 0, 0, 1]))
        surprise = 0.6 * surprise + chance.gauss(0, 0.25)
        mean = usual(hour) + (1.2 if kind == "nightly run" and hour % DAY == 2 else 0.0)
        mean *= 1 + hour / (weeks * WEEK) if kind == "growth" else 1.0
        mean *= max(1 + 0.05 * (pulls - 10), 0.1) if kind == "pull requests" else 1.0
        runs = poisson(chance, 10 * mean * math.exp(surprise))
        loads.append(sum(chance.lognormvariate(0.92, 0.6) for _ in range(runs)))
        counts.append(pulls)
    return Series(kind, loads, [*counts, pulls] if kind == "pull requests" else [])


def poisson(chance: random.Random, mean: float) -> int:
    """Knuth's method."""
    limit, product, count = math.exp(-mean), chance.random(), 0
    while product > limit:
        product *= chance.random()
        count += 1
    return count


def of_git(path: Path) -> Series:
    """Commits by the hour, each as one worker for an hour, for the last twelve weeks there are."""
    done = subprocess.run(
        ["git", "-C", path, "log", "--all", "--format=%ct"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    times = sorted(datetime.fromtimestamp(int(line), UTC) for line in done.stdout.split())
    history = hourly(
        [Busy(time, datetime.fromtimestamp(time.timestamp() + 3600, UTC), 1) for time in times],
        times[0],
        times[-1],
    )
    kept = history.loads[-12 * WEEK :]
    if len(kept) < FIRST + WEEK:
        raise UsageError(
            f"{path}: {len(kept)} hours of commits, expected at least {FIRST + WEEK}",
            hint="take a repository with five weeks of history that is not a shallow clone",
        )
    start = datetime.fromtimestamp(history.end.timestamp() - 3600 * len(kept), UTC)
    return Series(f"commits of {path.name}", list(kept), [], start)


def predicted(series: Series, hour: int, *, with_counts: bool) -> Forecast:
    counts = tuple(series.counts[: hour + 1]) if with_counts else ()
    return forecast(History(series.start, tuple(series.loads[:hour]), counts), 1)[0]


NAIVE: dict[str, Callable[[list[float], int], float]] = {
    "last hour": lambda loads, hour: loads[hour - 1],
    "yesterday": lambda loads, hour: loads[hour - DAY],
    "last week": lambda loads, hour: loads[hour - WEEK],
    "4 weeks": lambda loads, hour: statistics.fmean(loads[hour - k * WEEK] for k in range(1, 5)),
}


def rmse(guesses: list[float], truths: list[float]) -> float:
    return math.sqrt(statistics.fmean((g - t) ** 2 for g, t in zip(guesses, truths, strict=True)))


def judge(many: list[Series]) -> tuple[float, dict[str, float], float]:
    """Our error, the naive ones and the share inside the interval, as means over the series."""
    ours, inside, naive = [], [], {name: [] for name in NAIVE}
    for series in many:
        hours = range(FIRST, len(series.loads))
        truths = series.loads[FIRST:]
        found = [predicted(series, hour, with_counts=bool(series.counts)) for hour in hours]
        ours.append(rmse([each.expected for each in found], truths))
        inside += [f.low <= truth <= f.high for f, truth in zip(found, truths, strict=True)]
        for name, guess in NAIVE.items():
            naive[name].append(rmse([guess(series.loads, hour) for hour in hours], truths))
    means = {name: statistics.fmean(errors) for name, errors in naive.items()}
    return statistics.fmean(ours), means, statistics.fmean(inside)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--weeks", type=int, default=8)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--git", type=Path)
    options = parser.parse_args()
    print(
        f"Python {platform.python_version()}, load {describe_load()}, {options.weeks} weeks,"
        f" mean of {options.seeds} series of a kind\n"
    )
    print(f"{'series':<24} {'ours':>7} " + " ".join(f"{name:>10}" for name in NAIVE)
          + f" {'ratio':>6} {'inside':>7}")  # fmt: skip
    kinds = ("office", "nightly run", "growth", "pull requests")
    rows = [[made(kind, seed, options.weeks) for seed in range(options.seeds)] for kind in kinds]
    ratios = []
    for many in [*rows, *([[of_git(options.git)]] if options.git else [])]:
        ours, naive, inside = judge(many)
        ratios.append(ours / min(naive.values()))
        print(f"{many[0].name:<24} {ours:>7.2f} "
              + " ".join(f"{error:>10.2f}" for error in naive.values())
              + f" {ratios[-1]:>6.2f} {inside:>7.3f}")  # fmt: skip
    print(f"\ntarget: never worse than the best naive one: {verdict(met=max(ratios) <= 1.0)}")
    return 0


if __name__ == "__main__":
    sys.exit(guarded(main))
