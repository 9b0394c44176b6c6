"""Which units a change can reach, and why."""

from __future__ import annotations

from enum import StrEnum

from testfleet.contracts.base import Contract


class Cause(StrEnum):
    """Why a unit is selected, or that it is not."""

    CHANGED = "changed"
    """Its own file."""
    REACHED = "reached"
    """A chain of dependencies leads from it to a changed file."""
    CONFIGURATION = "configuration"
    DATA = "data"
    """A changed file that any test may read."""
    UNKNOWN = "unknown"
    """It depends on something that reading cannot tell, and that may be the change."""
    UNTOUCHED = "untouched"


class UnitImpact(Contract):
    """The decision about one unit."""

    unit: str
    selected: bool
    cause: Cause
    reason: str
    """One sentence."""
    chain: tuple[str, ...] = ()
    """The shortest way from the changed file, or from the file that is unknown, to the unit's."""
