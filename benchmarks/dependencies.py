"""Time to plan 10,000 units of which 5,000 need another, beside graphlib on the same graph.

    python -m benchmarks.dependencies [--units 10000] [--edges 5000] [--repeat 3]

`testfleet` is everything between rules and a finished Plan: the check for cycles, what shares a
shard, topological groups, shards of every stage, the order inside each of them. `graph` is the
check, the groups and the order by critical path alone. `graphlib`, of Python itself, checks and
makes one order. Graphs: `pairs` are random single edges, `chain` is one chain of all the edges,
`barrier` one rule of two halves, which graphlib has to be told as 25 million single edges.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Mapping, Sequence
from graphlib import TopologicalSorter

from benchmarks.measure import describe_conditions, verdict
from benchmarks.plan_units import best_of, durations_of, plan_request
from testfleet.contracts.dependencies import Dependency
from testfleet.planning.dependencies.graph import DependencyGraph
from testfleet.planning.dependencies.stages import plan_in_stages

TARGET_S = 1.0


def pairs(units: Sequence[str], edges: int) -> list[Dependency]:
    chance = random.Random(edges)
    ends = (sorted(chance.sample(range(len(units)), 2)) for _ in range(edges))
    return [Dependency(units=(units[late],), providers=(units[soon],)) for soon, late in ends]


def chain(units: Sequence[str], edges: int) -> list[Dependency]:
    return [
        Dependency(units=(units[at + 1],), providers=(units[at],))
        for at in range(min(edges, len(units) - 1))
    ]


def barrier(units: Sequence[str], _: int) -> list[Dependency]:
    half = len(units) // 2
    return [Dependency(units=tuple(units[half:]), providers=tuple(units[:half]))]


def order(durations: Mapping[str, float], rules: Sequence[Dependency]) -> None:
    graph = DependencyGraph(tuple(durations), rules)
    graph.groups()
    list(graph.execution_order(durations))


def peer(units: Sequence[str], rules: Sequence[Dependency]) -> None:
    sorter: TopologicalSorter[str] = TopologicalSorter(dict.fromkeys(units, ()))
    for rule in rules:
        for unit in rule.units:
            sorter.add(unit, *rule.providers)
    list(sorter.static_order())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--units", type=int, default=10_000)
    parser.add_argument("--edges", type=int, default=5_000)
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    print(f"{describe_conditions()}, best of {options.repeat}; seconds\n")
    print("graph      testfleet   graph  graphlib   ratio  stages  shards")
    durations = durations_of(options.units)
    request = plan_request(durations, 64)
    slowest = 0.0
    for make in (pairs, chain, barrier):
        rules = make(tuple(durations), options.edges)
        ours = best_of(options.repeat, lambda: plan_in_stages(request, rules))  # noqa: B023
        alone = best_of(options.repeat, lambda: order(durations, rules))  # noqa: B023
        theirs = best_of(1, lambda: peer(tuple(durations), rules))  # noqa: B023
        plan = plan_in_stages(request, rules)
        stages = max(shard.stage for shard in (*plan.shards, *plan.later))
        count = len(plan.shards) + len(plan.later)
        print(
            f"{make.__name__:<10} {ours:>9.3f} {alone:>7.3f} {theirs:>9.3f}"
            f" {alone / theirs:>7.2f} {stages:>7} {count:>7}"
        )
        slowest = max(slowest, ours)
    met = verdict(met=slowest <= TARGET_S)
    print(f"\ntarget: {options.units:,} units within {TARGET_S:.0f} s: {met} ({slowest:.2f} s)")


if __name__ == "__main__":
    main()
