"""Shards whose files each run in a process of their own, with what they entered recorded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from pydantic import ValidationError

from testfleet.contracts.coverage import UnitTrace
from testfleet.contracts.plan import file_of
from testfleet.execution.journal import clean
from testfleet.execution.session import Choice, SessionEnd
from testfleet.execution.shard import Shard


@dataclass
class RecordingShard(Shard):
    """A shard that records the coverage of its files.

    What a file leaves behind in its process, a cache say, would be missing in the coverage of the
    next: hence a process for each. Parts of files, and files that need others, run as in any shard.
    """

    traces: list[UnitTrace] = field(default_factory=list)
    """Of files that ran to their end and passed."""
    _doubts: dict[str, str] = field(default_factory=dict)
    """Why nothing was kept of others."""

    def _run_units(self) -> None:
        for unit in self._alone():
            end = self._session(self._only(unit))
            if self._is_over(end):
                return
            if end.is_refused:
                break
            self._keep(unit, end)
        rest = self._remaining()
        self.is_complete = not rest.units and rest.excluded is None
        if not self.is_complete:
            super()._run_units()
        self._tell_doubts()

    def _keep(self, unit: str, end: SessionEnd) -> None:
        if not self.journal.is_settled(unit) or unit in self.journal.failed_files():
            return
        doubt = str((end.state.trace or {}).get("doubt") or "")[:100]
        if doubt:
            self._doubts[unit] = doubt
        else:
            self.traces += _trace_of(unit, end)

    def _tell_doubts(self) -> None:
        if self._doubts:
            unit, why = next(iter(self._doubts.items()))
            more = f" and {len(self._doubts) - 1} more" if len(self._doubts) > 1 else ""
            self.notes.append(f"no coverage was kept of {clean(unit)}{more}: {clean(why)}")

    def _alone(self) -> Iterator[str]:
        if not self.task.dependencies:
            yield from (unit for unit in self.task.units if unit == file_of(unit))

    def _only(self, unit: str) -> Choice:
        return replace(self._remaining(), units=(unit,), excluded=None, records=True)


def traces_of(shard: object) -> tuple[UnitTrace, ...]:
    """What a shard has recorded, if it is one that records."""
    return tuple(shard.traces) if isinstance(shard, RecordingShard) else ()


def _trace_of(unit: str, end: SessionEnd) -> Iterator[UnitTrace]:
    """The trace of a unit that ran alone to its end in this process; none when it is in doubt."""
    told = end.state.trace
    if told is None or not end.is_at_rest or end.state.returned is None:
        return
    try:
        trace = UnitTrace.model_validate(
            {"unit": unit, "entered": told.get("entered"), "read": told.get("read")}
        )
    except ValidationError:  # the tests can write into the same pipe
        return
    if unit in trace.entered:
        yield trace
