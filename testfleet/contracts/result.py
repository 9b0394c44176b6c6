"""What a worker reports."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import Field

from testfleet.contracts.base import SCHEMA_VERSION, Contract
from testfleet.contracts.coverage import UnitTrace
from testfleet.contracts.leak import Leak


class Outcome(StrEnum):
    """How a test ended. As in JUnit, `xfail` is skipped and a non-strict `xpass` passed."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    SKIPPED = "skipped"
    FLAKY = "flaky"
    LOST = "lost"


class TestResult(Contract):
    """One test, once. `id` is the framework's own."""

    __test__ = False

    id: str
    file: str
    """Unit that the test belongs to: path relative to the root of the tree."""
    outcome: Outcome
    duration_s: float = Field(ge=0)
    message: str = ""
    """One line."""
    longrepr: str = ""
    attempts: int = 1


class UnitStatus(StrEnum):
    """How far a unit got in one shard."""

    FINISHED = "finished"
    """Every test of it that was collected has an outcome. There may be none."""
    UNFINISHED = "unfinished"
    """It never began, or its worker stopped in the middle."""
    STOPPED = "stopped"
    """Left out on purpose: fail-fast, a cancelled run, or what it needs did not pass."""


class UnitResult(Contract):
    """One unit in one shard."""

    id: str
    status: UnitStatus
    tests: int = 0
    duration_s: float = 0.0
    """Seconds that its worker spent on it: import, fixtures, tests, the framework's own work."""
    memory_mb: int | None = None
    """Most that its tests' processes were seen to use. None for units that end too soon to look."""


class WorkerErrorType(StrEnum):
    """Why a worker could not do what was planned."""

    ENVIRONMENT = "environment"
    """Source, interpreter or framework could not be made ready: the user must act."""
    SERVICE = "service"
    """A service of testfleet.toml did not start or was not ready in time."""
    WORKER_LOST = "worker-lost"
    TIMED_OUT = "timed-out"
    THROTTLED = "throttled"
    OUT_OF_MEMORY = "out-of-memory"
    DISK_FULL = "disk-full"
    CANCELLED = "cancelled"
    CONFIGURATION = "configuration"
    """testfleet.toml or the request is wrong: the user must act."""
    NOTHING_TO_RUN = "nothing-to-run"
    INTERNAL = "internal"


class WorkerError(Contract):
    """A failure of the fleet or the environment, not of a test."""

    type: WorkerErrorType
    message: str
    """What failed, what was received, and what to do next."""


class Host(Contract):
    """Where a shard really ran."""

    kind: Literal["lambda", "fargate", "local"]
    name: str
    cpu_count: int
    memory_mb: int
    architecture: str = ""
    """`x86_64`, `arm64`, or what else the machine calls itself. Empty, as None below: not told."""
    disk_mb: int | None = None
    """Of the volume that working copies lie on, free or not."""
    browsers: tuple[str, ...] | None = None
    """`chromium`, `firefox`, `webkit`: those that were found. Which version is not asked."""
    docker: bool | None = None
    """A Docker daemon takes connections."""
    has_route: bool | None = None
    """There is a way out of the machine. How far it leads is not tried."""


class ShardResult(Contract):
    """Everything that one worker found out, written once to its result address."""

    schema_version: Literal["1"] = SCHEMA_VERSION
    run_id: str
    shard_id: str
    host: Host
    started_at: datetime
    finished_at: datetime
    attempts: int
    """Test processes started: 1, and more for each that died."""
    warm: bool | None = None
    """The worker had a working copy of the suite already."""
    units: tuple[UnitResult, ...]
    tests: tuple[TestResult, ...]
    errors: tuple[WorkerError, ...] = ()
    notes: tuple[str, ...] = ()
    """What a person should know: output cut, interpreter used."""
    leaks: tuple[Leak, ...] = ()
    """What the tests have left behind."""
    traces: tuple[UnitTrace, ...] = ()
    """Of units whose coverage was recorded, which is left out of partial results."""
    is_partial: bool = False
    """Written while the shard goes on, in case that its worker is lost: more may come."""

    @property
    def finished(self) -> frozenset[str]:
        """Units that need no other round."""
        return frozenset(unit.id for unit in self.units if unit.status is UnitStatus.FINISHED)

    @property
    def is_whole(self) -> bool:
        """Whether the worker got to the end of all that it found, or stopped on purpose."""
        if self.is_partial:
            return False
        if not self.units:
            return not self.errors
        return all(unit.status is not UnitStatus.UNFINISHED for unit in self.units)


class Progress(Contract):
    """How a running shard does, written over and over to its progress address."""

    run_id: str
    shard_id: str
    done: int
    counts: dict[Outcome, int]
    current: str = ""
    """Id of the test that runs now, cut to 200 characters."""
    failures: tuple[str, ...] = ()
    """Ids of the failed tests so far, at most 20, cut to 200 characters each."""
