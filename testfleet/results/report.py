"""Puts a run's judgement, its shards and its times into the one report."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from testfleet.contracts.leak import Leak
from testfleet.contracts.plan import Plan, Shard
from testfleet.contracts.report import (
    Cost,
    RunReport,
    RunStatus,
    ShardReport,
    ShardStatus,
    Totals,
)
from testfleet.contracts.result import ShardResult, UnitStatus, WorkerError
from testfleet.contracts.run import RunRequest
from testfleet.results.aggregate import Aggregate
from testfleet.results.claims import accept

_LEAKS: Final = 200
"""Findings that a report holds."""


@dataclass(frozen=True)
class ReportInput:
    """Everything that goes into a report."""

    request: RunRequest
    suite: str
    aggregate: Aggregate
    plans: tuple[Plan, ...]
    results: tuple[ShardResult, ...]
    started_at: datetime
    finished_at: datetime
    cost: Cost
    workers: int
    reruns: tuple[Shard, ...] = ()
    """Shards that ran failed tests again."""
    rerun_results: tuple[ShardResult, ...] = ()


def build_report(source: ReportInput) -> RunReport:
    """The report of a run that was planned."""
    judged = source.aggregate
    serial_s = sum(test.duration_s for test in judged.tests)
    lengths = [unit.duration_s for unit in judged.units]
    accepted, _ = accept(source.request.run_id, source.plans, source.results)
    results = {each.shard.id: each.result for each in accepted}
    return RunReport(
        run_id=source.request.run_id,
        repository=source.request.repository,
        suite=source.suite,
        mode=source.request.mode.value,
        status=judged.status,
        commit=source.request.commit,
        started_at=source.started_at,
        finished_at=source.finished_at,
        wall_s=_seconds(source.started_at, source.finished_at),
        serial_s=serial_s,
        lower_bound_s=max([0.0, sum(lengths) / max(source.workers, 1), *lengths]),
        workers=source.workers,
        shards=tuple(_shards(source.plans, results)),
        reruns=tuple(_reruns(source)),
        totals=judged.totals,
        tests=judged.tests,
        errors=judged.errors,
        notes=judged.notes,
        leaks=_leaks([*results.values(), *_own_reruns(source)]),
        cost=source.cost,
    )


def rejected_report(
    request: RunRequest, suite: str, error: WorkerError, finished_at: datetime
) -> RunReport:
    """The report of a run that was not admitted, or for which nothing could be planned."""
    return RunReport(
        run_id=request.run_id,
        repository=request.repository,
        suite=suite,
        mode=request.mode.value,
        status=RunStatus.REJECTED,
        commit=request.commit,
        started_at=request.requested_at,
        finished_at=finished_at,
        wall_s=_seconds(request.requested_at, finished_at),
        serial_s=0.0,
        lower_bound_s=0.0,
        workers=0,
        shards=(),
        totals=Totals(),
        tests=(),
        errors=(error,),
        cost=Cost(usd=0.0, by_service={}),
    )


def _seconds(start: datetime, end: datetime) -> float:
    return max((end - start).total_seconds(), 0.0)


def _shards(plans: tuple[Plan, ...], results: Mapping[str, ShardResult]) -> Iterator[ShardReport]:
    for plan in plans:
        for shard in plan.shards:
            yield _shard(shard, results.get(shard.id))


def _leaks(results: Iterable[ShardResult]) -> tuple[Leak, ...]:
    """Each finding once, though several workers may have met it; the first ones of many."""
    found = dict.fromkeys(leak for result in results for leak in result.leaks)
    return tuple(itertools.islice(found, _LEAKS))


def _own_reruns(source: ReportInput) -> list[ShardResult]:
    return [each for each in source.rerun_results if each.run_id == source.request.run_id]


def _reruns(source: ReportInput) -> Iterator[ShardReport]:
    results = {each.shard_id: each for each in _own_reruns(source)}
    for shard in source.reruns:
        yield _shard(shard, results.get(shard.id))


def _shard(shard: Shard, result: ShardResult | None) -> ShardReport:
    planned = [unit.id for unit in shard.units]
    if result is None:
        return ShardReport(
            id=shard.id,
            host="",
            profile=shard.profile,
            units=tuple(planned),
            status=ShardStatus.LOST,
            started_at=None,
            finished_at=None,
            attempts=0,
        )
    found = sorted({unit.id for unit in result.units} - set(planned)) if shard.takes_rest else []
    return ShardReport(
        id=shard.id,
        host=f"{result.host.kind} {result.host.name}",
        profile=shard.profile,
        units=(*planned, *found),
        status=_status(planned, result),
        started_at=result.started_at,
        finished_at=result.finished_at,
        attempts=result.attempts,
    )


def _status(planned: list[str], result: ShardResult) -> ShardStatus:
    done = {unit.id for unit in result.units if unit.status is not UnitStatus.UNFINISHED}
    whole = result.is_whole and done.issuperset(planned)
    return ShardStatus.FINISHED if whole else ShardStatus.PARTIAL
