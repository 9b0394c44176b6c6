"""The numbers and sections that a person is shown at the end of a run. No formatting here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from testfleet.contracts.report import RunReport, RunStatus, ShardStatus, TestReport, Totals
from testfleet.contracts.result import Outcome, WorkerError

_BAD = (Outcome.FAILED, Outcome.ERROR)


@dataclass(frozen=True)
class FileFailures:
    """The failed tests of one file."""

    file: str
    tests: tuple[TestReport, ...]


@dataclass(frozen=True)
class ShardSummary:
    """How the shards ended."""

    finished: int
    partial: int
    lost: int
    hosts: tuple[str, ...]
    """Each host once, sorted."""


@dataclass(frozen=True)
class Speed:
    """How fast the run was, and how fast it could have been."""

    wall_s: float
    serial_s: float
    lower_bound_s: float
    speed_up: float | None
    """Serial seconds by wall seconds; None when nothing ran."""
    times_the_bound: float | None
    """Wall seconds by the lower bound, 1.0 being perfect; None when nothing ran."""


@dataclass(frozen=True)
class Summary:
    """Everything that the CLI prints about a finished run."""

    run_id: str
    status: RunStatus
    totals: Totals
    count: int
    """All tests."""
    speed: Speed
    shards: ShardSummary
    failures: tuple[FileFailures, ...]
    """By file, most failures first."""
    flaky: tuple[TestReport, ...]
    lost: tuple[TestReport, ...]
    slowest: tuple[TestReport, ...]
    errors: tuple[WorkerError, ...]
    notes: tuple[str, ...]
    usd: float


def summarize(report: RunReport, *, slowest: int = 10) -> Summary:
    """Pick from a report what is worth a look. `slowest`: how many of the slowest tests."""
    timed = sorted(report.tests, key=lambda test: (-test.duration_s, test.id))
    return Summary(
        run_id=report.run_id,
        status=report.status,
        totals=report.totals,
        count=len(report.tests),
        speed=_speed(report),
        shards=_shards(report),
        failures=_by_file([test for test in report.tests if test.outcome in _BAD]),
        flaky=_with(report, Outcome.FLAKY),
        lost=_with(report, Outcome.LOST),
        slowest=tuple(test for test in timed[:slowest] if test.duration_s > 0),
        errors=report.errors,
        notes=report.notes,
        usd=report.cost.usd,
    )


def _speed(report: RunReport) -> Speed:
    wall, bound = report.wall_s, report.lower_bound_s
    return Speed(
        wall_s=wall,
        serial_s=report.serial_s,
        lower_bound_s=bound,
        speed_up=report.serial_s / wall if wall > 0 and report.serial_s > 0 else None,
        times_the_bound=wall / bound if bound > 0 else None,
    )


def _shards(report: RunReport) -> ShardSummary:
    statuses = [shard.status for shard in report.shards]
    return ShardSummary(
        finished=statuses.count(ShardStatus.FINISHED),
        partial=statuses.count(ShardStatus.PARTIAL),
        lost=statuses.count(ShardStatus.LOST),
        hosts=tuple(sorted({shard.host for shard in report.shards if shard.host})),
    )


def _by_file(tests: Sequence[TestReport]) -> tuple[FileFailures, ...]:
    files: dict[str, list[TestReport]] = {}
    for test in tests:
        files.setdefault(test.file, []).append(test)
    groups = [FileFailures(file, tuple(failed)) for file, failed in files.items()]
    return tuple(sorted(groups, key=lambda group: (-len(group.tests), group.file)))


def _with(report: RunReport, outcome: Outcome) -> tuple[TestReport, ...]:
    return tuple(test for test in report.tests if test.outcome is outcome)
