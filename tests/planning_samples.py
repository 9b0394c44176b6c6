"""Small builders for plans, results and trees."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from testfleet.config import Fleet, Profile
from testfleet.contracts.history import UnitHistory
from testfleet.contracts.plan import Compute, Plan, PlannedUnit, Shard, Unit
from testfleet.contracts.report import TestReport
from testfleet.contracts.result import (
    Host,
    Outcome,
    ShardResult,
    TestResult,
    UnitResult,
    UnitStatus,
    WorkerError,
    WorkerErrorType,
)
from testfleet.planning.discovery.framework import Discovery
from testfleet.planning.placement.place import Place
from testfleet.planning.source_tree import TreeFile

RUN = "20260102-030405-abcdef"
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class MemoryTree:
    """A tree in memory that counts which files were read."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = {path: text.encode() for path, text in files.items()}
        self.read_paths: list[str] = []

    def paths(self) -> Iterable[TreeFile]:
        return [TreeFile(path, len(body)) for path, body in sorted(self._files.items())]

    def read(self, path: str) -> bytes:
        self.read_paths.append(path)
        return self._files[path]


def make_archive(members: Mapping[str, bytes | tarfile.TarInfo]) -> bytes:
    """A tar.gz of files (bytes) and other members (TarInfo without content)."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, member in members.items():
            info = member if isinstance(member, tarfile.TarInfo) else tarfile.TarInfo(name)
            body = member if isinstance(member, bytes) else b""
            info.size = len(body)
            tar.addfile(info, io.BytesIO(body))
    return buffer.getvalue()


def make_place(
    workers: int = 2, *, startup_s: float = 0.6, fallback: bool = False, max_rounds: int = 3
) -> Place:
    fleet = Fleet(
        workers=workers,
        max_shards=64,
        default_profile="local",
        fallback_profile="large" if fallback else None,
        max_rounds=max_rounds,
    )
    local = Profile(
        compute=Compute.LAMBDA,
        memory_mb=1024,
        vcpu=1,
        disk_mb=512,
        time_limit_s=840,
        startup_s=startup_s,
    )
    large = local.model_copy(update={"compute": Compute.FARGATE, "time_limit_s": 7200})
    return Place(fleet, {"local": local, "large": large})


def make_units(count: int, tests: int = 5) -> tuple[Unit, ...]:
    return tuple(
        Unit(id=f"tests/test_{at:03}.py", size_bytes=1000, tests_estimate=tests)
        for at in range(count)
    )


def make_discovery(count: int, tests: int = 5) -> Discovery:
    return Discovery(make_units(count, tests), notes=("looked in tests",))


def make_history(seconds: Mapping[str, float]) -> dict[str, UnitHistory]:
    return {unit: UnitHistory(duration_s=s, tests=5, runs=1) for unit, s in seconds.items()}


def make_shard(shard_id: str, *units: str, takes_rest: bool = False) -> Shard:
    planned = tuple(PlannedUnit(id=unit, predicted_s=1.0, known=True) for unit in units)
    return Shard(
        id=shard_id, profile="local", compute=Compute.LAMBDA, units=planned, takes_rest=takes_rest
    )


def make_plan_of(*shards: Shard) -> Plan:
    return Plan(
        framework="pytest",
        suite="default",
        shards=shards,
        workers=2,
        predicted_s=1.0,
        lower_bound_s=1.0,
        reasons=(),
    )


def make_test(
    test_id: str, outcome: Outcome = Outcome.PASSED, *, duration_s: float = 0.5, attempts: int = 1
) -> TestResult:
    return TestResult(
        id=test_id,
        file=test_id.partition("::")[0],
        outcome=outcome,
        duration_s=duration_s,
        message="boom" if outcome in (Outcome.FAILED, Outcome.ERROR) else "",
        attempts=attempts,
    )


def make_result(
    shard_id: str,
    units: Mapping[str, UnitStatus],
    tests: Sequence[TestResult] = (),
    *,
    error: WorkerErrorType | None = None,
    run_id: str = RUN,
) -> ShardResult:
    errors = () if error is None else (WorkerError(type=error, message="it went wrong"),)
    seconds = {unit: sum(t.duration_s for t in tests if t.file == unit) for unit in units}
    return ShardResult(
        run_id=run_id,
        shard_id=shard_id,
        host=Host(kind="local", name="worker-1", cpu_count=2, memory_mb=4096),
        started_at=NOW,
        finished_at=NOW + timedelta(seconds=10),
        attempts=1,
        units=tuple(
            UnitResult(id=unit, status=status, tests=1, duration_s=seconds[unit])
            for unit, status in units.items()
        ),
        tests=tuple(tests),
        errors=errors,
    )


def make_report(
    test_id: str, outcome: Outcome = Outcome.FAILED, *, duration_s: float = 0.5
) -> TestReport:
    return TestReport(
        id=test_id,
        file=test_id.partition("::")[0],
        outcome=outcome,
        duration_s=duration_s,
        shard="r1-0000",
        attempts=1,
        message="boom",
        longrepr="Traceback",
    )
