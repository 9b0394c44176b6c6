"""The type and the message of an error, in the words of the tool that raised it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

_KIND: Final = re.compile(
    r"(?:E {1,7}|[\w.-]{1,60}\.js:\d{1,6} )?"
    r"(?:Uncaught |Unhandled |Caused by: |\[|\{ |Exception in thread \S{1,100} )?"
    r"(?P<kind>(?:[A-Za-z_]\w{0,100}[.$]|[A-Za-z_]\w{0,100}::){0,12}[A-Z]\w{0,100}"
    r"|[a-z]\w{0,40}\.\w{1,80}|gaierror|timeout)"
    r"(?: \[\w{1,60}\])?(?P<colon>:| \(|$) ?(?P<message>.*)$"
)
_ERROR_NAME: Final = re.compile(
    r"(?:Error|Exception|Warning|Failure|Failed|Exit|Interrupt|Timeout|Refused|Violation|Abort"
    r"|DoesNotExist|NotFound|Invalid|Bad|Denied|Fault|StopIteration|Cancelled|gaierror|timeout|Problem)$"
)
_COMPILED: Final = re.compile(
    r".{0,300}?\berror (?P<kind>TS\d{4,5}|E\d{4}|\[E\d{4}\])?: (?P<message>.*)"
)
_PANICKED: Final = re.compile(
    r"(?:thread '.{0,100}' )?(?P<kind>panic(?:ked)?)(?: at |: )(?P<message>.*)"
)
_SAID_LINES: Final = 4
"""Where no line has a type, the first may be a heading."""
_DIRECT_CAUSE: Final = "The above exception was the direct cause of the following exception"
_JAVA_CAUSE: Final = "Caused by: "


def root_cause(lines: Sequence[str]) -> Sequence[str]:
    """The lines of the first cause of all: what wraps it differs from place to place."""
    for at, line in enumerate(lines):
        if line.startswith(_DIRECT_CAUSE):
            return lines[:at]
    causes = [at for at, line in enumerate(lines) if line.startswith(_JAVA_CAUSE)]
    return lines[causes[-1] :] if causes else lines


def raised(lines: Sequence[str]) -> tuple[str, str]:
    """Type and message in a stack: pytest's last block of `E` lines, else the last line that
    begins with a type where a traceback ends with it, else the first."""
    marked = [at for at, line in enumerate(lines) if line.startswith("E  ")]
    if marked:
        first = marked[-1]
        while first and lines[first - 1].startswith("E  "):
            first -= 1
        return error_of([lines[first][1:]])
    for line in lines:
        if (found := _COMPILED.match(line)) or (found := _PANICKED.match(line)):
            return (found["kind"] or "error").strip("[]"), found["message"].strip()
    ends_with_type = any(line.startswith("Traceback (most recent call last)") for line in lines)
    for line in reversed(lines) if ends_with_type else lines:
        kind, message = error_of([line])
        if kind:
            return kind, message
    return "", " ".join([line.strip() for line in lines if line.strip()][:_SAID_LINES])


def error_of(lines: Sequence[str]) -> tuple[str, str]:
    """Type and message of the first line that says anything. The type is empty if none is there."""
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
