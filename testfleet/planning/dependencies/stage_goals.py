"""Shares a run's deadline and budget among its stages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from testfleet.contracts.run import Objectives
from testfleet.errors import UsageError


@dataclass(frozen=True)
class StageLoad:
    """What a stage has to run."""

    longest_s: float
    """Of what shares a shard."""
    total_s: float
    known: bool = True
    """False when some of it is a guess, so that nothing is certain."""


def goals_of(
    objectives: Objectives, loads: Sequence[StageLoad], workers: int, barrier_s: float
) -> list[Objectives]:
    """What each stage is to reach, so that the run reaches the whole of it.

    A stage gets the time of its longest piece, and of what is left as much more as it could use;
    of the dollars its share of the seconds. Raises UsageError for a deadline that the stages, one
    after the other, cannot meet.
    """
    goals = [objectives] * len(loads)
    if objectives.deadline_s is not None:
        deadlines_s = _deadlines(objectives.deadline_s, loads, workers, barrier_s)
        goals = [
            goal.model_copy(update={"deadline_s": deadline_s})
            for goal, deadline_s in zip(goals, deadlines_s, strict=True)
        ]
    if objectives.max_usd is not None:
        total_s = sum(load.total_s for load in loads)
        goals = [
            goal.model_copy(update={"max_usd": objectives.max_usd * load.total_s / total_s})
            for goal, load in zip(goals, loads, strict=True)
        ]
    return goals


def _deadlines(
    deadline_s: float, loads: Sequence[StageLoad], workers: int, barrier_s: float
) -> list[float]:
    least_s = sum(load.longest_s for load in loads) + barrier_s * (len(loads) - 1)
    if least_s > deadline_s and all(load.known for load in loads):
        raise UsageError(
            f"a deadline of {deadline_s:g} s cannot be met: {len(loads)} stages that wait for each"
            f" other take {least_s:.1f} s with any number of workers",
            hint="allow more time, split the longest files, or take dependencies away",
        )
    left_s = max(deadline_s - least_s, 0.0)
    useful_s = [max(load.total_s / workers - load.longest_s, 0.0) for load in loads]
    shares = [each / sum(useful_s) for each in useful_s] if any(useful_s) else []
    shares = shares or [1 / len(loads)] * len(loads)
    return [load.longest_s + left_s * share for load, share in zip(loads, shares, strict=True)]
