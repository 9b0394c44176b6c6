"""Units from a table: `unit,duration_s` and what else is known, as CSV with a header.

| column       | meaning                                                   | when empty           |
|--------------|-----------------------------------------------------------|----------------------|
| `unit`       | id of the unit, unique                                    | an error             |
| `duration_s` | seconds, at most 30 days; 0 counts as 0.001               | median of the others |
| `memory_mb`  | most memory that it needs                                 | not known            |
| `requires`   | abilities that its worker must have, e.g. `docker gpu>=1` | none                 |
| `depends_on` | units that must have passed before                        | none                 |
| `priority`   | a higher number is sooner                                 | 0                    |
| `together`   | units with the same word share a shard                    | alone                |
| `owner`      | repository or team                                        | nobody               |
| `kind`       | kind of test                                              | none                 |
| `deadline_s` | seconds until its result is wanted                        | none                 |

`requires` and `depends_on` are separated by spaces, or by semicolons where a name has spaces.
"""

from __future__ import annotations

import csv
import math
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final, NoReturn

from testfleet.errors import UsageError
from testfleet.planning.placement.requirements import normalise
from testfleet.planning.prediction.predict import MIN_UNIT_S, UNKNOWN_FILE_S
from testfleet.planning.prediction.remember import LONGEST_S
from testfleet.planning.strategies.order import CycleError, ranks
from testfleet.planning.work import WorkUnit

REQUIRED: Final = ("unit", "duration_s")
OPTIONAL: Final = (
    "memory_mb",
    "requires",
    "depends_on",
    "priority",
    "together",
    "owner",
    "kind",
    "deadline_s",
)
_SHOWN: Final = 60


@dataclass(frozen=True)
class Durations:
    """The units of a table, in its order."""

    units: tuple[WorkUnit, ...]
    guessed: int
    """Units without a duration: the median of the others was taken."""
    too_short: int
    """Units with a duration of 0: the shortest that is measured was taken."""
    name: str = ""
    """The table's, for messages."""
    lines: Mapping[str, int] = field(default_factory=dict)
    """Where each unit stands; empty for what was no table."""

    def where(self, unit: str, column: str) -> str:
        """The place in the file, for messages."""
        if unit not in self.lines:
            return f"unit {_shown(unit)}"
        return f"{self.name}: line {self.lines[unit]}, column {column}"


def read_durations(lines: Iterable[str], name: str, *, strict: bool = False) -> Durations:
    """Read a table; `name` is the file's, for messages. `strict` refuses durations of 0 and none.

    Raises UsageError that names line and column, what was found and what is allowed.
    """
    return _Table(name, strict=strict).read(lines)


class _Table:
    def __init__(self, name: str, *, strict: bool) -> None:
        self._name = name
        self._strict = strict
        self._line = 0
        self._line_of: dict[str, int] = {}
        """Line of each unit."""
        self._too_short = 0

    def read(self, lines: Iterable[str]) -> Durations:
        try:
            units = list(self._units(lines))
        except UnicodeDecodeError as exc:
            raise UsageError(
                f"{self._name}: not text in UTF-8: {exc.reason} at byte {exc.start}",
                hint="expected CSV with the columns unit,duration_s",
            ) from None
        except csv.Error as exc:
            self._refuse("", f"not CSV: {exc}")
        if not units:
            raise UsageError(
                f"{self._name}: no units; expected a line for each of them below the header",
                hint="the least is a table with the columns unit,duration_s",
            )
        self._check_dependencies(units)
        return self._with_guesses(units)

    def _units(self, lines: Iterable[str]) -> Iterator[WorkUnit]:
        reader = csv.reader(self._counted(lines), strict=True)
        header = self._header(next(reader, []))
        for row in reader:
            if not row:
                continue
            if len(row) != len(header):
                self._refuse("", f"{len(row)} fields, but the header has {len(header)}")
            yield self._unit(dict(zip(header, row, strict=True)))

    def _counted(self, lines: Iterable[str]) -> Iterator[str]:
        """The lines; which one is read is known even when it is no CSV."""
        for self._line, line in enumerate(lines, start=1):
            yield line

    def _header(self, row: Sequence[str]) -> list[str]:
        header = [cell.strip().removeprefix("\ufeff").lower() for cell in row]
        allowed = (
            f"separated by commas, the columns are {', '.join(REQUIRED)} and, if wanted,"
            f" {', '.join(OPTIONAL)}"
        )
        if not header:
            raise UsageError(f"{self._name}: no header in the first line", hint=allowed)
        for column in header:
            if column not in (*REQUIRED, *OPTIONAL):
                self._refuse(column, "unknown column", allowed)
            if header.count(column) > 1:
                self._refuse(column, "the header has this column twice", allowed)
        for column in REQUIRED:
            if column not in header:
                self._refuse(column, "the header lacks this column", allowed)
        return header

    def _unit(self, row: dict[str, str]) -> WorkUnit:
        unit = row["unit"].strip()
        if not unit:
            self._refuse("unit", "empty", "every line names its unit")
        if unit in self._line_of:
            self._refuse(
                "unit",
                f"{_shown(unit)} stands in line {self._line_of[unit]}, too",
                "name each once",
            )
        self._line_of[unit] = self._line
        duration_s = self._duration_s(row["duration_s"])
        found = WorkUnit(unit, duration_s, known=duration_s > 0)
        if len(row) == len(REQUIRED):
            return found
        return replace(
            found,
            memory_mb=self._number(row, "memory_mb", least=0.0) or 0.0,
            requires=self._requires(row.get("requires", "")),
            depends_on=tuple(dict.fromkeys(_words(row.get("depends_on", "")))),
            priority=self._number(row, "priority") or 0.0,
            together=row.get("together", "").strip() or None,
            owner=row.get("owner", "").strip(),
            kind=row.get("kind", "").strip(),
            deadline_s=self._number(row, "deadline_s", least=MIN_UNIT_S),
        )

    def _duration_s(self, text: str) -> float:
        """Seconds; 0 for a unit without any."""
        seconds = self._number({"duration_s": text}, "duration_s", least=0.0)
        if seconds and seconds > LONGEST_S:
            self._refuse(
                "duration_s", _shown(text.strip()), f"at most {LONGEST_S:.0f} seconds, 30 days"
            )
        if seconds:
            return seconds
        if self._strict:
            found = "empty" if seconds is None else "0"
            self._refuse("duration_s", f"{found}, which --strict refuses", "more than 0 seconds")
        if seconds is None:
            return 0.0
        self._too_short += 1
        return MIN_UNIT_S

    def _number(
        self, row: dict[str, str], column: str, *, least: float = -math.inf
    ) -> float | None:
        text = row.get(column, "").strip()
        if not text:
            return None
        try:
            number = math.nan if "_" in text else float(text)
        except ValueError:
            number = math.nan
        if not (math.isfinite(number) and number >= least):
            at_least = f" from {least:g}" if least > -math.inf else ""
            self._refuse(column, _shown(text), f"expected a finite number{at_least}, like 12.5")
        return number

    def _requires(self, text: str) -> frozenset[str]:
        try:
            return frozenset(normalise(word) for word in _words(text))
        except UsageError as exc:
            self._refuse("requires", str(exc), exc.hint)

    def _check_dependencies(self, units: Sequence[WorkUnit]) -> None:
        for unit in units:
            for name in unit.depends_on:
                if name not in self._line_of:
                    self._line = self._line_of[unit.id]
                    self._refuse(
                        "depends_on", f"no unit {_shown(name)}", "name a unit of this table"
                    )
        try:
            ranks(units)
        except CycleError as exc:
            self._line = self._line_of[exc.unit]
            self._refuse("depends_on", str(exc), "remove one of these names from the column")

    def _with_guesses(self, units: Sequence[WorkUnit]) -> Durations:
        known = [unit.duration_s for unit in units if unit.known]
        usual_s = statistics.median(known) if known else UNKNOWN_FILE_S
        filled = (unit if unit.known else replace(unit, duration_s=usual_s) for unit in units)
        guessed = len(units) - len(known)
        return Durations(tuple(filled), guessed, self._too_short, self._name, self._line_of)

    def _refuse(self, column: str, found: str, allowed: str = "") -> NoReturn:
        where = f"line {self._line}" + (f", column {column}" if column else "")
        raise UsageError(f"{self._name}: {where}: {found}", hint=allowed)


@lru_cache(maxsize=4096)
def _words(text: str) -> tuple[str, ...]:
    parts = text.split(";") if ";" in text else text.split()
    return tuple(stripped for part in parts if (stripped := part.strip()))


def _shown(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "...")
