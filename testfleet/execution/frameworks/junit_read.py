"""Reads JUnit XML that tests, and so anybody, may have written.

Streaming, with bounds on everything. No entity is ever expanded: a file that could declare one is
read no further. Reading never raises: what is wrong with a file is a problem beside the tests that
could be read, and the caller makes an error of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from xml.parsers import expat

from testfleet.contracts.result import Outcome
from testfleet.execution.frameworks.framework import cut
from testfleet.execution.frameworks.junit_case import (
    TEXT_LIMIT,
    JunitCase,
    OpenCase,
    count_of,
)
from testfleet.execution.frameworks.junit_text import TextOfXml

MAX_BYTES: Final = 256 * 1024 * 1024
MAX_CASES: Final = 500_000
MAX_DEPTH: Final = 200
MAX_TOKEN: Final = 8 * 1024 * 1024
"""Bytes of one tag or attribute."""
TEXT_BUDGET: Final = 64 * 1024 * 1024
"""Characters of failure texts in all; beyond them each is cut to SHORT_TEXT."""
SHORT_TEXT: Final = 2000
_CHUNK: Final = 64 * 1024
_LEFT_OUT: Final = ("skipped", "disabled", "skips", "ignored")
_CATCH2_HOST: Final = "tbd"
_CPP: Final = (".cpp", ".cc", ".cxx", ".c", ".mm", ".h", ".hpp", ".hh", ".ipp")
_GROUPS: Final = frozenset({"testsuites", "testsuite", "testrun"})
_PARENTS: Final = _GROUPS | {"testcase"}
"""What stands in these has a text of its own, with that of all that stands in it."""


@dataclass
class JunitReading:
    """What a file, or several, held."""

    cases: list[JunitCase] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    """Why there may be more than the cases tell."""


class _StopReadingError(Exception):
    """Thrown out of a handler of the parser."""


@dataclass
class _Suite:
    """A suite that is being read, and what it says of itself."""

    name: str
    file: str
    declared: int
    declared_bad: int
    declared_skipped: int
    counts_assertions: bool
    at: int
    """Cases that were read before it."""
    reruns: int
    """Attempts beyond the first of those cases."""


def read_junit(path: Path) -> JunitReading:
    """Read one file."""
    reading = JunitReading()
    try:
        with path.open("rb") as file:
            _Reader(reading).read(iter(lambda: file.read(_CHUNK), b""))
    except OSError as error:
        reading.problems.append(f"cannot be read: {error.strerror or error}")
    return reading


def parse_junit(data: bytes) -> JunitReading:
    """Read what is in memory."""
    reading = JunitReading()
    _Reader(reading).read(data[at : at + _CHUNK] for at in range(0, len(data), _CHUNK))
    return reading


class _Reader:
    """One file on its way through the parser."""

    def __init__(self, reading: JunitReading) -> None:
        self._reading = reading
        self._stack: list[str] = []
        self._attributes: list[dict[str, str]] = []
        self._suites: list[_Suite] = []
        self._open: list[OpenCase] = []
        self._text: list[str] = []
        self._text_length = 0
        self._spent = 0
        self._reruns = 0

    def read(self, chunks: Iterable[bytes]) -> None:
        """Read to the end, or as far as it goes."""
        parser = expat.ParserCreate()
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.StartDoctypeDeclHandler = self._doctype
        try:
            self._feed(parser, chunks)
        except _StopReadingError as stop:
            self._reading.problems.append(str(stop))
        except expat.ExpatError as error:
            why = expat.ErrorString(error.code)
            self._reading.problems.append(f"no well-formed XML at line {error.lineno}: {why}")

    def _feed(self, parser: expat.XMLParserType, chunks: Iterable[bytes]) -> None:
        text, size, fed = TextOfXml(), 0, 0
        for chunk in chunks:
            size += len(chunk)
            if size > MAX_BYTES:
                raise _StopReadingError(
                    f"larger than {MAX_BYTES // 2**20} MB: the rest is not read"
                )
            piece = text.feed(chunk)
            fed += len(piece.encode())
            parser.Parse(piece)
            if fed - max(0, parser.CurrentByteIndex) > MAX_TOKEN:
                raise _StopReadingError(f"a tag longer than {MAX_TOKEN // 2**20} MB")
        if size == 0:
            raise _StopReadingError("empty")
        parser.Parse(text.feed(b"", final=True), True)  # noqa: FBT003  it takes no keywords

    def _doctype(self, *_: object) -> None:
        """It could declare entities, or have them fetched."""
        raise _StopReadingError("has a document type, which no test report needs")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        element = tag.rpartition(":")[2]
        if not self._stack and element not in _GROUPS:
            raise _StopReadingError(
                f"its root is <{element[:40]}>, not <testsuites> or <testsuite>"
            )
        self._stack.append(element)
        self._attributes.append(attributes)
        if len(self._stack) > MAX_DEPTH:
            raise _StopReadingError(f"more than {MAX_DEPTH} elements in one another")
        if len(self._stack) > 1 and self._stack[-2] in _PARENTS:
            self._text, self._text_length = [], 0
        if element in _GROUPS:
            self._begin_suite(element, attributes)
        elif element == "testcase":
            suites = tuple(suite.name for suite in self._suites if suite.name)
            file = next((suite.file for suite in reversed(self._suites) if suite.file), "")
            self._open.append(OpenCase(attributes, suites, file))

    def _begin_suite(self, element: str, attributes: dict[str, str]) -> None:
        bad = count_of(attributes.get("failures", "")) + count_of(attributes.get("errors", ""))
        self._suites.append(
            _Suite(
                name=attributes.get("name", "") if element == "testsuite" else "",
                file=attributes.get("file", attributes.get("filepath", "")),
                declared=count_of(attributes.get("tests", "")),
                declared_bad=bad,
                declared_skipped=max(count_of(attributes.get(one, "")) for one in _LEFT_OUT),
                counts_assertions=attributes.get("hostname") == _CATCH2_HOST,
                at=len(self._reading.cases),
                reruns=self._reruns,
            )
        )

    def _characters(self, text: str) -> None:
        if self._text_length <= TEXT_LIMIT * 2:
            self._text.append(text)
            self._text_length += len(text)

    def _end(self, _tag: str) -> None:
        element, attributes = self._stack.pop(), self._attributes.pop()
        if element in _GROUPS:
            self._end_suite(self._suites.pop())
        elif element == "testcase":
            self._end_case(self._open.pop())
        elif self._open:
            if self._stack[-1] == "testcase":
                self._open[-1].take(element, attributes, self._own_text())
        elif self._stack[-1] == "testsuite":
            self._trouble_of_suite(element, attributes)

    def _own_text(self) -> str:
        room = TEXT_LIMIT if self._spent < TEXT_BUDGET else SHORT_TEXT
        text = cut("".join(self._text).strip(), room)
        self._spent += len(text)
        return text

    def _end_case(self, case: OpenCase) -> None:
        if len(self._reading.cases) >= MAX_CASES:
            raise _StopReadingError(f"more than {MAX_CASES} tests: the rest is not read")
        closed = case.close()
        self._reruns += closed.attempts - 1
        self._reading.cases.append(closed)

    def _trouble_of_suite(self, element: str, attributes: dict[str, str]) -> None:
        """A failure of a suite as a whole, e.g. of what prepares its tests."""
        if element in ("failure", "error"):
            suite = self._suites[-1]
            case = OpenCase({"name": suite.name or "(a suite without a name)"}, (), suite.file)
            case.take(element, attributes, self._own_text())
            self._reading.cases.append(case.close())

    def _end_suite(self, suite: _Suite) -> None:
        """Hold against each other what a suite says and what it holds. More is no lie: some tools
        count only what stands in a suite directly."""
        own = self._reading.cases[suite.at :]
        bad = sum(case.troubles for case in own)
        name = suite.name[:80] or "the file"
        missing = suite.declared - len(own) - (self._reruns - suite.reruns)
        if missing > self._skipped_unseen(suite) and not _counts_assertions(suite, own):
            self._reading.problems.append(
                f"{name!r} says {suite.declared} tests and holds {len(own)}"
            )
        elif suite.declared_bad > bad and not (bad and _counts_assertions(suite, own)):
            self._reading.problems.append(
                f"{name!r} says that {suite.declared_bad} failed and shows {bad}"
            )

    def _skipped_unseen(self, suite: _Suite) -> int:
        """Tests that it, or the whole file, says were skipped and does not show, as Mocha's."""
        return max(0, *(self._unseen_in(one) for one in (suite, *self._suites)))

    def _unseen_in(self, suite: _Suite) -> int:
        shown = sum(case.outcome is Outcome.SKIPPED for case in self._reading.cases[suite.at :])
        return suite.declared_skipped - shown


def _counts_assertions(suite: _Suite, own: list[JunitCase]) -> bool:
    """Whether `tests` is the number of assertions: so it is with Catch2, and with doctest, which
    calls its tests by files of C++."""
    return suite.counts_assertions or bool(
        own and all(case.classname.lower().endswith(_CPP) for case in own)
    )
