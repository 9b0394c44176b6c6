"""Even shards, dependencies inside them where possible, the most important units first."""

from __future__ import annotations

from dataclasses import dataclass

from testfleet.planning.partition.balance import partition
from testfleet.planning.strategies.bundles import (
    Bundles,
    handed_out_longest_first,
    in_order_of_priority,
)
from testfleet.planning.work import Assignment, Job


@dataclass(frozen=True)
class Hybrid:
    """Balanced between shards, by priority inside them.

    Units that depend on each other share a shard unless all of them together would be longer than
    a shard: only then one worker has to wait for another.
    """

    name: str = "hybrid"
    summary: str = "even shards, dependent units together, highest priority first inside"
    ordered: bool = True

    def assign(self, job: Job) -> Assignment:
        """Even shards first: priority decides only about the order inside a shard."""
        bundles = _with_dependents(Bundles.of(job))
        shards = bundles.arranged(
            partition(bundles.seconds, job.weights), in_order_of_priority(job.units)
        )
        reasons = ["even shards, highest priority first inside"]
        waits = _waits_between(job, shards)
        if waits:
            reasons.append(f"{waits} dependencies between shards: their workers wait")
        return handed_out_longest_first(job, Assignment(shards, tuple(reasons)))


def _with_dependents(bundles: Bundles) -> Bundles:
    """Bundles that depend on each other as one, where that is no longer than a shard."""
    units = bundles.job.units
    if not any(unit.depends_on for unit in units):
        return bundles
    home = {units[at].id: number for number, each in enumerate(bundles.members) for at in each}
    groups = _Groups(len(bundles.members))
    for unit in units:
        for name in unit.depends_on:
            if name in home:
                groups.join(home[unit.id], home[name])
    limit_s = sum(bundles.seconds) / len(bundles.job.weights)
    members: list[list[int]] = []
    for group in groups.all():
        if sum(bundles.seconds[at] for at in group) <= limit_s:
            members.append([at for bundle in group for at in bundles.members[bundle]])
        else:
            members.extend(list(bundles.members[bundle]) for bundle in group)
    return Bundles(bundles.job, members)


class _Groups:
    """Disjoint sets: R. E. Tarjan, "Efficiency of a good but not linear set union algorithm",
    JACM 22 (1975)."""

    def __init__(self, count: int) -> None:
        self._parent = list(range(count))

    def join(self, one: int, other: int) -> None:
        self._parent[max(self._root(one), self._root(other))] = min(
            self._root(one), self._root(other)
        )

    def all(self) -> list[list[int]]:
        groups: dict[int, list[int]] = {}
        for at in range(len(self._parent)):
            groups.setdefault(self._root(at), []).append(at)
        return list(groups.values())

    def _root(self, at: int) -> int:
        while self._parent[at] != at:
            self._parent[at] = self._parent[self._parent[at]]
            at = self._parent[at]
        return at


def _waits_between(job: Job, shards: tuple[tuple[int, ...], ...]) -> int:
    if not any(unit.depends_on for unit in job.units):
        return 0
    home = {job.units[at].id: number for number, shard in enumerate(shards) for at in shard}
    return sum(
        home.get(name, home[unit.id]) != home[unit.id]
        for unit in job.units
        for name in unit.depends_on
    )


HYBRID = Hybrid()
