"""Any file that may hold past durations: told apart by what it looks like."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from testfleet.planning.prediction.past.junit import read_junit
from testfleet.planning.prediction.past.records import PastRun, Record
from testfleet.planning.prediction.past.split import read_durations
from testfleet.planning.prediction.past.table import read_table

_MARKS = b" \t\r\n\xef\xbb\xbf"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read_past(body: bytes, source: str) -> list[PastRun]:
    """The runs of a file, oldest first. Raises UnreadableError, which says why there are none."""
    start = body[:64].lstrip(_MARKS)
    if start.startswith((b"<", b"\xff\xfe", b"\xfe\xff")):
        return [read_junit(body, source)]
    if start.startswith((b"{", b"[")):
        return [read_durations(body, source)]
    return read_table(body, source)


def whole_runs(runs: Iterable[PastRun]) -> list[PastRun]:
    """Runs of which each part stood in a file of its own, put together; oldest first.

    Files tell tests of one run until one tells a test a second time: then the next run has begun.
    """
    whole: list[PastRun] = []
    seen: set[tuple[str, str, str]] = set()
    open_parts: list[PastRun] = []
    for run in sorted(runs, key=_age):
        names = {_key(record) for record in run.records}
        if open_parts and (not run.is_part or names & seen):
            whole.append(_together(open_parts))
            open_parts, seen = [], set()
        if run.is_part:
            open_parts.append(run)
            seen |= names
        else:
            whole.append(run)
    return [*whole, _together(open_parts)] if open_parts else whole


def _age(run: PastRun) -> datetime:
    """What has no time is taken for older than what has one; the sort keeps its order."""
    return run.at or _EPOCH


def _key(record: Record) -> tuple[str, str, str]:
    return record.file, record.name, record.case


def _together(parts: list[PastRun]) -> PastRun:
    if len(parts) == 1:
        return parts[0]
    return PastRun(
        source=f"{parts[0].source} and {len(parts) - 1} more",
        digest=parts[0].digest,
        records=[record for part in parts for record in part.records],
        at=max((part.at for part in parts if part.at), default=None),
    )
