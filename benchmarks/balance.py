"""How even shards are on the durations of real suites, beside pytest-split's two algorithms.

    python -m benchmarks.balance [SUITE ...] [--shards 2,4,8] [--units tests|files|short]

Claim: the longest shard is at most 1.01 times max(longest unit, total / N) where the longest unit
is not the bound, for N = 2 ... 256, and never longer than that of either algorithm of pytest-split.

Durations are those that plain pytest reports (`benchmarks.suites`; recorded when they are not there
yet). Units are single tests, as pytest-split splits them, and whole files, as Testfleet does; and
`short`, the tests without the few longest, until none is the bound for 256 shards: else most suites
say nothing about more than eight.

Where units are few and long, no split reaches total / N, and `proved` says below which ratio none
can be: of the k * N + 1 longest units some k + 1 share a shard, and dual feasible functions (S. P.
Fekete, J. Schepers, "New classes of fast lower bounds for bin packing problems", Math. Program. 91,
2001). Such rows are out of reach of the target, and not held against it.
Rows where the longest unit is the bound are counted, and printed with `--all`.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version

from pytest_split.algorithms import DurationBasedChunksAlgorithm, LeastDurationAlgorithm

from benchmarks.measure import guarded
from benchmarks.suites import CACHE, Suite, load_suites, prepare, record
from testfleet.planning.partition.balance import lower_bound_s, partition

TARGET = 1.01
ROUNDING = 1 + 1e-9
SHARDS = (2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256)
PEER_LIMIT = 20_000_000
"""Items times groups above which pytest-split is left out: it keeps for each group the list of all
items that are not in it."""


@dataclass(frozen=True)
class Item:
    """What pytest-split reads of a pytest item."""

    nodeid: str

    def __str__(self) -> str:
        return self.nodeid


@dataclass(frozen=True)
class Row:
    """One split, as ratios to max(longest unit, total / N)."""

    units: int
    shards: int
    ours: float
    proved: float
    """What no split can be below."""
    chunks: float | None
    least: float | None
    is_long: bool
    """The longest unit is the bound."""

    @property
    def is_met(self) -> bool:
        """Within the target where any split can be, and never longer than pytest-split's."""
        return (self.is_long or self.ours <= TARGET or self.proved > TARGET) and self.is_best

    @property
    def is_best(self) -> bool:
        """No longer than either of pytest-split."""
        peers = [peer for peer in (self.chunks, self.least) if peer is not None]
        return all(self.ours <= peer * ROUNDING for peer in peers)

    def __str__(self) -> str:
        peers = "".join(
            f"{'-' if peer is None else format(peer, '.4f'):>9}"
            for peer in (self.chunks, self.least)
        )
        ours = f"{self.units:>7}{self.shards:>8}{self.ours:>11.4f}{self.proved:>9.4f}"
        verdict = "out of reach" if self.proved > TARGET else "met"
        return f"{ours}{peers}  {verdict if self.is_met else 'MISSED'}"


def durations_of(suite: Suite) -> dict[str, float]:
    """Seconds of each test, all phases. The suite is run when there is no record of it yet."""
    log = CACHE / "results" / f"{suite.name}-plain.jsonl"
    if not log.is_file():
        prepare(suite)
        record(suite, "plain")
    seconds: Counter[str] = Counter()
    with log.open(encoding="utf-8") as lines:
        for line in lines:
            report = json.loads(line)
            if report.get("$report_type") == "TestReport":
                seconds[report["nodeid"]] += report["duration"]
    return {test: duration for test, duration in seconds.items() if duration > 0}


def by_file(durations: dict[str, float]) -> dict[str, float]:
    files: Counter[str] = Counter()
    for test, seconds in durations.items():
        files[test.split("::")[0]] += seconds
    return dict(files)


def without_longest(durations: dict[str, float], shards: int) -> dict[str, float]:
    """What remains when the longest go until none is longer than total / shards."""
    names = sorted(durations, key=lambda name: -durations[name])
    total = sum(durations.values())
    first = 0
    while first < len(names) and durations[names[first]] > total / shards:
        total -= durations[names[first]]
        first += 1
    gone = set(names[:first])
    return {name: seconds for name, seconds in durations.items() if name not in gone}


def proved_s(seconds: Sequence[float], count: int, found_s: float) -> float:
    """Seconds below which no split can be. Looked at closely only where it matters."""
    bound_s = lower_bound_s(seconds, count)
    mean_s = sum(seconds) / count
    if found_s <= TARGET * max(mean_s, *seconds):
        return bound_s
    tries = [mean_s * (1 + step / 1000) for step in range(1, 100)]
    return max(
        [bound_s, *(size for size in tries if size < found_s and overflows(seconds, count, size))]
    )


def overflows(seconds: Sequence[float], count: int, size_s: float) -> bool:
    """Whether the units cannot fit into so many shards of that size: their sizes, rounded so that
    what fits still fits, add up to more."""
    sizes = [each / size_s for each in seconds]
    cuts = sorted({round(min(size, 1 - size), 6) for size in sizes if 0 < size < 1})[::3]
    return any(
        sum(_stepped(size, k) for size in _without_short(sizes, cut)) > count * ROUNDING
        for cut in [0.0, *cuts]
        for k in range(1, 8)
    )


def _without_short(sizes: Sequence[float], cut: float) -> list[float]:
    """What is so long that only short ones fit beside it counts whole, and short ones nothing."""
    return [1.0 if size > 1 - cut else size if size >= cut else 0.0 for size in sizes]


def _stepped(size: float, k: int) -> float:
    steps = (k + 1) * size
    return size if abs(steps - round(steps)) < 1e-9 else math.floor(steps) / k


def rows_of(durations: dict[str, float], counts: Sequence[int]) -> Iterator[Row]:
    seconds = list(durations.values())
    items = [Item(name) for name in durations]
    for count in counts:
        if count >= len(seconds):
            return
        bound = max(*seconds, sum(seconds) / count)
        shards = partition(seconds, (1.0,) * count)
        ours = max(sum(seconds[at] for at in shard) for shard in shards)
        chunks = least = None
        if len(items) * count <= PEER_LIMIT:
            chunks, least = (
                max(sum(durations[item.nodeid] for item in group.selected) for group in groups)
                / bound
                for groups in (
                    DurationBasedChunksAlgorithm()(count, items, dict(durations)),
                    LeastDurationAlgorithm()(count, items, dict(durations)),
                )
            )
        yield Row(
            units=len(seconds),
            shards=count,
            ours=ours / bound,
            proved=proved_s(seconds, count, ours) / bound,
            chunks=chunks,
            least=least,
            is_long=max(seconds) >= sum(seconds) / count,
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("names", nargs="*", metavar="SUITE")
    parser.add_argument("--shards", default=",".join(map(str, SHARDS)), help="comma-separated")
    parser.add_argument("--units", choices=("tests", "files", "short", "all"), default="all")
    parser.add_argument("--all", action="store_true", help="also where one unit is the bound")
    options = parser.parse_args()
    counts = [int(count) for count in options.shards.split(",")]
    print(f"Python {platform.python_version()}, pytest-split {version('pytest-split')}; ratios to")
    print("max(longest unit, total / shards)\n")
    print(f"{'suite':<26}  units  shards  testfleet   proved   chunks    least")
    found: list[Row] = []
    for suite in load_suites(options.names):
        tests = durations_of(suite)
        sets = {
            "tests": tests,
            "files": by_file(tests),
            "short": without_longest(tests, max(counts)),
        }
        for kind in sets if options.units == "all" else [options.units]:
            for row in rows_of(sets[kind], counts):
                found.append(row)
                if options.all or not row.is_long or not row.is_met:
                    print(f"{f'{suite.name} {kind}':<26}{row}", flush=True)
    return summary(found)


def summary(rows: Sequence[Row]) -> int:
    judged = [row for row in rows if not row.is_long and row.proved <= TARGET]
    hopeless = sum(not row.is_long and row.proved > TARGET for row in rows)
    missed = [row for row in rows if not row.is_met]
    worse = sum(not row.is_best for row in rows)
    print(
        f"\n{len(judged)} splits whose longest unit is not the bound, worst"
        f" {max((row.ours for row in judged), default=1.0):.4f} (target {TARGET});"
        f" {hopeless} that no split can bring below the target;"
        f" {len(rows) - len(judged) - hopeless} whose longest unit is the bound."
        f" Longer than pytest-split's: {worse}. {'MISSED' if missed else 'met'}"
    )
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(guarded(main))
