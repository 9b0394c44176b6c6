"""Which units that need each other run in one shard, in order, instead of waiting at a barrier.

Units on different shards can only wait for each other between rounds, and a round costs a round
trip. So units that need each other share a shard where that costs less than the barriers that it
saves, after the idea of edge zeroing: V. Sarkar, "Partitioning and Scheduling Parallel Programs for
Multiprocessors", MIT Press, 1989. Chains come first: they gain nothing from a second worker.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from testfleet.contracts.dependencies import Dependency
from testfleet.planning.dependencies.graph import DependencyGraph, Rule

Cluster = tuple[str, ...]


@dataclass(frozen=True)
class Worth:
    """What decides whether units that need each other share a shard."""

    seconds: Mapping[str, float]
    share_s: float
    """Seconds that each worker has to run anyway: a cluster that is no longer costs nothing."""
    barrier_s: float
    """What a barrier costs."""
    most_s: float
    """What a shard may hold."""

    def is_paid_by(self, barriers: int, total_s: float, path_s: float) -> bool:
        """Whether running the whole of it in one shard costs no more than the barriers do."""
        return (
            total_s <= self.most_s
            and total_s - max(self.share_s, path_s) <= self.barrier_s * barriers
        )


def stages_of(
    units: Sequence[str],
    dependencies: Sequence[Dependency],
    together: Sequence[Sequence[str]],
    worth: Worth,
) -> list[list[Cluster]]:
    """Stage by stage, what has to share a shard; units in the order given. Every unit is in one
    cluster, and what it needs is in the same or in an earlier stage. No cycles are allowed."""
    groups = Groups(units)
    for group in together:
        groups.join(group)
    if together:
        # Groups may need each other in turn, though their units do not: then they are one.
        for tangle in groups.graph(dependencies).tangles():
            groups.join(tangle)
    _join_chains(groups, dependencies, worth)
    _join_small(groups, dependencies, worth)
    members = groups.members()
    return [[members[name] for name in stage] for stage in groups.graph(dependencies).groups()]


class Groups:
    """Disjoint sets of units, each called by its first. R. E. Tarjan, "Efficiency of a Good But Not
    Linear Set Union Algorithm", JACM 22(2), 1975, with path halving."""

    def __init__(self, units: Sequence[str]) -> None:
        self._rank = {unit: at for at, unit in enumerate(dict.fromkeys(units))}
        self._leader = {unit: unit for unit in self._rank}

    def name(self, unit: str) -> str:
        """The first unit of the group that the unit is in."""
        leader = self._leader
        while leader[unit] != unit:
            leader[unit] = leader[leader[unit]]
            unit = leader[unit]
        return unit

    def join(self, units: Iterable[str]) -> None:
        """Make one group of all groups that the units are in."""
        names = sorted({self.name(unit) for unit in units}, key=self._rank.__getitem__)
        for name in names[1:]:
            self._leader[name] = names[0]

    def members(self) -> dict[str, Cluster]:
        """All groups by name, their units in the order given."""
        found: dict[str, list[str]] = {}
        for unit in self._leader:
            found.setdefault(self.name(unit), []).append(unit)
        return {name: tuple(units) for name, units in found.items()}

    def rules(self, dependencies: Iterable[Dependency]) -> Iterator[Rule]:
        """The rules between groups. What a group needs of itself is no rule."""
        for rule in dependencies:
            units = dict.fromkeys(map(self.name, rule.units))
            providers = dict.fromkeys(map(self.name, rule.providers))
            both = [name for name in units if name in providers]
            yield Rule(tuple(name for name in units if name not in providers), tuple(providers))
            for name in both:
                yield Rule((name,), tuple(other for other in providers if other != name))

    def graph(self, dependencies: Iterable[Dependency]) -> DependencyGraph:
        """The graph of the groups."""
        names = [unit for unit in self._leader if self.name(unit) == unit]
        return DependencyGraph(names, list(self.rules(dependencies)))

    def seconds(self, worth: Worth) -> dict[str, float]:
        """Seconds of each group."""
        total: dict[str, float] = {}
        for unit in self._leader:
            name = self.name(unit)
            total[name] = total.get(name, 0.0) + worth.seconds[unit]
        return total


def _join_chains(groups: Groups, dependencies: Sequence[Dependency], worth: Worth) -> None:
    """Join what needs one other thing only, which nothing else needs, as far as a shard holds."""
    graph, total_s = groups.graph(dependencies), groups.seconds(worth)
    for name in list(graph.order(lambda _: 0.0)):
        needed = graph.chain_before(name)
        if needed is not None:
            both_s = total_s[groups.name(needed)] + total_s[name]
            if both_s <= worth.most_s:
                groups.join([needed, name])
                total_s[groups.name(name)] = both_s


@dataclass
class _Part:
    """A connected part of what lies at a level and deeper."""

    level: int
    total_s: float = 0.0
    path_s: float = 0.0
    deepest: int = 0
    heads: list[str] = field(default_factory=list)
    """Its units of that level itself."""
    inner: list[_Part] = field(default_factory=list)
    """What is left of it without them."""

    def clusters(self, worth: Worth) -> Iterator[list[str]]:
        """The largest parts that are worth a shard of their own."""
        open_parts = [self]
        while open_parts:
            part = open_parts.pop()
            if worth.is_paid_by(part.deepest - part.level, part.total_s, part.path_s):
                yield list(part.units())
            else:
                open_parts += part.inner

    def units(self) -> Iterator[str]:
        open_parts = [self]
        while open_parts:
            part = open_parts.pop()
            yield from part.heads
            open_parts += part.inner


def _join_small(groups: Groups, dependencies: Sequence[Dependency], worth: Worth) -> None:
    graph, total_s = groups.graph(dependencies), groups.seconds(worth)
    for part in _parts(graph, total_s):
        for cluster in part.clusters(worth):
            groups.join(cluster)


def _parts(graph: DependencyGraph, total_s: Mapping[str, float]) -> Iterator[_Part]:
    """The connected parts of the graph, each with the parts that it falls into level by level.

    Built from the deepest level upwards: a level's units join the parts that need them.
    """
    path_s, levels = graph.longest_paths(total_s), graph.groups()
    joined, seen = Groups(graph.units), set[int]()
    parts: dict[str, _Part] = {}
    for level in range(len(levels) - 1, -1, -1):
        below: dict[str, list[_Part]] = {}
        for head in levels[level]:
            roots = sorted({joined.name(unit) for unit in _newly_below(graph, head, seen)})
            inner = _one([below.pop(root) for root in roots if root in below])
            inner += [parts.pop(root) for root in roots if root in parts]
            joined.join([head, *roots])
            below[joined.name(head)] = inner
        heads: dict[str, list[str]] = {}
        for head in levels[level]:
            heads.setdefault(joined.name(head), []).append(head)
        for root, names in heads.items():
            parts[root] = _part(level, names, below.get(root, []), (total_s, path_s))
    yield from parts.values()


def _one(lists: list[list[_Part]]) -> list[_Part]:
    """All in one list, the longest as it is: what many units need is not copied for each."""
    longest = max(lists, key=len, default=[])
    for each in lists:
        if each is not longest:
            longest += each
    return longest


def _newly_below(graph: DependencyGraph, head: str, seen: set[int]) -> Iterator[str]:
    """What needs the unit. Of a rule seen before, whose units are joined already, one only."""
    for rule in graph.rules_of(head):
        units = graph.rules[rule].units
        yield from units[:1] if rule in seen else units
        seen.add(rule)


def _part(
    level: int,
    heads: list[str],
    inner: list[_Part],
    seconds: tuple[Mapping[str, float], Mapping[str, float]],
) -> _Part:
    total_s, path_s = seconds
    return _Part(
        level=level,
        total_s=sum(total_s[head] for head in heads) + sum(part.total_s for part in inner),
        path_s=max([*(path_s[head] for head in heads), *(part.path_s for part in inner)]),
        deepest=max([level, *(part.deepest for part in inner)]),
        heads=heads,
        inner=inner,
    )
