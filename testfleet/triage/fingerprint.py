"""What a failure is known by: the same for the same cause, in other tests and other runs.

What counts depends on where the cause can lie:

- outside the code (a refused connection, a full disk, a package that is missing, a declaration that
  the compiler cannot find): the type and the message with its names. It shows wherever one looks,
  so frames do not count.
- in the code: the type, the innermost frame of the project that is no test's own, and the
  message's template. Tests that meet in one helper, fixture or function have one cause.
- in the test: the type, the test's file and function, and the line that failed. Two tests that
  both say `assert 1 == 2` have little in common.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from hashlib import blake2b
from typing import Final

from testfleet.triage.fingerprint_stack import Frame, frames, own
from testfleet.triage.fingerprint_text import specific, template, words
from testfleet.triage.text import clean

MAX_TEXT: Final = 40_000
"""Characters of a stack that are read, half of them from its end."""
_MAX_TITLE: Final = 300
_HEAD_LINES: Final = 3


class Scope(StrEnum):
    """Where the cause can lie."""

    OUTSIDE = "outside"
    CODE = "code"
    TEST = "test"


@dataclass(frozen=True)
class FailureText:
    """What a run knows of one failure."""

    test: str
    file: str
    message: str
    """One line, as in the report."""
    stack: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Trace:
    """A failure's text, read."""

    kind: str
    """Type of the exception or code of the compiler. Empty if there is none."""
    message: str
    """Without the type."""
    frames: tuple[Frame, ...]
    """Innermost first."""
    home: str = ""
    """The test's id without parameters, for stacks without a frame."""

    @cached_property
    def scope(self) -> Scope:
        """Where the cause can lie."""
        if _OUTSIDE.search(self.kind) or _OUTSIDE_MESSAGE.search(self.message):
            return Scope.OUTSIDE
        if self.place is not None:
            return Scope.CODE
        if self.is_interface:
            return Scope.OUTSIDE
        is_assertion = self.kind.endswith("AssertionError") or bool(_ASSERTED.match(self.message))
        return Scope.TEST if is_assertion or self.where else Scope.OUTSIDE

    @cached_property
    def is_interface(self) -> bool:
        """Whether the message says that a name or a signature is not what its user thought."""
        return bool(_INTERFACE.search(self.message)) and "NoneType" not in self.message

    @property
    def spelt_out(self) -> str:
        """The line of code that raised it, if that spells its message out: then all that differs
        between two messages are values."""
        source = self.place.source if self.place and self.scope is Scope.CODE else ""
        is_literal = source.startswith("raise ") and ("'" in source or '"' in source)
        return source if is_literal else ""

    @cached_property
    def place(self) -> Frame | None:
        """The innermost frame of the project that is no test's own."""
        return next((frame for frame in own(self.frames) if not frame.is_test), None)

    @cached_property
    def where(self) -> Frame | None:
        """The place to look at: that of the code, else that of the test."""
        return self.place or next(iter(own(self.frames)), None)

    @cached_property
    def template(self) -> str:
        """The message without values."""
        return template(self.message)

    @cached_property
    def specific(self) -> str:
        """The message with its names, without chance."""
        return specific(self.message)

    @cached_property
    def words(self) -> frozenset[str]:
        """What it is compared by."""
        return words(self.specific if self.scope is Scope.OUTSIDE else self.template)

    @property
    def title(self) -> str:
        """One line for a person."""
        text = f"{self.kind}: {self.message}" if self.kind else self.message
        return (text.strip() or "no message")[:_MAX_TITLE]

    @cached_property
    def fingerprint(self) -> str:
        """16 hexadecimal digits."""
        return digest(self.scope, self.kind, *self._parts())

    def _parts(self) -> tuple[str, ...]:
        if self.scope is Scope.OUTSIDE:
            return (self.specific,)
        frame = self.where
        place = frame.place if frame else self.home
        if self.scope is Scope.TEST and frame and frame.source and _ASSERTED.match(self.message):
            return (place, template(frame.source))
        if self.spelt_out:
            return (place, self.spelt_out)
        return (place, self.specific if self.is_interface else self.template)


def read_trace(failure: FailureText) -> Trace:
    """Read a failure. Any text is accepted; what is not understood stays in the message."""
    text = _bounded(failure.stack)
    lines = _root_cause(clean(text))
    kind, message = _raised(lines)
    own_kind, own_message = _split(clean(_bounded(failure.message))[:_HEAD_LINES])
    if not kind or (own_kind and len(lines) <= 1):
        kind, message = own_kind or kind, own_message or message
    found = tuple(frames(lines, failure.file))
    return Trace(kind, message or own_message, found, failure.test.partition("[")[0])


def fingerprint(failure: FailureText) -> str:
    """The failure's fingerprint: 16 hexadecimal digits."""
    return read_trace(failure).fingerprint


def digest(*parts: str) -> str:
    """A short name for these parts, the same on every machine."""
    joined = "\x00".join(parts).encode("utf-8", "replace")
    return blake2b(joined, digest_size=8).hexdigest()


_OUTSIDE: Final = re.compile(
    r"(?:^|\.)(?:ModuleNotFoundError|ImportError|ConnectionError|Connection\w{0,30}Error"
    r"|\w{0,40}Connect(?:ion)?(?:Exception|Timeout)|OperationalError|gaierror|MemoryError"
    r"|OutOfMemoryError|UnknownHostException|NoClassDefFoundError|ClassNotFoundException"
    r"|MaxRetryError|NewConnectionError|SSLError|DockerException|NoSpaceLeft\w{0,20}"
    r"|PermissionError|BrokenPipeError)$"
    r"|^TS\d{4,5}$"
)
_OUTSIDE_MESSAGE: Final = re.compile(
    r"ECONN\w{3,10}|ENOTFOUND|EAI_AGAIN|ENOSPC|EMFILE|EADDRINUSE|EACCES|ENOMEM"
    r"|No space left on device|[Cc]onnection refused|Address already in use|Too many open files"
    r"|Temporary failure in name resolution|Cannot find module|could not be resolved"
    r"|Cannot connect to the Docker daemon|JavaScript heap out of memory"
    r"|fixture '\w{1,100}' not found"
)
_INTERFACE: Final = re.compile(
    r"has no attribute '|unexpected keyword argument|required (?:positional|keyword-only) argument"
    r"|takes \d{1,3} positional|is not defined|is not a function|is not a constructor"
    r"|has no exported member|cannot find symbol"
)
_ASSERTED: Final = re.compile(r"assert |expect\(|Expected |expected ")
_KIND: Final = re.compile(
    r"(?:E {1,7}|Uncaught |Unhandled |Caused by: |\[|Exception in thread \S{1,100} )?"
    r"(?P<kind>(?:[A-Za-z_]\w{0,100}[.$]|[A-Za-z_]\w{0,100}::){0,12}[A-Z]\w{0,100}"
    r"|[a-z]\w{0,40}\.\w{1,80}|gaierror|timeout)"
    r"(?: \[\w{1,60}\])?(?P<colon>:| \()?(?: (?P<message>.*))?$"
)
_ERROR_NAME: Final = re.compile(
    r"(?:Error|Exception|Warning|Failure|Failed|Exit|Interrupt|Timeout|Refused|Violation|Abort"
    r"|DoesNotExist|NotFound|Invalid|Fault|StopIteration|Cancelled|gaierror|timeout|Problem)$"
)
_COMPILED: Final = re.compile(
    r".{0,300}?\berror (?P<kind>TS\d{4,5}|E\d{4}|\[E\d{4}\])?: (?P<message>.*)"
)
_PANICKED: Final = re.compile(
    r"(?:thread '.{0,100}' )?(?P<kind>panic(?:ked)?)(?: at |: )(?P<message>.*)"
)
_DIRECT_CAUSE: Final = "The above exception was the direct cause of the following exception"
_JAVA_CAUSE: Final = "Caused by: "


def _bounded(text: str) -> str:
    if len(text) <= MAX_TEXT:
        return text
    return text[: MAX_TEXT // 2] + "\n" + text[-MAX_TEXT // 2 :]


def _root_cause(lines: Sequence[str]) -> Sequence[str]:
    """The lines of the first cause of all: what wraps it differs from place to place."""
    for at, line in enumerate(lines):
        if line.startswith(_DIRECT_CAUSE):
            return lines[:at]
    causes = [at for at, line in enumerate(lines) if line.startswith(_JAVA_CAUSE)]
    return lines[causes[-1] :] if causes else lines


def _raised(lines: Sequence[str]) -> tuple[str, str]:
    """Type and message in a stack: pytest's last block of `E` lines, else the last line that
    begins with a type where a traceback ends with it, else the first."""
    marked = [at for at, line in enumerate(lines) if line.startswith("E  ")]
    if marked:
        first = marked[-1]
        while first and lines[first - 1].startswith("E  "):
            first -= 1
        return _split([lines[first][1:]])
    for line in lines:
        if (found := _COMPILED.match(line)) or (found := _PANICKED.match(line)):
            return (found["kind"] or "error").strip("[]"), found["message"].strip()
    ends_with_type = any(line.startswith("Traceback (most recent call last)") for line in lines)
    for line in reversed(lines) if ends_with_type else lines:
        kind, message = _split([line])
        if kind:
            return kind, message
    return "", next((line.strip() for line in lines if line.strip()), "")


def _split(lines: Sequence[str]) -> tuple[str, str]:
    text = next((line.strip() for line in lines if line.strip()), "")
    found = _KIND.match(text)
    if found and (
        _ERROR_NAME.search(found["kind"]) and (found["colon"] or found.end("kind") == len(text))
    ):
        return found["kind"], (found["message"] or "").strip()
    if text.startswith("assert "):
        return "AssertionError", text
    if text.startswith("expect("):
        return "AssertionError", text
    return "", text
