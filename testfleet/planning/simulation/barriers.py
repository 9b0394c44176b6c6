"""Cuts an assignment at its barriers: a unit waits for those of other shards that it depends on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from testfleet.planning.strategies.order import ranks
from testfleet.planning.work import WorkUnit

Before = Mapping[int, Sequence[int]]
"""For each unit that depends on others: these. Indices of the job's units."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What a shard runs between two barriers."""

    shard: int
    """Number of the shard in the assignment."""
    units: tuple[int, ...]
    """Indices of the job's units, in the order in which they run."""


def before_of(units: Sequence[WorkUnit]) -> Before:
    """What each unit depends on. Ids that the job does not have are taken as passed already."""
    if not any(unit.depends_on for unit in units):
        return {}
    position = {unit.id: at for at, unit in enumerate(units)}
    return {
        at: [position[name] for name in unit.depends_on if name in position]
        for at, unit in enumerate(units)
        if unit.depends_on
    }


def stages_of(units: Sequence[WorkUnit], shards: Sequence[Sequence[int]]) -> list[list[Piece]]:
    """The assignment in stages; each begins when the one before it has ended.

    A unit is in the stage of what it depends on when both are in the same shard, else in the next.
    Without dependencies there is one stage, the assignment itself. However a strategy deals out
    units that depend on each other, no worker can wait for one that has not begun. Raises
    UsageError for a cycle.
    """
    before = before_of(units)
    rank = ranks(units)
    if not before or rank is None:
        return [[Piece(at, tuple(shard)) for at, shard in enumerate(shards) if shard]]
    shard_of = {at: number for number, shard in enumerate(shards) for at in shard}
    level = [0] * len(units)
    for at in sorted(before, key=rank.__getitem__):
        level[at] = max(
            (level[each] + (shard_of[each] != shard_of[at]) for each in before[at]), default=0
        )
    stages: list[list[Piece]] = [[] for _ in range(max(level, default=0) + 1)]
    for number, shard in enumerate(shards):
        pieces: defaultdict[int, list[int]] = defaultdict(list)
        for at in sorted(shard, key=rank.__getitem__):
            pieces[level[at]].append(at)
        for level_of_piece, piece in pieces.items():
            stages[level_of_piece].append(Piece(number, tuple(piece)))
    return stages


def bonds_of(units: Sequence[WorkUnit], before: Before) -> Before:
    """What each unit must not be torn from: what it depends on, and who has its word."""
    if not any(unit.together for unit in units):
        return before
    bonds = {at: list(others) for at, others in before.items()}
    first: dict[str, int] = {}
    for at, unit in enumerate(units):
        if unit.together and first.setdefault(unit.together, at) != at:
            bonds.setdefault(at, []).append(first[unit.together])
    return bonds


def chains_of(open_units: Collection[int], bonds: Before) -> list[list[int]]:
    """Units that are bound to each other as one chain each, in the order given."""
    leader = {at: at for at in open_units}

    def find(at: int) -> int:
        while leader[at] != at:
            leader[at] = leader[leader[at]]
            at = leader[at]
        return at

    for at in open_units:
        for each in bonds.get(at, ()):
            if each in leader:
                leader[find(at)] = find(each)
    chains: defaultdict[int, list[int]] = defaultdict(list)
    for at in open_units:
        chains[find(at)].append(at)
    return list(chains.values())
