"""What every job must fulfil, and every answer of a strategy."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from itertools import chain
from typing import Final

from testfleet.errors import TestfleetError, UsageError
from testfleet.planning.work import Assignment, Job, Strategy, WorkUnit

_SHOWN: Final = 8


def assign(strategy: Strategy, job: Job) -> Assignment:
    """What the strategy answers, once the job and the answer are known to be sound.

    Raises UsageError for a job that no strategy can plan, for one that this strategy cannot, and
    for an answer that loses, repeats or tears apart units.
    """
    check_job(job)
    try:
        assignment = strategy.assign(job)
    except TestfleetError:
        raise
    except Exception as exc:  # a plugin's code may raise anything, and no user wants its traceback
        raise UsageError(
            f"strategy {strategy.name!r} failed: {type(exc).__name__}: {exc}",
            hint="choose another strategy, and tell the authors of this one",
        ) from exc
    _check_answer(strategy.name, job, assignment)
    return assignment


def check_job(job: Job) -> None:
    """Raises UsageError that says which unit or number no strategy can plan, and why."""
    if job.workers < 1:
        raise UsageError(f"a job needs at least one worker, received {job.workers}")
    if not job.weights or not all(0 < weight < math.inf for weight in job.weights):
        raise UsageError(
            "weights must be positive and finite, one for each shard, received"
            f" {job.weights[:_SHOWN]}"
        )
    for name, limit in (("deadline_s", job.deadline_s), ("max_usd", job.max_usd)):
        if limit is not None and not 0 < limit < math.inf:
            raise UsageError(f"{name} must be positive and finite, received {limit}")
    for unit in job.units:
        if not 0.0 < unit.duration_s < math.inf:
            raise UsageError(
                f"unit {unit.id!r} has duration_s = {unit.duration_s}: it must be positive and"
                " finite",
                hint="unknown durations are predicted first: testfleet.planning.prediction.predict",
            )
    if len({unit.id for unit in job.units}) < len(job.units):
        raise UsageError(f"unit {_twice(job.units)!r} is in the job twice: ids must be unique")


def _check_answer(name: str, job: Job, assignment: object) -> None:
    if not isinstance(assignment, Assignment):
        raise _broken(name, f"{type(assignment).__name__}, not an Assignment")
    placed = list(chain.from_iterable(assignment.shards))
    if not all(isinstance(at, int) for at in placed) or sorted(placed) != list(
        range(len(job.units))
    ):
        raise _broken(name, f"{len(placed)} places for {len(job.units)} units, not one for each")
    _check_profiles(name, job, assignment)
    homes: dict[str, int] = {}
    for number, shard in enumerate(assignment.shards):
        for at in shard:
            word = job.units[at].together
            if word is not None and homes.setdefault(word, number) != number:
                raise _broken(name, f"units that must stay together, {word!r}, in two shards")
        _check_order(name, job, shard)


def _check_profiles(name: str, job: Job, assignment: Assignment) -> None:
    if assignment.profiles and len(assignment.profiles) != len(assignment.shards):
        raise _broken(
            name, f"{len(assignment.profiles)} profiles for {len(assignment.shards)} shards"
        )
    for profile in assignment.profiles:
        if profile != job.profile and profile not in job.profiles:
            raise _broken(name, f"a shard for profile {profile!r}, which the job has not")


def _check_order(name: str, job: Job, shard: tuple[int, ...]) -> None:
    if not any(job.units[at].depends_on for at in shard):
        return
    position = {job.units[at].id: place for place, at in enumerate(shard)}
    for place, at in enumerate(shard):
        late = [one for one in job.units[at].depends_on if position.get(one, -1) >= place]
        if late:
            raise _broken(name, f"{job.units[at].id!r} before {late[0]!r}, which it depends on")


def _broken(name: str, what: str) -> UsageError:
    return UsageError(
        f"strategy {name!r} answered {what}",
        hint="choose another strategy, and tell the authors of this one",
    )


def _twice(units: Iterable[WorkUnit]) -> str:
    return next(name for name, count in Counter(unit.id for unit in units).items() if count > 1)
