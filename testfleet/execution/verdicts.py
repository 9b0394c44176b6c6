"""What is said of tests whose process did not live to say it itself."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final, NamedTuple

from testfleet.contracts.result import Outcome, TestResult
from testfleet.execution.journal import clean
from testfleet.execution.session import SessionEnd

MESSAGE_LIMIT = 1000
_COLOUR: Final = re.compile(r"\x1b\[[0-9;]*m")
IDLE: Final = (
    "it ended well without running a test, so an argument asks for something else"
    " (--collect-only, --help, --fixtures)"
)
_SIGNS = (": error: ", "Error", "ERROR")
"""Marks of a line that says what is wrong, the best first."""


def unstarted(end: SessionEnd) -> str:
    """Why the interpreter did not even begin our bootstrap. Empty when it did, or was killed."""
    if end.state.pid is not None or end.ending.stop is not None or (end.ending.status or 0) < 0:
        return ""
    last = end.output.rpartition("\n")[2] or f"exit status {end.ending.status}"
    return f"the interpreter could not be started ({last})"


def second_attempt(result: TestResult, end: SessionEnd) -> TestResult:
    """What a test is worth that ended well or badly after its first process had died."""
    story = death(end, "this test ran; alone, in a new process, it passed")
    if result.outcome is Outcome.PASSED:
        return result.model_copy(
            update={
                "outcome": Outcome.FLAKY,
                "attempts": 2,
                "message": story.message[:MESSAGE_LIMIT],
                "longrepr": story.text,
            }
        )
    return result.model_copy(update={"attempts": 2})


class Complaint(NamedTuple):
    """What is wrong, in one line and at length."""

    message: str
    text: str


def death(end: SessionEnd, circumstance: str) -> Complaint:
    """The end of a process, with what it has printed last."""
    message = f"{end.description} while {circumstance}"
    text = end.state.stopped_text or end.output
    return Complaint(message, f"{message}\n\nEnd of the output:\n{text}" if text else message)


def failure(nodeid: str, unit: str, outcome: Outcome, complaint: Complaint) -> TestResult:
    """A result that no test process has reported."""
    return TestResult(
        id=clean(nodeid),
        file=clean(unit),
        outcome=outcome,
        duration_s=0.0,
        message=clean(complaint.message)[:MESSAGE_LIMIT],
        longrepr=clean(complaint.text),
    )


def misuse(end: SessionEnd, tree: Path) -> str:
    """What pytest itself says of its arguments or settings. Empty when it has no such complaint.

    It begins with "ERROR: "; that of a conftest that raises, which ends alike, does not.
    """
    if not end.is_misuse:
        return ""
    lines = _COLOUR.sub("", end.output).replace(f"{tree}{os.sep}", "").splitlines()
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    telling = [line for line in lines if ": error: " in line]
    if not errors:
        return ""
    return (telling or errors)[-1].partition(": error: ")[2] or errors[-1]


def headline(end: SessionEnd) -> str:
    """The line of pytest's complaint that says most."""
    lines = [line for line in end.output.splitlines() if line.strip()]
    if not end.is_refused or not lines or end.state.stopped:
        return f"{end.description} before it could run"
    telling = [line for sign in _SIGNS for line in lines if sign in line]
    first = (telling or lines)[0].replace("pytest.main()", "pytest")
    errors = [line[1:].strip() for line in lines if line.startswith("E ")]
    return f"{first} {errors[-1]}" if errors and errors[-1] not in first else first
