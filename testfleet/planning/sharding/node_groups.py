"""Cuts a file that is longer than a worker's share into node groups, where that pays.

A file is cut between its classes and functions, never inside one, and into consecutive pieces: what
rests on the test before it mostly stays with it. What a piece is called is in
`testfleet.contracts.plan`: `group_id`, `Splits`.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from testfleet.contracts.plan import PlannedUnit, Splits, file_of, group_id
from testfleet.contracts.result import UnitResult, UnitStatus

WORTH_S: Final = 2.0
WORTH_SHARE: Final = 0.1
"""A cut must shorten the run by this many seconds, and by this share of it: each piece imports the
whole file again, and what is never cut never changes."""
QUICK_SHARE: Final = 0.01
"""Of the longest group: what moves from one group to the next makes none noticeably longer."""
MOST_FAULTS: Final = 3
"""After so many cuts that made a test fail, a file stays whole: its tests rest on one another."""
_STEPS: Final = 40
"""Halvings of the search interval: more than a float has digits for."""

Scopes = Sequence[tuple[str, float]]
"""Classes and functions at the top of a file, in the order of its tests, and their seconds."""


@dataclass(frozen=True)
class Inside:
    """What past runs tell of the inside of a file."""

    scopes: Scopes
    bound: Collection[str] = ()
    """Scopes that a test failed for when a group began with them: they need what stands before."""

    @property
    def may_be_cut(self) -> bool:
        """Whether another cut is worth a try."""
        return len(self.bound) < MOST_FAULTS


@dataclass(frozen=True)
class Cut:
    """The units of a plan after long files were cut."""

    units: list[PlannedUnit]
    splits: Splits
    reasons: tuple[str, ...] = ()


def cut_long_files(
    units: Sequence[PlannedUnit],
    insides: Mapping[str, Inside],
    workers: int,
    whole: Collection[str] = (),
) -> Cut:
    """Cut every file that alone would make the run longer than total / workers.

    `insides` by file, where a past run has told them; files in `whole` stay whole.
    """
    share_s = sum(unit.predicted_s for unit in units) / max(workers, 1)
    pieces: dict[str, list[list[str]]] = {}
    for unit in units:
        inside = insides.get(unit.id)
        if inside and inside.may_be_cut and unit.predicted_s > share_s and unit.id not in whole:
            wanted = min(math.ceil(unit.predicted_s / share_s), workers)
            parts = with_preparation(cut_in_order(inside.scopes, wanted, inside.bound), inside)
            if len(parts) > 1:
                pieces[unit.id] = parts
    after = [piece for unit in units for piece in _pieces(unit, pieces, insides)]
    saved_s = _bound_s(units, share_s) - _bound_s(after, share_s)
    if saved_s < max(WORTH_S, WORTH_SHARE * _bound_s(units, share_s)):
        return Cut(list(units), {})
    splits = {file: tuple(map(tuple, parts[1:])) for file, parts in pieces.items()}
    return Cut(after, splits, (_reason(splits, saved_s),))


def cut_in_order(scopes: Scopes, count: int, bound: Collection[str] = ()) -> list[list[str]]:
    """At most `count` runs of consecutive scopes, the longest as short as it can be.

    None but the first begins with a scope that is `bound` to what stands before it.

    The chains-on-chains partitioning problem, solved by bisection with a greedy probe: A. Pinar,
    C. Aykanat, "Fast optimal load balancing algorithms for 1D partitioning", JPDC 64 (2004).
    """
    chains = _chains(scopes, bound)
    if not chains:
        return []
    low = max(chain.seconds for chain in chains)
    high = sum(chain.seconds for chain in chains)
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if len(_fill(chains, middle)) <= count:
            high = middle
        else:
            low = middle
    return _fill(chains, high)


def with_preparation(parts: list[list[str]], inside: Inside) -> list[list[str]]:
    """The same parts, but quick scopes at the end of one begin the next.

    A step of preparation that is written as a test takes no time, and what follows rests on it.
    """
    seconds = dict(inside.scopes)
    allowed_s = QUICK_SHARE * max(
        (sum(map(seconds.__getitem__, part)) for part in parts), default=0
    )
    for part, following in pairwise(parts):
        moved_s = 0.0
        while len(part) > 1 and part[-1] not in inside.bound:
            moved_s += seconds[part[-1]]
            if moved_s > allowed_s:
                break
            following.insert(0, part.pop())
    return parts


def splits_of(units: Iterable[str], splits: Splits) -> Splits:
    """Those of a plan's splits that somebody needs who is to read these units."""
    if not splits:
        return {}
    files = set(map(file_of, units))
    return {file: groups for file, groups in splits.items() if file in files}


def whole_files(units: Iterable[UnitResult]) -> list[UnitResult]:
    """The results of node groups put together to those of their files."""
    by_file: defaultdict[str, list[UnitResult]] = defaultdict(list)
    for unit in units:
        by_file[file_of(unit.id)].append(unit)
    return [_joined(file, parts) for file, parts in by_file.items()]


@dataclass
class _Chain:
    """Scopes that stay together."""

    names: list[str]
    seconds: float


def _chains(scopes: Scopes, bound: Collection[str]) -> list[_Chain]:
    chains: list[_Chain] = []
    for name, seconds in scopes:
        if chains and name in bound:
            chains[-1].names.append(name)
            chains[-1].seconds += seconds
        else:
            chains.append(_Chain([name], seconds))
    return chains


def _fill(chains: Sequence[_Chain], limit_s: float) -> list[list[str]]:
    parts: list[list[str]] = []
    filled = math.inf
    for chain in chains:
        if filled + chain.seconds > limit_s:
            parts.append([])
            filled = 0.0
        parts[-1] += chain.names
        filled += chain.seconds
    return parts


def _pieces(
    unit: PlannedUnit, pieces: Mapping[str, list[list[str]]], insides: Mapping[str, Inside]
) -> list[PlannedUnit]:
    parts = pieces.get(unit.id)
    if parts is None:
        return [unit]
    seconds = dict(insides[unit.id].scopes)
    total_s = sum(seconds.values())
    shares = [sum(map(seconds.__getitem__, names)) / total_s for names in parts]
    return [
        unit.model_copy(
            update={
                "id": group_id(unit.id, number, len(parts)),
                "predicted_s": unit.predicted_s * share,
                "low_s": unit.low_s * share if unit.low_s is not None else None,
                "high_s": unit.high_s * share if unit.high_s is not None else None,
            }
        )
        for number, share in enumerate(shares, start=1)
    ]


def _bound_s(units: Iterable[PlannedUnit], share_s: float) -> float:
    return max([share_s, *(unit.predicted_s for unit in units)])


def _reason(splits: Splits, saved_s: float) -> str:
    names = ", ".join(f"{file} into {len(cut) + 1}" for file, cut in splits.items())
    return f"cut {names} node groups, about {saved_s:.1f} s sooner than whole"


def _joined(file: str, parts: Sequence[UnitResult]) -> UnitResult:
    if len(parts) == 1:
        return parts[0].model_copy(update={"id": file})
    order = (UnitStatus.UNFINISHED, UnitStatus.STOPPED, UnitStatus.FINISHED)
    return UnitResult(
        id=file,
        status=min((part.status for part in parts), key=order.index),
        tests=sum(part.tests for part in parts),
        duration_s=sum(part.duration_s for part in parts),
        memory_mb=max((p.memory_mb for p in parts if p.memory_mb is not None), default=None),
    )
