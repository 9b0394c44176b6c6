"""What a real run's report tells the simulator: how long its files took, and who ran them when."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import Final

from testfleet.contracts.plan import file_of
from testfleet.contracts.report import RunReport, ShardReport
from testfleet.errors import UsageError
from testfleet.planning.placement.place import Place
from testfleet.planning.prediction.predict import MIN_UNIT_S
from testfleet.planning.prediction.remember import LONGEST_S
from testfleet.planning.simulation.durations import Durations
from testfleet.planning.simulation.limits import Limits
from testfleet.planning.simulation.simulator import Scenario
from testfleet.planning.work import Assignment, Job, WorkUnit

_FIRST_ROUND: Final = re.compile(r"r1-\d+")


@dataclass(frozen=True)
class Replay:
    """The first round of a real run, to be simulated as it was."""

    scenario: Scenario
    real_s: float
    """From the start of its first worker to the end of its last."""


def durations_of(report: RunReport) -> Durations:
    """Each file with the seconds of its tests: what pytest did between them is not in a report."""
    seconds: defaultdict[str, float] = defaultdict(float)
    for test in report.tests:
        seconds[test.file] += test.duration_s
    if not seconds:
        raise UsageError(
            f"the report of run {report.run_id} has no tests",
            hint="expected what `testfleet run --report FILE` wrote",
        )
    for file, spent in seconds.items():
        if not 0 <= spent <= LONGEST_S:
            raise UsageError(
                f"the report of run {report.run_id}: the tests of {file} took {spent:g} s",
                hint=f"expected at most {LONGEST_S:.0f} s a file, 30 days",
            )
    units = tuple(WorkUnit(file, max(spent, MIN_UNIT_S)) for file, spent in seconds.items())
    return Durations(units, 0, sum(1 for spent in seconds.values() if spent < MIN_UNIT_S))


def replay_of(report: RunReport, place: Place, limits: Limits) -> Replay:
    """The shards of the first round as they were dealt out, with what their tests really took.

    Raises UsageError when a worker was lost, or a profile is none of the place's: then the real
    run is not what would be simulated.
    """
    shards = [shard for shard in report.shards if _FIRST_ROUND.fullmatch(shard.id)]
    _check(report, shards, place)
    units = [_units(shard, report) for shard in shards]
    flat = [unit for found in units for unit in found]
    numbers = iter(range(len(flat)))
    job = Job(
        units=flat,
        weights=(1.0,) * len(shards),
        workers=report.workers,
        profile=shards[0].profile,
        profiles=place.profiles,
    )
    assignment = Assignment(
        tuple(tuple(next(numbers) for _ in found) for found in units),
        profiles=tuple(shard.profile for shard in shards),
    )
    begun = min(shard.started_at for shard in shards if shard.started_at)
    ended = max(shard.finished_at for shard in shards if shard.finished_at)
    return Replay(Scenario(job, assignment, place, limits), (ended - begun).total_seconds())


def _units(shard: ShardReport, report: RunReport) -> list[WorkUnit]:
    """The shard's files; several node groups of one file count as one."""
    seconds = dict.fromkeys(map(file_of, shard.units), 0.0)
    for test in report.tests:
        if test.shard == shard.id:
            seconds[test.file] = seconds.get(test.file, 0.0) + test.duration_s
    return [
        WorkUnit(f"{shard.id}/{file}", max(spent, MIN_UNIT_S)) for file, spent in seconds.items()
    ]


def _check(report: RunReport, shards: list[ShardReport], place: Place) -> None:
    if not shards:
        raise UsageError(f"the report of run {report.run_id} has no shards of a first round")
    for shard in shards:
        if shard.started_at is None or shard.finished_at is None:
            raise UsageError(
                f"the report of run {report.run_id}: shard {shard.id} left no result",
                hint="replay a run in which no worker was lost",
            )
        if shard.profile not in place.profiles:
            known = ", ".join(sorted(place.profiles))
            raise UsageError(
                f"the report of run {report.run_id}: profile {shard.profile!r} is none of {known}",
                hint="name the environment that it ran in with --env",
            )
