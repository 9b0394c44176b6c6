"""What past runs leave behind for planning."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

from pydantic import Field

from testfleet.contracts.base import Contract

RECENT: Final = 16
"""Runs of a unit that are kept one by one: enough for a median that three odd runs in a row do not
move, for a change of level seen in five runs, and for deciles of its scatter; about 60 bytes."""


class Verdict(StrEnum):
    """How a unit or test ended, in the one letter that history keeps of each run."""

    PASSED = "p"
    """Skipped tests count as passed: they ran no risk."""
    FAILED = "f"
    """Failed, or an error in set-up or teardown."""
    FLAKY = "k"
    """Failed first and passed when it was run again."""
    UNKNOWN = "-"
    """Imported from where only seconds are kept."""


class TestHistory(Contract):
    """What past runs tell of one test that is slow, or has failed before."""

    __test__ = False

    duration_s: float
    """Recency-weighted mean of its seconds."""
    runs: int
    failed: int = 0
    flaky: int = 0
    recent: str = ""
    """Verdicts of its newest runs, oldest first, at most RECENT."""
    last_failed: datetime | None = None


class UnitHistory(Contract):
    """What past runs tell of one unit."""

    duration_s: float
    """Expected seconds of its next run, at `pace`. Worked out when a run ends, so that no plan
    waits for it."""
    tests: int
    runs: int
    """All runs ever counted, of which the newest are kept one by one."""
    scopes: tuple[tuple[str, float], ...] = ()
    """Classes and functions at the top of a long file, in the order of its tests, with seconds."""
    bound: tuple[str, ...] = ()
    """Scopes that a test failed for when a node group began with them, oldest first."""
    low_s: float | None = None
    high_s: float | None = None
    """Its next run takes this long with a chance of 80 %. None where no interval was kept."""
    pace: float = 1.0
    """How many times as long as in the suite's first run everything takes where it ran last."""
    memory_mb: int | None = None
    """Largest peak that a worker has reported of it."""
    recent_s: tuple[float, ...] = ()
    """Seconds of its newest runs as they were measured, oldest first, at most RECENT."""
    recent_paces: tuple[float, ...] = ()
    """The pace of each of these: what all units of one run on one kind of worker share."""
    recent_profiles: tuple[str, ...] = ()
    """Where each of these ran."""
    recent: str = ""
    """Verdicts of its newest runs, oldest first, at most RECENT."""
    failed: int = 0
    flaky: int = 0
    """Of all `runs`, those in which a test of it failed, or only failed first."""
    last_run: datetime | None = None
    last_failed: datetime | None = None

    @property
    def flakiness(self) -> float:
        """Share of its runs in which a test failed first and passed when it was run again."""
        return self.flaky / self.runs if self.runs else 0.0


class HistoryDetails(Contract):
    """What is kept of a suite beside its units, and read only where it is asked for."""

    tests: dict[str, TestHistory] = Field(default_factory=dict)
    """By test id: tests that are slow or have failed. All others are quick and never failed."""
    imported: tuple[str, ...] = ()
    """Digests of runs that were imported, oldest first, so that none is counted twice."""
