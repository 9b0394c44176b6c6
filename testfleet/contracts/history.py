"""What past runs leave behind for planning."""

from __future__ import annotations

from testfleet.contracts.base import Contract


class UnitHistory(Contract):
    """What past runs tell of one unit."""

    duration_s: float
    """Exponentially weighted mean of its seconds."""
    tests: int
    runs: int
    scopes: tuple[tuple[str, float], ...] = ()
    """Classes and functions at the top of a long file, in the order of its tests, with seconds."""
