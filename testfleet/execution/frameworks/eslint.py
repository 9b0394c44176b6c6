"""`eslint`: the linter as a suite. Each file is a test that errors fail; warnings are noted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from testfleet.contracts.result import Outcome
from testfleet.execution.frameworks.framework import (
    MESSAGE_LIMIT,
    Event,
    Exit,
    Job,
    Launch,
    Reading,
    first_line,
    result,
)
from testfleet.execution.frameworks.tools import named_tool

CRASHED: Final = 2
"""ESLint's exit status for settings that it cannot use, and for faults of its own."""
MAX_BYTES: Final = 256 * 1024 * 1024
_ERROR: Final = 2
_REPORT: Final = "eslint.json"


class EslintAdapter:
    """The project's own linter, over the whole suite."""

    name = "eslint"
    is_live = False
    collects_rest = False
    one_at_a_time = False

    def launch(self, job: Job) -> Launch:
        """`eslint` on what the suite's arguments name, by default on its folder."""
        args = job.args or (".",)
        report = ("--format", "json", "--output-file", str(job.scratch / _REPORT))
        return Launch((named_tool(job, "eslint"), *args, *report))

    def read(self, job: Job, exit_: Exit) -> Reading:
        """A result for each file that was looked at."""
        if not exit_.is_own:
            return Reading(is_whole=False)
        files = _files(job.scratch / _REPORT)
        if files is None:
            line = first_line(exit_.output) or f"exit status {exit_.status}"
            said = f"eslint told no results: {line}"
            misuse = said if exit_.status == CRASHED else ""
            return Reading(True, problem=said, text=exit_.output, misuse=misuse)  # noqa: FBT003
        events = tuple(_events(job, files))
        problem = ""
        if exit_.status and not any(event["outcome"] != Outcome.PASSED.value for event in events):
            last = exit_.output.rpartition("\n")[2].strip()
            problem = last or f"exit status {exit_.status} though no file has errors"
        return Reading(is_whole=True, events=events, problem=problem[:MESSAGE_LIMIT])


def _files(path: Path) -> list[Any] | None:
    """What ESLint wrote; None when it wrote nothing that can be read."""
    try:
        with path.open("rb") as file:
            found = json.loads(file.read(MAX_BYTES))
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, list) else None


def _events(job: Job, files: list[Any]) -> Iterator[Event]:
    for file in files:
        if not isinstance(file, dict) or not isinstance(file.get("filePath"), str):
            continue
        unit = job.unit_of(file["filePath"])
        name = unit if Path(unit).is_absolute() else job.inside(unit)
        messages = [one for one in file.get("messages", []) if isinstance(one, dict)]
        errors = [one for one in messages if one.get("fatal") or one.get("severity") == _ERROR]
        count = file.get("errorCount")
        is_bad = bool(errors) or (isinstance(count, int) and count > 0)
        outcome = Outcome.FAILED if is_bad else Outcome.PASSED
        lines = [_line(name, one) for one in (errors or messages)]
        warnings = len(messages) - len(errors)
        text = "\n".join(_line(name, one) for one in [*errors, *messages]) if errors else ""
        yield result(
            job.units[0],
            name,
            outcome,
            message=_headline(lines, warnings, is_bad=is_bad),
            longrepr=text and "\n".join(dict.fromkeys(text.split("\n"))),
        )


def _headline(lines: list[str], warnings: int, *, is_bad: bool) -> str:
    if is_bad:
        more = f" (and {len(lines) - 1} more)" if len(lines) > 1 else ""
        return f"{first_line(lines[0] if lines else 'errors')[: MESSAGE_LIMIT - 40]}{more}"
    return f"{warnings} warning{'s' * (warnings != 1)}: {lines[0]}" if warnings else ""


def _line(name: str, one: dict[str, Any]) -> str:
    rule = one.get("ruleId") or "syntax"
    kind = "error" if one.get("fatal") or one.get("severity") == _ERROR else "warning"
    said = first_line(str(one.get("message", "")))
    return f"{name}({one.get('line', 0)},{one.get('column', 0)}): {kind} {rule}: {said}"
