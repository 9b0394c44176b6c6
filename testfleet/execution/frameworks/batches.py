"""Which units run in one process, at first and after one has died."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from testfleet.contracts.task import WorkerTask
from testfleet.execution.frameworks.framework import Adapter

MOST_AT_ONCE: Final = 1000
"""Units of one process: all their paths stand in its command line."""


@dataclass(frozen=True)
class Batch:
    """Units that one process is to run."""

    units: tuple[str, ...]
    takes_rest: bool = False
    only: str | None = None
    deaths: int = 0
    """Processes that these units, alone, have ended."""

    @property
    def pieces(self) -> int:
        """What it can be split into."""
        return len(self.units) + self.takes_rest


def first_batches(task: WorkerTask, adapter: Adapter) -> list[Batch]:
    """All units in one go, unless the tool takes one at a time, or a command line fewer, or they
    need each other: then one after the other, in the order of the task."""
    takes_rest = task.excluded is not None and adapter.collects_rest
    is_single = task.tool.runs_each or adapter.one_at_a_time or bool(task.dependencies)
    size = 1 if is_single else MOST_AT_ONCE
    batches = [Batch(task.units[at : at + size]) for at in range(0, len(task.units), size)]
    if not takes_rest:
        return batches
    last = batches.pop().units if batches else ()
    return [*batches, Batch(last, takes_rest=True)]


def parts(left: Sequence[str], suspects: Sequence[str], *, takes_rest: bool) -> list[Batch]:
    """What is left after a death: the suspects alone, then the others; without suspects, or with
    nothing else, halves."""
    pieces = len(left) + takes_rest
    if suspects and len(suspects) < pieces:
        others = tuple(unit for unit in left if unit not in suspects)
        return [*(Batch((unit,), deaths=1) for unit in suspects), Batch(others, takes_rest)]
    if pieces <= 1:
        return [Batch(tuple(left), takes_rest, deaths=1)]
    middle = max(1, len(left) // 2)
    return [Batch(tuple(left[:middle])), Batch(tuple(left[middle:]), takes_rest)]
