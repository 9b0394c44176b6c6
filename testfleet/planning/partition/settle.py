"""Moves shards to profiles that have what their units require: for rounds after the first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from testfleet.contracts.plan import PlannedUnit, Shard
from testfleet.planning.placement.place import Place


def settled(shards: Sequence[Shard], place: Place) -> list[Shard]:
    """The shards, each on its own profile if that will do, else on one that has all it takes.

    A shard whose units no single profile can run is torn apart by what they require. Shards of
    single tests stay whole: what fails again for want of something stays failed, no more.
    """
    if not place.needs.files:
        return list(shards)
    return [part for shard in shards for part in _settle(shard, place)]


def _settle(shard: Shard, place: Place) -> Iterator[Shard]:
    profile = place.able(_ids(shard.units), shard.profile)
    if shard.tests or place.is_able(profile, _ids(shard.units)):
        yield _moved(shard, profile, place)
        return
    for at, part in enumerate(_by_needs(shard.units, place)):
        rest = shard.takes_rest and at == 0
        piece = shard.model_copy(update={"units": part, "takes_rest": rest})
        yield _moved(piece, place.able(_ids(part), shard.profile), place)


def _moved(shard: Shard, profile: str, place: Place) -> Shard:
    compute = place.profiles[profile].compute
    return shard.model_copy(update={"profile": profile, "compute": compute})


def _by_needs(units: Sequence[PlannedUnit], place: Place) -> list[tuple[PlannedUnit, ...]]:
    found: dict[frozenset[str], list[PlannedUnit]] = {}
    for unit in units:
        found.setdefault(place.needs.of(unit.id), []).append(unit)
    return [tuple(part) for part in found.values()]


def _ids(units: Sequence[PlannedUnit]) -> list[str]:
    return [unit.id for unit in units]
