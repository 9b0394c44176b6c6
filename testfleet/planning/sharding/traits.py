"""What a suite's settings tell strategies about its units."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from testfleet.contracts.project import TraitsConfig
from testfleet.planning.discovery.globs import PathPatterns
from testfleet.planning.placement.needs import Needs
from testfleet.planning.work import Traits


def traits_of(
    units: Iterable[str], entries: Sequence[TraitsConfig], needs: Needs
) -> dict[str, Traits]:
    """The traits of the units that have any. Of entries that name the same unit, each key counts
    as the last one has it."""
    table = [(PathPatterns(entry.units), entry) for entry in entries]
    found = {}
    for unit in units:
        named = [entry for globs, entry in table if globs.match(unit)]
        requires = needs.of(unit)
        if named or requires:
            found[unit] = _merged(named, requires)
    return found


def _merged(entries: Iterable[TraitsConfig], requires: frozenset[str]) -> Traits:
    known: dict[str, Any] = {}
    for entry in entries:
        known |= entry.model_dump(exclude={"units"}, exclude_none=True)
    return Traits(requires, **known)
