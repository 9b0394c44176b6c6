"""Histories of a CI: which tests each cycle ran, how long they took, which failed. From CSV.

Columns `cycle,test,duration_s,failed`, in any order, others are ignored; `last_run` is understood
and not needed, since it follows from the cycles.

- Cycles run in the order of their numbers; where any is not a number, in that of the file.
- A row is one job of one test. The same test twice in a cycle is two jobs, both of which count.
- Within a cycle rows stand in the natural order of names: the file's order, which may come from
  the outcome, tells nothing.
- A duration above 30 days is an error, with its line: no job takes so long, and sums overflow.
- A duration that is missing, negative or not a number is that of the test's newest row before;
  without one, 0.
- A row without cycle, test or verdict is left out. Both are counted in `notes`.
"""

from __future__ import annotations

import csv
import math
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from testfleet.errors import UsageError
from testfleet.planning.prediction.remember import LONGEST_S
from testfleet.planning.priority.company import natural_key
from testfleet.planning.priority.napfd import Flags, Floats, Ints

_SHOWN = 80
_COLUMNS = ("cycle", "test", "duration_s", "failed")
_FAILED = frozenset({"1", "true", "yes", "failed", "fail", "failure", "error"})
_PASSED = frozenset({"0", "false", "no", "passed", "pass", "ok", "success", "skipped"})


class _Table(Protocol):
    """What `csv.reader` makes, whose class has no public name."""

    line_num: int

    def __iter__(self) -> Iterator[list[str]]: ...


@dataclass(frozen=True)
class Cycle:
    """One cycle: a row a job. Tests are indices into the history's names."""

    tests: Ints
    durations: Floats
    failed: Flags


@dataclass(frozen=True)
class CiHistory:
    """All cycles, oldest first."""

    names: tuple[str, ...]
    starts: Ints
    """Where each cycle's rows begin, and the end of the last."""
    tests: Ints
    durations: Floats
    failed: Flags
    notes: tuple[str, ...] = ()
    """What had to be mended, for a person."""

    def cycles(self) -> Iterator[Cycle]:
        """Oldest first."""
        for start, end in zip(self.starts[:-1], self.starts[1:], strict=True):
            rows = slice(int(start), int(end))
            yield Cycle(self.tests[rows], self.durations[rows], self.failed[rows])


@dataclass
class _Rows:
    """Columns as they grow: a million rows in some 30 MB."""

    cycle: array[int] = field(default_factory=lambda: array("q"))
    test: array[int] = field(default_factory=lambda: array("q"))
    seconds: array[float] = field(default_factory=lambda: array("d"))
    failed: array[int] = field(default_factory=lambda: array("b"))
    cycles: dict[str, int] = field(default_factory=dict)
    tests: dict[str, int] = field(default_factory=dict)
    left_out: int = 0

    def add(self, cycle: str, test: str, seconds: str, failed: str) -> None:
        verdict = _verdict(failed)
        if verdict is None or not cycle or not test:
            self.left_out += 1
            return
        self.cycle.append(self.cycles.setdefault(cycle, len(self.cycles)))
        self.test.append(self.tests.setdefault(test, len(self.tests)))
        self.seconds.append(_seconds(seconds))
        self.failed.append(verdict)


def read_history(lines: Iterable[str]) -> CiHistory:
    """Read CSV. Raises UsageError where columns or all rows are missing, for a column that is there
    twice, and for a duration above 30 days."""
    source = iter(lines)
    header = next(source, "").removeprefix("\ufeff")
    delimiter = ";" if ";" in header and "," not in header else ","
    columns = [name.strip(' "\r\n').lower() for name in header.split(delimiter)]
    missing = [name for name in _COLUMNS if name not in columns]
    if missing:
        raise UsageError(
            f"the history has no column {', '.join(missing)};"
            f" its first line is {header.strip()[:_SHOWN]!r}",
            hint=f"it needs the columns {','.join(_COLUMNS)}",
        )
    for name in _COLUMNS:
        if columns.count(name) > 1:
            raise UsageError(
                f"the history, line 1, column {name}: the header has this column twice",
                hint=f"it needs each of the columns {','.join(_COLUMNS)} once",
            )
    rows = _Rows()
    try:
        _collect(
            rows, csv.reader(source, delimiter=delimiter), [columns.index(c) for c in _COLUMNS]
        )
    except csv.Error as exc:
        raise UsageError(f"the history is no CSV: {exc}", hint="one line a row") from exc
    if not rows.cycle:
        raise UsageError(
            f"the history has no row with a cycle, a test and a verdict; {rows.left_out} without",
            hint="`failed` is 0 or 1, true or false, passed or failed",
        )
    return _in_order(rows)


def history_of(rows: Sequence[tuple[int, int, float, bool]], names: Sequence[str]) -> CiHistory:
    """The same from values: cycle, index of the name, seconds, failed."""
    collected = _Rows()
    for cycle, test, seconds, failed in rows:
        collected.add(str(cycle), names[test], repr(seconds), str(int(failed)))
    if not collected.cycle:
        raise UsageError("the history has no rows", hint="give at least one")
    return _in_order(collected)


def _collect(rows: _Rows, table: _Table, places: list[int]) -> None:
    cycle, test, seconds, failed = places
    width = max(places) + 1
    for row in table:
        if len(row) >= width:
            rows.add(row[cycle].strip(), row[test].strip(), row[seconds], row[failed])
            if rows.seconds and rows.seconds[-1] > LONGEST_S:
                raise UsageError(
                    f"the history, line {table.line_num + 1}, column duration_s:"
                    f" {row[seconds].strip()[:_SHOWN]!r}",
                    hint=f"seconds, at most {LONGEST_S:.0f}, 30 days",
                )
        elif row:
            rows.left_out += 1


def _in_order(rows: _Rows) -> CiHistory:
    names = tuple(rows.tests)
    place = np.empty(len(names), dtype=np.int64)
    place[sorted(range(len(names)), key=lambda test: (natural_key(names[test]), test))] = np.arange(
        len(names)
    )
    tests = np.array(rows.test, dtype=np.int64)
    cycle = _ranks(rows.cycles)[np.array(rows.cycle, dtype=np.int64)]
    order = np.lexsort((place[tests], cycle))
    tests, cycle = tests[order], cycle[order]
    durations, mended = _mend(tests, np.array(rows.seconds)[order])
    starts = np.searchsorted(cycle, np.arange(len(rows.cycles) + 1))
    failed = np.array(rows.failed, dtype=np.bool_)[order]
    notes = []
    if rows.left_out:
        notes.append(f"{_rows(rows.left_out)} without cycle, test or verdict left out")
    if mended:
        notes.append(f"{_rows(mended)} without a duration took that of the row before")
    return CiHistory(names, starts.astype(np.int64), tests, durations, failed, tuple(notes))


def _rows(count: int) -> str:
    return f"{count} row{'s' * (count != 1)}"


def _ranks(cycles: dict[str, int]) -> Ints:
    """Place of each cycle in time."""
    numbers = [_number(name) for name in cycles]
    if any(math.isnan(number) for number in numbers):
        return np.arange(len(numbers))
    ranks = np.empty(len(numbers), dtype=np.int64)
    ranks[np.argsort(numbers, kind="stable")] = np.arange(len(numbers))
    return ranks


def _mend(tests: Ints, durations: Floats) -> tuple[Floats, int]:
    """Durations in which NaN is the test's newest before, else 0; and how many these were."""
    unknown = np.flatnonzero(np.isnan(durations))
    if not unknown.size:
        return durations, 0
    newest: dict[int, float] = {}
    for row, (test, seconds) in enumerate(zip(tests.tolist(), durations.tolist(), strict=True)):
        if math.isnan(seconds):
            durations[row] = newest.get(test, 0.0)
        else:
            newest[test] = seconds
    return durations, int(unknown.size)


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        return math.nan
    return number if math.isfinite(number) else math.nan


def _seconds(text: str) -> float:
    number = _number(text)
    return number if number >= 0 else math.nan


def _verdict(text: str) -> bool | None:
    word = text.strip().lower()
    if word in _PASSED:
        return False
    if word in _FAILED:
        return True
    number = _number(word)
    return None if math.isnan(number) else number > 0
