"""One order of all units that respects their dependencies."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heapify, heappop, heappush
from typing import Final

from testfleet.errors import UsageError
from testfleet.planning.work import WorkUnit

_SHOWN: Final = 8
"""Members of a cycle that a message names."""


class CycleError(UsageError):
    """Units wait for each other."""

    def __init__(self, names: Sequence[str]) -> None:
        shown = names if len(names) <= _SHOWN else [*names[: _SHOWN - 2], "...", names[-1]]
        super().__init__(
            f"units wait for each other: {' -> '.join(shown)}",
            hint="remove one of these from `depends_on`",
        )
        self.unit = names[0]
        """One of them."""


def ranks(units: Sequence[WorkUnit], wished: Sequence[int] | None = None) -> list[int] | None:
    """Position of each unit in an order that puts none before its dependencies.

    Among the units that may run, the first of the `wished` order comes first; None is the order
    of the job. All shards follow the one order, so no two shards can wait for each other. Ids that
    the job does not have are taken as passed. None: the order of the job as it is. Raises
    UsageError for a cycle.
    """
    if not any(unit.depends_on for unit in units):
        return None if wished is None else _positions(wished)
    return _positions(_topological(units, wished and _positions(wished)))


def _positions(order: Sequence[int]) -> list[int]:
    rank = [0] * len(order)
    for position, at in enumerate(order):
        rank[at] = position
    return rank


def _topological(units: Sequence[WorkUnit], wished: Sequence[int] | None) -> list[int]:
    """A. B. Kahn, "Topological sorting of large networks", CACM 5 (1962), with a heap."""
    number = wished or range(len(units))
    position = {unit.id: at for at, unit in enumerate(units)}
    followers: dict[int, list[int]] = {}
    waits = [0] * len(units)
    for at, unit in enumerate(units):
        for before in {position[name] for name in unit.depends_on if name in position}:
            followers.setdefault(before, []).append(at)
            waits[at] += 1
    ready = [(number[at], at) for at, count in enumerate(waits) if count == 0]
    heapify(ready)
    order: list[int] = []
    while ready:
        _, at = heappop(ready)
        order.append(at)
        for after in followers.get(at, ()):
            waits[after] -= 1
            if waits[after] == 0:
                heappush(ready, (number[after], after))
    if len(order) < len(units):
        raise CycleError(_cycle(units, position, waits))
    return order


def _cycle(units: Sequence[WorkUnit], position: dict[str, int], waits: Sequence[int]) -> list[str]:
    """One cycle among the units that still wait: each of them waits for another one of them."""
    at = next(at for at, count in enumerate(waits) if count)
    path: dict[int, None] = {}
    while at not in path:
        path[at] = None
        before = (position[name] for name in units[at].depends_on if name in position)
        at = next(other for other in before if waits[other])
    steps = list(path)
    return [units[each].id for each in [*steps[steps.index(at) :], at]]
