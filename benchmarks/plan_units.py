"""Time to plan 1,000, 10,000 and 100,000 units, beside pytest-split on the same durations.

    python benchmarks/plan_units.py [--shards 64] [--repeat 3]

`testfleet` is everything between "these are the units" and a finished Plan: predictions from
history, the number of shards, the partition with its improvement, validated models. `partition`
is the algorithm alone. `pytest-split` is its `least_duration`, which also keeps, for each group,
the list of what the group leaves out; each of its CI nodes does this work anew. The longest shard
is given beside the lower bound max(longest unit, total / shards).
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version

from pytest_split.algorithms import LeastDurationAlgorithm

from testfleet.config import Fleet, Profile
from testfleet.contracts.history import UnitHistory
from testfleet.contracts.plan import Compute, Unit
from testfleet.planning.framework import Discovery
from testfleet.planning.partition import partition
from testfleet.planning.place import Place
from testfleet.planning.sharding import PlanInput, make_plan

TARGET_S = 2.0


@dataclass(frozen=True)
class Item:
    """What pytest-split reads of a pytest item."""

    nodeid: str

    def __str__(self) -> str:
        return self.nodeid


def durations_of(count: int) -> dict[str, float]:
    """Log-normal seconds, as test files have them: many short ones, a few long ones."""
    chance = random.Random(count)
    return {
        f"tests/part_{at // 100:04}/test_{at:06}.py": chance.lognormvariate(-1.0, 1.5)
        for at in range(count)
    }


def best_of(repeat: int, work: Callable[[], object]) -> float:
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def plan_request(durations: dict[str, float], shards: int) -> PlanInput:
    profile = Profile(
        compute=Compute.LAMBDA, memory_mb=2048, vcpu=1, disk_mb=512,
        time_limit_s=10_000_000, startup_s=1,
    )  # fmt: skip
    fleet = Fleet(workers=shards, max_shards=10_000, default_profile="lambda")
    units = tuple(Unit(id=unit, size_bytes=2000, tests_estimate=8) for unit in durations)
    history = {
        unit: UnitHistory(duration_s=seconds, tests=8, runs=3)
        for unit, seconds in durations.items()
    }
    return PlanInput(
        "default", Discovery(units), history, Place(fleet, {"lambda": profile}), shards
    )


def measure(count: int, shards: int, repeat: int) -> None:
    durations = durations_of(count)
    seconds = list(durations.values())
    request = plan_request(durations, shards)
    items = [Item(unit) for unit in durations]
    split = LeastDurationAlgorithm()
    ours = best_of(repeat, lambda: make_plan(request))
    alone = best_of(repeat, lambda: partition(seconds, (1.0,) * shards))
    theirs = best_of(repeat, lambda: split(shards, items, dict(durations)))
    longest_ours = max(shard.predicted_s for shard in make_plan(request).shards)
    longest_theirs = max(group.duration for group in split(shards, items, dict(durations)))
    bound = max(*seconds, sum(seconds) / shards)
    print(
        f"{count:>7} {ours:>10.3f} {alone:>10.3f} {theirs:>13.3f} {ours / theirs:>7.2f}"
        f" {longest_ours / bound:>14.4f} {longest_theirs / bound:>14.4f}"
    )
    if count == 100_000:
        verdict = "met" if ours <= TARGET_S else "MISSED"
        print(f"\ntarget: 100,000 units within {TARGET_S:.0f} s: {verdict} ({ours:.2f} s)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--shards", type=int, default=64)
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    load = statistics.fmean(os.getloadavg())
    print(
        f"Python {platform.python_version()}, {os.cpu_count()} cores, load {load:.1f},"
        f" pytest-split {version('pytest-split')}, {options.shards} shards,"
        f" best of {options.repeat}; seconds\n"
    )
    print("  units  testfleet  partition  pytest-split   ratio  longest/bound  split's l./b.")
    for count in (1_000, 10_000, 100_000):
        measure(count, options.shards, options.repeat)


if __name__ == "__main__":
    main()
