"""A table of runs: CSV with a test or unit, its seconds, and what else is known of it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from testfleet.contracts.history import Verdict
from testfleet.planning.prediction.past.records import (
    PastRun,
    Record,
    UnreadableError,
    digest_of,
    moment_of,
    seconds_of,
)

_NAMES: Final = ("test", "unit", "file", "nodeid")
_SECONDS: Final = ("duration_s", "duration", "seconds", "time")
_VERDICTS: Final = ("outcome", "verdict", "failed", "status")
_RUNS: Final = ("cycle", "run", "run_id", "build")
_MOMENTS: Final = ("timestamp", "last_run", "started_at")

_WORDS: Final = {
    **dict.fromkeys(("passed", "pass", "ok", "success", "skipped", "0", "false"), Verdict.PASSED),
    **dict.fromkeys(("failed", "fail", "failure", "error", "1", "true"), Verdict.FAILED),
    **dict.fromkeys(("flaky", "rerun"), Verdict.FLAKY),
}


def read_table(body: bytes, source: str) -> list[PastRun]:
    """The runs of a table, oldest first. Raises UnreadableError.

    Rows of one run belong together wherever they stand; runs follow each other by number, else by
    time, else as they stand. A test that stands in a run twice counts once: the mean of its
    seconds, flaky when it both passed and failed. Without a column for the run, all is one run.
    """
    try:
        lines = csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline=""))
        columns = _columns(lines.fieldnames or ())
        groups = _groups(lines, columns)
    except UnicodeDecodeError as exc:
        raise UnreadableError(f"it is not UTF-8: {exc.reason} at byte {exc.start}") from exc
    except csv.Error as exc:
        raise UnreadableError(f"no CSV: {exc}") from exc
    return [_run(source, name, rows) for name, rows in _in_order(groups)]


@dataclass(frozen=True)
class _Columns:
    """What each column of interest is called here."""

    name: str
    seconds: str
    verdict: str | None
    run: str | None
    moment: str | None


@dataclass(frozen=True, slots=True)
class _Row:
    record: Record
    at: datetime | None


def _columns(header: Iterable[str]) -> _Columns:
    names = {name.strip().lower(): name for name in header if name}

    def find(candidates: Sequence[str]) -> str | None:
        return next((names[one] for one in candidates if one in names), None)

    name, seconds = find(_NAMES), find(_SECONDS)
    if name is None or seconds is None:
        raise UnreadableError(
            f"its columns are {', '.join(names) or 'none'}: expected `test` or `unit`, and"
            " `duration_s`"
        )
    return _Columns(name, seconds, find(_VERDICTS), find(_RUNS), find(_MOMENTS))


def _groups(lines: Iterable[Mapping[str, str | None]], columns: _Columns) -> dict[str, list[_Row]]:
    groups: dict[str, list[_Row]] = {}
    for line in lines:
        name = (line.get(columns.name) or "").strip()
        if not name:
            continue
        run = line.get(columns.run) or "" if columns.run else ""
        groups.setdefault(run.strip(), []).append(
            _Row(
                Record(name, duration_s=seconds_of(line.get(columns.seconds)))._replace(
                    verdict=_verdict(line, columns)
                ),
                moment_of(line.get(columns.moment)) if columns.moment else None,
            )
        )
    return groups


def _verdict(line: Mapping[str, str | None], columns: _Columns) -> Verdict:
    word = (line.get(columns.verdict) or "") if columns.verdict else ""
    return _WORDS.get(word.strip().lower().removesuffix(".0"), Verdict.UNKNOWN)


def _in_order(groups: dict[str, list[_Row]]) -> Iterable[tuple[str, list[_Row]]]:
    if all(name.isdecimal() for name in groups):
        return sorted(groups.items(), key=lambda item: int(item[0]))
    moments = {name: moment for name, rows in groups.items() if (moment := _last(rows))}
    if len(moments) == len(groups):
        return sorted(groups.items(), key=lambda item: moments[item[0]])
    return groups.items()


def _last(rows: Iterable[_Row]) -> datetime | None:
    return max((row.at for row in rows if row.at is not None), default=None)


def _run(source: str, name: str, rows: Sequence[_Row]) -> PastRun:
    tests: dict[str, list[Record]] = {}
    for row in rows:
        tests.setdefault(row.record.name, []).append(row.record)
    records = [_averaged(same) for same in tests.values()]
    content = repr((name, sorted(records, key=lambda record: record.name)))
    return PastRun(
        source=f"{source}, run {name}" if name else source,
        digest=digest_of(content.encode()),
        records=records,
        at=_last(rows),
    )


def _averaged(same: Sequence[Record]) -> Record:
    if len(same) == 1:
        return same[0]
    known = [record.duration_s for record in same if record.duration_s is not None]
    verdicts = {record.verdict for record in same} - {Verdict.UNKNOWN}
    verdict = (
        verdicts.pop() if len(verdicts) == 1 else Verdict.FLAKY if verdicts else Verdict.UNKNOWN
    )
    return same[0]._replace(duration_s=sum(known) / len(known) if known else None, verdict=verdict)
