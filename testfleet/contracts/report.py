"""What a run reports: the file behind `--report`, published as JSON Schema in docs/reference."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Literal

from testfleet.contracts.base import SCHEMA_VERSION, Contract
from testfleet.contracts.failure import Failure, FailureCluster
from testfleet.contracts.leak import Leak
from testfleet.contracts.result import Outcome, WorkerError


class RunStatus(StrEnum):
    """How a run ended."""

    PASSED = "passed"
    PASSED_WITH_QUARANTINED = "passed-with-quarantined"
    """Tests failed, each of them in quarantine: they are reported and do not block."""
    FAILED = "failed"
    INCOMPLETE = "incomplete"
    """Something was lost, cancelled or never ran."""
    REJECTED = "rejected"
    """Not admitted, or nothing could be planned."""


class ShardStatus(StrEnum):
    """How a shard ended."""

    FINISHED = "finished"
    PARTIAL = "partial"
    LOST = "lost"


class ShardReport(Contract):
    """One shard as it really ran."""

    id: str
    host: str
    profile: str
    units: tuple[str, ...]
    status: ShardStatus
    started_at: datetime | None
    finished_at: datetime | None
    attempts: int


class Totals(Contract):
    """Tests by outcome."""

    passed: int = 0
    failed: int = 0
    error: int = 0
    skipped: int = 0
    flaky: int = 0
    lost: int = 0


class TestReport(Contract):
    """One test as it is finally judged."""

    __test__ = False

    id: str
    file: str
    outcome: Outcome
    duration_s: float
    shard: str
    attempts: int
    message: str
    longrepr: str


class Cost(Contract):
    """What the run costs at AWS list prices, by its own metering, wherever it ran."""

    usd: float
    by_service: dict[str, float]


class RunReport(Contract):
    """The whole truth about one run."""

    schema_version: Literal["1"] = SCHEMA_VERSION
    run_id: str
    repository: str
    suite: str
    mode: str
    status: RunStatus
    commit: str | None
    started_at: datetime
    finished_at: datetime
    wall_s: float
    serial_s: float
    """Sum of the tests' own seconds."""
    lower_bound_s: float
    """max(longest unit, all units / workers), each with the import of its file and the framework's
    own work for its tests: no way to hand out these units is faster."""
    workers: int
    shards: tuple[ShardReport, ...]
    reruns: tuple[ShardReport, ...] = ()
    """Shards that ran failed tests again: alone, as at home, or after the tests before them."""
    totals: Totals
    tests: tuple[TestReport, ...]
    errors: tuple[WorkerError, ...] = ()
    notes: tuple[str, ...] = ()
    leaks: tuple[Leak, ...] = ()
    """What test files have left behind, and the clean-up has ended or removed."""
    cost: Cost
    failures: tuple[Failure, ...] = ()
    """Each test that failed at least once, flaky ones included, as triage sees it."""
    clusters: tuple[FailureCluster, ...] = ()
    """These failures by cause, the most urgent first."""
