"""What the elements of a JUnit file mean: one test, in the dialects of the tools that write them.

There is no standard. What is read here was looked up in the output of Surefire, Gradle, gotestsum,
cargo-nextest, PHPUnit, RSpec, jest-junit, mocha-junit-reporter, node:test, pytest, GoogleTest,
CTest and Bazel. Where a dialect leaves room, the graver reading counts: a pass is never made up.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from testfleet.contracts.result import Outcome
from testfleet.execution.frameworks.framework import first_line

TEXT_LIMIT: Final = 64 * 1024
"""Characters that are kept of a failure."""

ID_LIMIT: Final = 1000
NAMELESS: Final = "(a test without a name)"

_FAILED_WORDS: Final = frozenset({"fail", "failed", "failure", "false", "broken", "timeout"})
_ERROR_WORDS: Final = frozenset({"error", "errored", "aborted", "interrupted", "incomplete"})
_SKIPPED_WORDS: Final = frozenset(
    {"skip", "skipped", "notrun", "not_run", "disabled", "ignored", "pending", "suppressed"}
)
_NO_CLASS: Final = frozenset({"", "test", "suite"})
"""What node:test writes for every test: it tells nothing."""
_GRAVITY: Final = (Outcome.FAILED, Outcome.ERROR, Outcome.SKIPPED)


@dataclass(frozen=True)
class JunitCase:
    """One `testcase` that was read to its end."""

    name: str
    classname: str
    suites: tuple[str, ...]
    """Names of the suites that it stands in, the outermost first."""
    file: str
    """As the tool wrote it, here or at a suite. Empty where it did not."""
    outcome: Outcome
    seconds: float
    message: str
    text: str
    attempts: int
    troubles: int = 0
    """Failures and errors that it shows, those of attempts that were repeated among them."""

    @property
    def id(self) -> str:
        """Class and name; where a tool has no classes, the suites and the name."""
        parts = [*self.suites[1:], self.classname]
        if self.classname in _NO_CLASS:
            parts = list(self.suites)
        told = [part for at, part in enumerate(parts) if part and part not in parts[at - 1 : at]]
        return " > ".join(filter(None, [*told, self.name]))[:ID_LIMIT] or NAMELESS


@dataclass
class OpenCase:
    """A `testcase` that is being read."""

    attributes: Mapping[str, str]
    suites: tuple[str, ...]
    file: str
    _found: dict[Outcome, tuple[str, str]] = field(default_factory=dict)
    """The first message and text of each kind of trouble."""
    _retries: int = 0
    _troubles: int = 0
    _is_flaky: bool = False
    _is_todo: bool = False

    def take(self, element: str, attributes: Mapping[str, str], text: str) -> None:
        """Take in an element inside of it, which ends now."""
        kind = _meaning(element)
        if kind == "flaky":
            self._is_flaky = True
            self._retries += 1
            self._found.setdefault(Outcome.FLAKY, (_headline(attributes, text), text))
        elif kind == "rerun":
            self._retries += 1
        elif isinstance(kind, Outcome):
            self._is_todo |= kind is Outcome.SKIPPED and attributes.get("type") == "todo"
            self._troubles += kind is not Outcome.SKIPPED
            self._found.setdefault(kind, (_headline(attributes, text), text))

    def close(self) -> JunitCase:
        """The test, now that its element has ended."""
        attributes = self.attributes
        outcome = self._outcome()
        message, text = self._found.get(outcome, ("", ""))
        return JunitCase(
            name=attributes.get("name", ""),
            classname=attributes.get("classname", attributes.get("class", "")),
            suites=self.suites,
            file=attributes.get("file", "") or self.file,
            outcome=outcome,
            seconds=seconds_of(attributes.get("time", attributes.get("duration", ""))),
            message=message or first_line(attributes.get("failure", "")),
            text=text,
            attempts=1 + self._retries,
            troubles=self._troubles + self._retries,
        )

    def _outcome(self) -> Outcome:
        if self._is_todo:  # node:test: it may fail, and does not count
            return Outcome.SKIPPED
        told = _told(self.attributes)
        found = {*self._found, *([told] if told else [])}
        grave = next((outcome for outcome in _GRAVITY if outcome in found), None)
        if grave is not None:
            return grave
        if self._retries and not self._is_flaky:  # runs that failed, and none that passed
            return Outcome.FAILED
        return Outcome.FLAKY if self._is_flaky else Outcome.PASSED


def seconds_of(text: str) -> float:
    """A duration; 0 for what is none. Some tools write the comma of thousands."""
    try:
        seconds = float(text.strip().replace(",", "").removesuffix("s"))
    except ValueError:
        return 0.0
    return seconds if 0 <= seconds < math.inf else 0.0


def count_of(text: str) -> int:
    """A number of tests; 0 for what is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else 0  # noqa: PLR2004


def _meaning(element: str) -> Outcome | str | None:
    """What an element says that stands in a test."""
    word = element.lower()
    if word.startswith("flaky"):
        return "flaky"
    if word.startswith("rerun"):
        return "rerun"
    if word.startswith("system"):
        return None
    if "fail" in word:
        return Outcome.FAILED
    if "error" in word or word in ("warning", "aborted"):
        return Outcome.ERROR
    return Outcome.SKIPPED if word in _SKIPPED_WORDS else None


def _told(attributes: Mapping[str, str]) -> Outcome | None:
    """What a test says of itself in its attributes, in the dialects that have such."""
    words = {attributes.get(name, "").lower() for name in ("status", "result", "success")}
    if words & _FAILED_WORDS:
        return Outcome.FAILED
    if words & _ERROR_WORDS:
        return Outcome.ERROR
    return Outcome.SKIPPED if words & _SKIPPED_WORDS else None


def _headline(attributes: Mapping[str, str], text: str) -> str:
    kind = attributes.get("type", "")
    message = first_line(attributes.get("message", "")) or first_line(text)
    return message or first_line(kind)
