"""What past runs leave behind for planning."""

from __future__ import annotations

from testfleet.contracts.base import Contract


class UnitHistory(Contract):
    """What past runs tell of one unit."""

    duration_s: float
    """Exponentially weighted mean of its seconds."""
    tests: int
    runs: int
