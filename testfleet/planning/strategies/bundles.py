"""What every strategy keeps whole and in order: bundles, dependencies, and the checks of a job."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from heapq import heapify, heappop, heappush
from itertools import chain
from typing import Final

from testfleet.errors import UsageError
from testfleet.planning.work import Assignment, Job, WorkUnit

Bundle = Sequence[int]
"""Indices of units that share a shard, ascending."""
_SHOWN: Final = 8


def bundles_of(units: Sequence[WorkUnit]) -> list[Bundle]:
    """The units, those with the same word in `together` as one. In the order of first units."""
    bundles: list[Bundle] = []
    words: dict[str, list[int]] = {}
    for at, unit in enumerate(units):
        if unit.together is None:
            bundles.append((at,))
        elif unit.together in words:
            words[unit.together].append(at)
        else:
            bundles.append(words.setdefault(unit.together, [at]))
    return bundles


def seconds_of(units: Sequence[WorkUnit], bundles: Iterable[Bundle]) -> list[float]:
    """Predicted seconds of each bundle."""
    return [
        units[bundle[0]].duration_s
        if len(bundle) == 1
        else sum(units[at].duration_s for at in bundle)
        for bundle in bundles
    ]


def check_job(job: Job) -> None:
    """Raises UsageError for what no strategy can plan: it says which unit or number, and why."""
    if job.workers < 1:
        raise UsageError(f"a job needs at least one worker, received {job.workers}")
    if not job.weights or not all(0 < weight < math.inf for weight in job.weights):
        raise UsageError(
            f"weights must be positive, one for each shard, received {job.weights[:_SHOWN]}"
        )
    seen: set[str] = set()
    for unit in job.units:
        if not 0.0 < unit.duration_s < math.inf:
            raise UsageError(
                f"unit {unit.id!r} has duration_s = {unit.duration_s}: it must be finite and"
                " positive",
                hint="predict unknown durations first: testfleet.planning.prediction.predict",
            )
        seen.add(unit.id)
    if len(seen) < len(job.units):
        raise UsageError(f"unit {_twice(job.units)!r} is in the job twice: each id must be unique")


def arrange(
    job: Job,
    shards: Iterable[Iterable[Bundle]],
    key: Callable[[WorkUnit], float] | None = None,
) -> tuple[tuple[int, ...], ...]:
    """The units of each shard in the order in which they run: lowest key first, as far as
    dependencies allow, else as in the job. The order of the shards stays."""
    flat = [sorted(chain.from_iterable(bundles)) for bundles in shards]
    rank = ranks(job.units, key)
    if rank is not None:
        for shard in flat:
            shard.sort(key=rank.__getitem__)
    return tuple(map(tuple, flat))


def longest_first(job: Job, assignment: Assignment) -> Assignment:
    """The same shards, handed out longest first: with fewer workers than shards that is LPT."""
    units = job.units
    loads = [sum(units[at].duration_s for at in shard) for shard in assignment.shards]
    order = sorted(range(len(loads)), key=lambda at: -loads[at])
    return Assignment(tuple(assignment.shards[at] for at in order), assignment.reasons)


def ranks(
    units: Sequence[WorkUnit], key: Callable[[WorkUnit], float] | None = None
) -> list[int] | None:
    """Position of each unit in one order of all that puts none before its dependencies.

    Among units that may run, that with the lowest key comes first, then that which the job names
    first (topological sorting with a queue: A. B. Kahn, CACM 5(11), 1962, here with a heap). All
    shards follow the one order, so no two can wait for each other. None is the order of the job.
    Ids that the job does not have are taken as passed already. Raises UsageError for a cycle.
    """
    keys = None if key is None else [key(unit) for unit in units]
    if not any(unit.depends_on for unit in units):
        if keys is None:
            return None
        order = sorted(range(len(units)), key=keys.__getitem__)
    else:
        order = _topological(units, keys or [0.0] * len(units))
    rank = [0] * len(units)
    for position, at in enumerate(order):
        rank[at] = position
    return rank


def _topological(units: Sequence[WorkUnit], keys: Sequence[float]) -> list[int]:
    position = {unit.id: at for at, unit in enumerate(units)}
    followers: dict[int, list[int]] = {}
    waits = [0] * len(units)
    for at, unit in enumerate(units):
        for before in {position[name] for name in unit.depends_on if name in position}:
            followers.setdefault(before, []).append(at)
            waits[at] += 1
    ready = [(keys[at], at) for at, count in enumerate(waits) if count == 0]
    heapify(ready)
    order: list[int] = []
    while ready:
        _, at = heappop(ready)
        order.append(at)
        for after in followers.get(at, ()):
            waits[after] -= 1
            if waits[after] == 0:
                heappush(ready, (keys[after], after))
    if len(order) < len(units):
        raise UsageError(
            f"units wait for each other: {' -> '.join(_cycle(units, position, waits))}",
            hint="remove one of these from `depends_on`",
        )
    return order


def _cycle(units: Sequence[WorkUnit], position: dict[str, int], waits: Sequence[int]) -> list[str]:
    """One cycle among units that still wait: each of them waits for another one of them."""
    at = next(at for at, count in enumerate(waits) if count)
    path: list[int] = []
    while at not in path:
        path.append(at)
        before = (position[name] for name in units[at].depends_on if name in position)
        at = next(other for other in before if waits[other])
    names = [units[each].id for each in [*path[path.index(at) :], at]]
    return names if len(names) <= _SHOWN else [*names[: _SHOWN - 2], "...", names[-1]]


def _twice(units: Iterable[WorkUnit]) -> str:
    return next(name for name, count in Counter(unit.id for unit in units).items() if count > 1)
