"""What a process has left running, and which file has started it."""

from __future__ import annotations

from collections.abc import Iterable

from testfleet.execution.frameworks.batches import Batch
from testfleet.execution.frameworks.framework import MESSAGE_LIMIT
from testfleet.execution.frameworks.tool_journal import ToolJournal
from testfleet.execution.journal import clean
from testfleet.execution.processes import TICK_S, Ended
from testfleet.execution.supervisor import Ending, Stop


def leftovers(journal: ToolJournal, batch: Batch, ending: Ending) -> list[str]:
    """A note about the processes that had to be ended; none when there were none.

    What is left of a process that was killed is no fault of its tests.
    """
    left = ending.left_behind
    if not left or ending.stop not in (None, Stop.HUNG):
        return []
    names = ", ".join(sorted({clean(process.name) for process in left}))
    noun = "process" if len(left) == 1 else "processes"
    who = _who_left(journal, batch, left)
    return [f"ended {len(left)} {noun} that {who} left behind: {names}"[:MESSAGE_LIMIT]]


def _who_left(journal: ToolJournal, batch: Batch, left: Iterable[Ended]) -> str:
    if len(batch.units) == 1:
        return clean(batch.units[0])
    units: set[str] = set()
    for process in left:
        units |= journal.units_between(process.started_at, process.started_at + TICK_S)
    return " or ".join(sorted(map(clean, units))) if units else "the tests"
