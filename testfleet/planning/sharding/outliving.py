"""Shards that would outlive their worker: on the fallback where that holds them, else told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from testfleet.planning.placement.abilities import abilities_of
from testfleet.planning.placement.place import Place
from testfleet.planning.placement.requirements import parse_all
from testfleet.planning.work import WorkUnit


def rehoused(
    shards: Sequence[Sequence[WorkUnit]], profiles: Sequence[str], place: Place
) -> tuple[list[str], list[str]]:
    """The profile of each shard, and a sentence for each profile that cannot hold some of them.

    A number of shards that was asked for can make them too long whatever the count says: a strategy
    may keep units together that no count tears apart.
    """
    chosen = list(profiles)
    moved: defaultdict[str, list[float]] = defaultdict(list)
    left: defaultdict[str, list[float]] = defaultdict(list)
    for at, (units, name) in enumerate(zip(shards, profiles, strict=True)):
        seconds = sum(unit.duration_s for unit in units)
        if seconds <= place.usable_s(name):
            continue
        is_held = seconds <= place.usable_s(place.fallback) and _can_run(units, place)
        chosen[at] = place.fallback if is_held else name
        (moved if is_held else left)[name].append(seconds)
    reasons = [
        f"{_too_long(name, found, place)}: on `{place.fallback}`" for name, found in moved.items()
    ]
    reasons += [
        f"{_too_long(name, found, place)}, and no fallback holds them: what the worker does not"
        " finish runs again"
        for name, found in left.items()
    ]
    return chosen, reasons


def _can_run(units: Sequence[WorkUnit], place: Place) -> bool:
    profile = place.profiles[place.fallback]
    asked = parse_all(frozenset().union(*(unit.requires for unit in units)))
    memory_mb = max(unit.memory_mb for unit in units)
    return memory_mb <= profile.memory_mb and not abilities_of(profile).lacking(asked)


def _too_long(name: str, found: Sequence[float], place: Place) -> str:
    return (
        f"{len(found)} shard{'s' * (len(found) > 1)} of up to {max(found):.0f} s, more than the"
        f" {place.usable_s(name):.0f} s that a worker of `{name}` may hold"
    )
