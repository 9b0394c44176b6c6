"""Whether any profile can run the units of a table, before anything is planned."""

from __future__ import annotations

from collections.abc import Sequence

from testfleet.errors import UsageError
from testfleet.planning.placement.choice import eligible_profiles
from testfleet.planning.placement.place import Place
from testfleet.planning.simulation.durations import Durations
from testfleet.planning.work import WorkUnit


def check_feasible(table: Durations, place: Place) -> None:
    """Raises UsageError that names file, line and column of the first unit that no profile can
    run, or of the first of several `together` that no profile can run in one shard."""
    groups: dict[str, list[WorkUnit]] = {}
    able: dict[frozenset[str], int] = {}
    for unit in table.units:
        if unit.together is not None:
            groups.setdefault(unit.together, []).append(unit)
        elif unit.requires or unit.memory_mb:
            _check(table, [unit], place, able)
    for members in groups.values():
        _check(table, members, place, able)


def _check(
    table: Durations, units: Sequence[WorkUnit], place: Place, able: dict[frozenset[str], int]
) -> None:
    requires = frozenset().union(*(unit.requires for unit in units))
    largest = max(units, key=lambda unit: unit.memory_mb)
    if requires not in able:
        able[requires] = _memory_mb(table, units[0], requires, place)
    if largest.memory_mb <= able[requires]:
        return
    nearest = max(place.profiles, key=lambda name: place.profiles[name].memory_mb)
    raise UsageError(
        f"{table.where(largest.id, 'memory_mb')}: {largest.memory_mb:.15g} MB, which no worker"
        f" profile with its `requires` has: nearest is `{nearest}`, which has"
        f" {place.profiles[nearest].memory_mb} MB",
        hint="write megabytes, at most those of a [profiles.NAME] of config/ENVIRONMENT.toml",
    )


def _memory_mb(table: Durations, unit: WorkUnit, requires: frozenset[str], place: Place) -> int:
    """The most of all profiles that have what is required."""
    try:
        names = eligible_profiles(requires, place)
    except UsageError as exc:
        raise UsageError(
            f"{table.where(unit.id, 'requires')}: {exc}",
            hint="ask for less in this column, or add it to a [profiles.NAME] of"
            " config/ENVIRONMENT.toml",
        ) from None
    everyone = place.profiles if not requires else {*names, *_others(requires, place)}
    return max(place.profiles[name].memory_mb for name in everyone)


def _others(requires: frozenset[str], place: Place) -> list[str]:
    """Profiles that the suite does not name, but that a unit may be moved to."""
    return [name for name in place.profiles if place.able_to(name, requires)]
