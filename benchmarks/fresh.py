"""A fleet of the benchmark's own, without any past, that is gone afterwards."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import TESTFLEET, Timed, run_timed
from benchmarks.suites import CACHE
from testfleet.errors import FleetError


@dataclass(frozen=True)
class OwnFleet:
    """A fleet whose state lies in a folder of its own."""

    home: Path

    @property
    def env(self) -> dict[str, str]:
        """Variables that make the command use this fleet."""
        return {"TESTFLEET_HOME": str(self.home)}

    def command(self, *arguments: str | Path, log: Path) -> Timed:
        """Run `testfleet` with these arguments as a user does, in the checkout."""
        return run_timed([TESTFLEET, *arguments], TESTFLEET.parents[2], log, self.env)

    def up(self) -> Timed:
        """`testfleet up`. Raises FleetError when it fails."""
        log = self.home.with_suffix(".up.txt")
        timed = self.command("up", log=log)
        if timed.code != 0:
            raise FleetError(f"`testfleet up` ended with {timed.code}", hint=f"see {log}")
        return timed

    def down(self) -> Timed:
        """`testfleet down`."""
        return self.command("down", log=self.home.with_suffix(".down.txt"))


@contextmanager
def own_fleet(name: str) -> Iterator[OwnFleet]:
    """A fleet that has never been up; it is stopped and its state removed at the end."""
    home = CACHE / "fleets" / f"{name}-{os.getpid()}"
    home.parent.mkdir(parents=True, exist_ok=True)
    fleet = OwnFleet(home)
    try:
        yield fleet
    finally:
        fleet.down()
        shutil.rmtree(home, ignore_errors=True)
