"""JUnit XML, in whatever dialect: pytest, Surefire, Gradle, Jest, Mocha, Playwright, GoogleTest.

Read as a stream by expat, element by element. A document type is refused: no JUnit file has one,
and without one there are no entities that could grow or reach for other files.
"""

from __future__ import annotations

from typing import Final
from xml.parsers import expat

from testfleet.contracts.history import Verdict
from testfleet.planning.prediction.past.records import (
    PastRun,
    Record,
    UnreadableError,
    digest_of,
    moment_of,
    seconds_of,
)

_FAILED: Final = frozenset({"failure", "error"})
_FLAKY: Final = frozenset({"flakyfailure", "flakyerror"})
_SUITES: Final = frozenset({"testsuites", "testsuite"})


def read_junit(body: bytes, source: str) -> PastRun:
    """The run that a file tells of. Raises UnreadableError.

    Where a test is listed twice, for its call and for its teardown or because it was run again,
    its seconds are added; it is flaky when a failure is followed by a pass. A failure as such has
    the element `failure` or `error`; Surefire's `flakyFailure` is a test that passed at last.
    """
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.StartDoctypeDeclHandler = _refuse
    try:
        parser.Parse(body, True)  # noqa: FBT003  the parser's own signature
    except expat.ExpatError as exc:
        raise UnreadableError(f"no well-formed XML: {exc}") from exc
    except (ValueError, LookupError) as exc:
        # An encoding that nobody knows, or that does not fit.
        raise UnreadableError(f"no readable XML: {exc}") from exc
    return PastRun(
        source=source,
        digest=digest_of(body),
        records=list(reader.found.values()),
        at=moment_of(reader.timestamp),
        is_part=True,
    )


def _refuse(*_: object) -> None:
    raise UnreadableError("it has a document type, which no JUnit file needs")


class _Reader:
    """Collects test cases while the parser goes through the file."""

    def __init__(self) -> None:
        self.found: dict[tuple[str, str, str], Record] = {}
        self.timestamp: str | None = None
        self._suites: list[dict[str, str]] = []
        self._case: dict[str, str] | None = None
        self._verdict = Verdict.PASSED
        self._is_first = True

    def start(self, tag: str, values: dict[str, str]) -> None:
        name = tag.rpartition(":")[2].lower()
        if self._is_first and name not in _SUITES:
            raise UnreadableError(f"its root is <{tag[:40]}>: expected <testsuites> or <testsuite>")
        self._is_first = False
        if name in _SUITES:
            self._suites.append(values)
            self.timestamp = self.timestamp or values.get("timestamp")
        elif name == "testcase":
            self._case, self._verdict = values, Verdict.PASSED
        elif self._case is not None:
            self._judge(name)

    def end(self, tag: str) -> None:
        name = tag.rpartition(":")[2].lower()
        if name in _SUITES:
            self._suites.pop()
        elif name == "testcase" and self._case is not None:
            self._add(self._case)
            self._case = None

    def _judge(self, element: str) -> None:
        if element in _FAILED:
            self._verdict = Verdict.FAILED
        elif element in _FLAKY and self._verdict is Verdict.PASSED:
            self._verdict = Verdict.FLAKY

    def _add(self, case: dict[str, str]) -> None:
        suite = self._suites[-1] if self._suites else {}
        record = Record(
            name=case.get("classname") or case.get("class") or suite.get("name", ""),
            case=case.get("name", ""),
            file=case.get("file") or suite.get("file") or suite.get("filepath", ""),
            duration_s=seconds_of(case.get("time")),
            verdict=self._verdict,
        )
        key = (record.file, record.name, record.case)
        before = self.found.get(key)
        self.found[key] = joined(before, record) if before else record


def joined(before: Record, after: Record) -> Record:
    """What two entries say about one test of one run."""
    known = [one.duration_s for one in (before, after) if one.duration_s is not None]
    verdict = after.verdict
    if after.verdict is Verdict.PASSED and before.verdict in (Verdict.FAILED, Verdict.FLAKY):
        verdict = Verdict.FLAKY
    return after._replace(duration_s=sum(known) if known else None, verdict=verdict)
