"""The graph of what needs what: checked, cut into topological groups, put into an order.

A rule of many units and many providers is one node of the graph between them, so that its size is
their sum and not their product. All results depend on the order of the units given, never on that
of a set.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from heapq import heapify, heappop, heappush
from typing import Final, NamedTuple

from testfleet.contracts.dependencies import Dependency
from testfleet.errors import UsageError

_CYCLE_SHOWN: Final = 20


class Rule(NamedTuple):
    """A `Dependency` between groups of units: made by the thousand, so not validated."""

    units: tuple[str, ...]
    providers: tuple[str, ...]


class DependencyGraph:
    """Units and the rules between them. Raises UsageError for a unit that is not there."""

    def __init__(
        self, units: Sequence[str], dependencies: Sequence[Dependency | Rule] = ()
    ) -> None:
        self.units = tuple(dict.fromkeys(units))
        self._number = {unit: at for at, unit in enumerate(self.units)}
        self.rules = [rule for rule in dependencies if rule.units and rule.providers]
        self._after: list[list[int]] = [[] for _ in range(len(self.units) + len(self.rules))]
        self._before: list[list[int]] = [[] for _ in self._after]
        for node, rule in enumerate(self.rules, start=len(self.units)):
            self._before[node] = [self._find(unit) for unit in dict.fromkeys(rule.providers)]
            self._after[node] = [self._find(unit) for unit in dict.fromkeys(rule.units)]
            for provider in self._before[node]:
                self._after[provider].append(node)
            for unit in self._after[node]:
                self._before[unit].append(node)

    @classmethod
    def of(cls, depends_on: Mapping[str, Sequence[str]]) -> DependencyGraph:
        """The graph of single edges: for each unit those that it needs. Raises UsageError."""
        edges = depends_on.items()
        rules = [Rule((unit,), tuple(needed)) for unit, needed in edges]
        return cls(tuple(depends_on), rules)

    def rules_of(self, provider: str) -> list[int]:
        """The rules, as positions in `rules`, that the unit is a provider in."""
        return [node - len(self.units) for node in self._after[self._number[provider]]]

    def chain_before(self, unit: str) -> str | None:
        """The one unit that it needs, where that is needed by nothing else."""
        needed = self._only(self._number[unit], self._before)
        if needed is None or self._only(needed, self._after) is None:
            return None
        return self.units[needed]

    def groups(self) -> list[list[str]]:
        """Topological groups: each unit comes one group after the last that it needs.

        A. B. Kahn, "Topological sorting of large networks", CACM 5(11), 1962. Raises UsageError
        that names a cycle.
        """
        missing = [len(nodes) for nodes in self._before]
        ready = [node for node in range(len(missing)) if not missing[node]]
        found: list[list[str]] = []
        while ready:
            found.append(self._names(sorted(ready)))
            rules = [rule for node in ready for rule in _released(self._after[node], missing)]
            ready = [node for rule in rules for node in _released(self._after[rule], missing)]
        self._check_sorted(sum(map(len, found)))
        return found

    def order(self, priority: Callable[[str], float]) -> Iterator[str]:
        """Each unit after all that it needs, of the ready ones always that of the lowest number,
        between equals the first given. Raises UsageError that names a cycle.

        List scheduling: R. L. Graham, "Bounds on Multiprocessing Timing Anomalies", 1969.
        """
        missing = [len(nodes) for nodes in self._before]
        rank = [priority(unit) for unit in self.units]
        ready = [(rank[node], node) for node in range(len(rank)) if not missing[node]]
        heapify(ready)
        count = 0
        while ready:
            _, node = heappop(ready)
            count += 1
            yield self.units[node]
            for rule in _released(self._after[node], missing):
                for unit in _released(self._after[rule], missing):
                    heappush(ready, (rank[unit], unit))
        self._check_sorted(count)

    def execution_order(self, durations: Mapping[str, float]) -> Iterator[str]:
        """Each unit after all that it needs; of the ready ones that first which begins the longest
        path of seconds. Raises UsageError that names a cycle.

        The critical path first: T. C. Hu, "Parallel Sequencing and Assembly Line Problems",
        Operations Research 9(6), 1961.
        """
        path_s = self.longest_paths(durations)
        return self.order(lambda unit: -path_s[unit])

    def longest_paths(self, durations: Mapping[str, float]) -> dict[str, float]:
        """For each unit the seconds of the longest path that begins with it."""
        path_s: dict[int, float] = {}
        for unit in reversed(list(self.order(lambda _: 0.0))):
            node = self._number[unit]
            for rule in self._after[node]:
                if rule not in path_s:  # all its units come later in the order, so are known
                    path_s[rule] = max(path_s[after] for after in self._after[rule])
            rest_s = max((path_s[rule] for rule in self._after[node]), default=0.0)
            path_s[node] = durations[unit] + rest_s
        return {unit: path_s[node] for unit, node in self._number.items()}

    def cycle(self) -> list[str]:
        """The units of a cycle, each followed by one that it needs, the first again at the end;
        empty when there is none."""
        stuck = self._stuck()
        if not stuck:
            return []
        walk: dict[int, None] = {}
        node = min(stuck)
        while node not in walk:
            walk[node] = None
            node = min(before for before in self._before[node] if before in stuck)
        nodes = list(walk)
        return _from_first(self._names(nodes[nodes.index(node) :]))

    def tangles(self) -> list[list[str]]:
        """The units of cycles, and those between cycles, each connected set of them for itself."""
        stuck = self._stuck()
        found: list[list[str]] = []
        while stuck:
            reached, open_nodes = set[int](), [min(stuck)]
            while open_nodes:
                node = open_nodes.pop()
                if node in stuck and node not in reached:
                    reached.add(node)
                    open_nodes += self._before[node] + self._after[node]
            stuck -= reached
            found.append(self._names(sorted(reached)))
        return found

    def _stuck(self) -> set[int]:
        """Nodes that lie on a cycle or between two: what is left when all else is peeled off."""
        stuck = set(range(len(self._after)))
        for incoming, outgoing in ((self._before, self._after), (self._after, self._before)):
            missing = [sum(each in stuck for each in nodes) for nodes in incoming]
            free = [node for node in sorted(stuck) if not missing[node]]
            while free:
                node = free.pop()
                stuck.discard(node)
                free += _released([n for n in outgoing[node] if n in stuck], missing)
        return stuck

    def _only(self, node: int, edges: list[list[int]]) -> int | None:
        """The only unit in that direction."""
        if any(len(edges[rule]) > 1 for rule in edges[node]):
            return None
        found = {edges[rule][0] for rule in edges[node]}
        return found.pop() if len(found) == 1 else None

    def _find(self, unit: str) -> int:
        number = self._number.get(unit)
        if number is None:
            near = get_close_matches(unit, self.units, n=1)
            hint = f"did you mean `{near[0]}`?" if near else "name a unit of the suite"
            raise UsageError(f"a dependency names {unit!r}, which is no unit", hint=hint)
        return number

    def _names(self, nodes: Sequence[int] | Mapping[int, None]) -> list[str]:
        return [self.units[node] for node in nodes if node < len(self.units)]

    def _check_sorted(self, count: int) -> None:
        if count < len(self.units):
            raise UsageError(
                f"dependencies go round in a circle: {show_cycle(self.cycle())}",
                hint="`a -> b` reads `a needs b`: take one of these dependencies away",
            )


def show_cycle(cycle: Sequence[str]) -> str:
    """`a -> b -> a`; the middle of a very long one is left out."""
    if len(cycle) <= _CYCLE_SHOWN:
        return " -> ".join(cycle)
    half = _CYCLE_SHOWN // 2
    left_out = f"({len(cycle) - 2 * half} more)"
    return " -> ".join([*cycle[:half], left_out, *cycle[-half:]])


def _released(nodes: Sequence[int], missing: list[int]) -> list[int]:
    """Those that waited for nothing else. Counts down what each of them waits for."""
    free = []
    for node in nodes:
        missing[node] -= 1
        if not missing[node]:
            free.append(node)
    return free


def _from_first(cycle: list[str]) -> list[str]:
    at = cycle.index(min(cycle))
    return [*cycle[at:], *cycle[:at], cycle[at]]
