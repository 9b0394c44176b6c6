"""Failures clustered by cause, on made runs whose causes are known.

    python -m benchmarks.cluster [--failures 10000] [--seeds 5]

The adjusted Rand index (Hubert and Arabie 1985) is 1.0 for the true partition and 0.0 for chance.
Beside Testfleet stand two ways that are in use:

    testfleet  fingerprints, then near-duplicates: triage/clusters/cluster.py
    message    equal after numbers are masked, as many dashboards group
    stack      the type of the exception and all frames, as error trackers group by default
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from math import comb
from statistics import median

from benchmarks.made_failures import Labelled, made_run
from benchmarks.measure import describe_conditions, guarded, verdict
from testfleet.triage.clusters.cluster import cluster
from testfleet.triage.fingerprints.fingerprint import read_trace

TARGET_INDEX = 0.95
TARGET_S = 10.0
RUNS = ((3, 400), (40, 1_000), (400, 10_000))
"""Causes and failures of each run."""


def adjusted_rand_index(one: Sequence[Hashable], other: Sequence[Hashable]) -> float:
    """How far two labellings of the same things agree beyond chance."""
    both = sum(comb(count, 2) for count in Counter(zip(one, other, strict=True)).values())
    left = sum(comb(count, 2) for count in Counter(one).values())
    right = sum(comb(count, 2) for count in Counter(other).values())
    by_chance = left * right / max(comb(len(one), 2), 1)
    best = (left + right) / 2
    return (both - by_chance) / (best - by_chance) if best != by_chance else 1.0


def by_testfleet(run: Sequence[Labelled]) -> list[Hashable]:
    """The id of each failure's cluster."""
    found = cluster(each.failure for each in run)
    ids = {member.text.test: each.id for each in found for member in each.members}
    return [ids[each.failure.test] for each in run]


def by_message(run: Sequence[Labelled]) -> list[Hashable]:
    """The message with its numbers masked."""
    return [re.sub(r"\d+", "0", each.failure.message) for each in run]


def by_stack(run: Sequence[Labelled]) -> list[Hashable]:
    """Type and all frames."""
    traces = [read_trace(each.failure) for each in run]
    return [(trace.kind, tuple(frame.place for frame in trace.frames)) for trace in traces]


PEERS: dict[str, Callable[[Sequence[Labelled]], list[Hashable]]] = {
    "testfleet": by_testfleet,
    "message": by_message,
    "stack": by_stack,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5, help="runs of each size")
    parser.add_argument("--failures", type=int, default=10_000, help="of the largest run")
    given = parser.parse_args()
    print(describe_conditions())
    print(f"{'causes':>7} {'failures':>9} {'by':<10} {'worst index':>12} {'clusters':>9} {'s':>7}")
    met = True
    for causes, failures in [(c, min(f, given.failures)) for c, f in RUNS]:
        runs = [made_run(causes, failures, seed) for seed in range(given.seeds)]
        for name, peer in PEERS.items():
            index, count, seconds = _judged(runs, peer)
            print(f"{causes:>7} {failures:>9} {name:<10} {index:>12.3f} {count:>9} {seconds:>7.2f}")
            if name == "testfleet":
                met &= index >= TARGET_INDEX and seconds <= TARGET_S
    print(f"index at least {TARGET_INDEX}, within {TARGET_S:.0f} s: {verdict(met=met)}")
    return 0 if met else 1


def _judged(
    runs: Sequence[Sequence[Labelled]], peer: Callable[[Sequence[Labelled]], list[Hashable]]
) -> tuple[float, int, float]:
    """Worst index, median number of clusters, longest time."""
    indices, counts, seconds = [], [], []
    for run in runs:
        start = time.perf_counter()
        found = peer(run)
        seconds.append(time.perf_counter() - start)
        indices.append(adjusted_rand_index([each.cause for each in run], found))
        counts.append(len(set(found)))
    return min(indices), int(median(counts)), max(seconds)


if __name__ == "__main__":
    sys.exit(guarded(main))
