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
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from hashlib import blake2b
from typing import Final

from testfleet.mask import mask
from testfleet.triage.fingerprints.error import error_of, raised, root_cause
from testfleet.triage.fingerprints.stack import Frame, frames, own
from testfleet.triage.fingerprints.text import names, specific, template, words
from testfleet.triage.text import clean

MAX_TEXT: Final = 40_000
"""Characters of a stack that are read, half of them from its end."""
_MAX_TITLE: Final = 300
_MAX_MASKED: Final = 4 * _MAX_TITLE
"""A secret that is cut in half is not known any more."""
_HEAD_LINES: Final = 3
_MIN_MESSAGE: Final = 40
"""Characters below which a message without a type may be a heading."""


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

    @cached_property
    def names(self) -> frozenset[str]:
        """What is quoted in its message, and its addresses."""
        return names(self.specific)

    @property
    def title(self) -> str:
        """One line for a person, without secrets."""
        text = f"{self.kind}: {self.message}" if self.kind else self.message
        return mask(text[:_MAX_MASKED]).strip()[:_MAX_TITLE] or "no message"

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
    lines = root_cause(clean(text))
    kind, message = raised(lines)
    own_kind, own_message = error_of(clean(_bounded(failure.message))[:_HEAD_LINES])
    if own_kind and (not kind or len(lines) <= 1):
        kind, message = own_kind, own_message
    elif not kind and len(own_message) >= _MIN_MESSAGE:
        message = own_message
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


def _bounded(text: str) -> str:
    if len(text) <= MAX_TEXT:
        return text
    return text[: MAX_TEXT // 2] + "\n" + text[-MAX_TEXT // 2 :]
