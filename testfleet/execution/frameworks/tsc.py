"""`tsc`: the TypeScript compiler as a suite. Each file of the program is a test; its diagnostics
are why it fails."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from testfleet.contracts.result import Outcome
from testfleet.execution.frameworks.framework import (
    MESSAGE_LIMIT,
    Event,
    Exit,
    Job,
    Launch,
    Reading,
    cut,
    result,
)
from testfleet.execution.frameworks.tools import named_tool

_REFERENCES: Final = re.compile(r'"references"\s*:\s*\[\s*[^\]\s]')
_COMMENT: Final = re.compile(r'("(?:[^"\\\n]|\\.)*")|//[^\n]*|/\*.*?\*/', re.DOTALL)
_DIAGNOSTIC: Final = re.compile(r"^(?P<file>.+?)\((?P<at>\d+,\d+)\): error (?P<said>TS\d+: .*)$")
_GLOBAL: Final = re.compile(r"^error (?P<said>TS(?P<code>\d+): .*)$")
_MISUSE: Final = frozenset({"5023", "5024", "5025", "5083", "6044", "6045", "6064", "18002"})
"""Codes of what is wrong with the command line."""
MAX_BYTES: Final = 128 * 1024 * 1024
MAX_LINE: Final = 20_000


@dataclass
class Printed:
    """What the compiler has printed."""

    files: dict[str, None] = field(default_factory=dict)
    """Of the program, packages and the language's own left out."""
    diagnostics: dict[str, list[str]] = field(default_factory=dict)
    """By file, each with its further lines."""
    general: list[str] = field(default_factory=list)
    codes: set[str] = field(default_factory=set)
    """Of the general ones."""


class TscAdapter:
    """The project's own compiler, over one tsconfig."""

    name = "tsc"
    is_live = False
    collects_rest = False
    one_at_a_time = True

    def launch(self, job: Job) -> Launch:
        """`tsc -p`, or `tsc -b` for a tsconfig that refers to others. Nothing is emitted, but for
        projects that others refer to: these have to be."""
        project = job.units[0]
        compiler = named_tool(job, "tsc", "install typescript (npm install --save-dev typescript)")
        mode = ("--build", job.inside(project), "--force")
        if not _refers_to_others(job.tree / project):
            mode = ("--noEmit", "-p", job.inside(project))
        argv = (compiler, *mode, *job.args, "--pretty", "false", "--listFiles")
        return Launch(argv, output=job.scratch / "printed.txt")

    def read(self, job: Job, exit_: Exit) -> Reading:
        """A result for each file of the program."""
        if not exit_.is_own:
            return Reading(is_whole=False)
        printed = _parse(_lines(job.scratch / "printed.txt"), job)
        failed = printed.diagnostics.keys()
        events = (
            *(_failure(job, file, printed.diagnostics[file]) for file in failed),
            *(_event(job, file, Outcome.PASSED) for file in printed.files if file not in failed),
        )
        problem = ""
        if printed.general:
            problem = f"error {printed.general[0]}"
        elif exit_.status and not failed:
            problem = f"tsc ended with exit status {exit_.status} and told no error"
        is_misuse = bool(printed.codes & _MISUSE) and not printed.files
        return Reading(
            is_whole=True,
            events=events,
            problem=problem.partition("\n")[0][:MESSAGE_LIMIT],
            text="\n".join(printed.general),
            misuse=problem if is_misuse else "",
        )


def _refers_to_others(tsconfig: Path) -> bool:
    try:
        text = tsconfig.read_text("utf-8", "replace")
    except OSError:
        return False  # the compiler itself will say that there is none
    return bool(_REFERENCES.search(_COMMENT.sub(lambda found: found[1] or "", text)))


def _lines(path: Path) -> Iterator[str]:
    if not path.is_file():
        return
    with path.open("rb") as file:
        text = file.read(MAX_BYTES).decode("utf-8", "replace")
    yield from (line[:MAX_LINE].rstrip("\r") for line in text.split("\n"))


def _parse(lines: Iterable[str], job: Job) -> Printed:
    printed = Printed()
    latest: list[str] = []
    """Where a line that begins with a space belongs: it goes on with what stands above it."""
    for line in lines:
        found = _DIAGNOSTIC.match(line)
        general = _GLOBAL.match(line)
        if found:
            latest = printed.diagnostics.setdefault(_shown(found["file"], job), [])
            latest.append(f"{_shown(found['file'], job)}({found['at']}): {found['said']}")
        elif general:
            latest = printed.general
            latest.append(general["said"])
            printed.codes.add(general["code"])
        elif line.startswith(" ") and latest:
            latest[-1] += f"\n{line}"
        elif line.startswith("/") and not line.endswith(".d.ts") and _is_own(line, job):
            printed.files[_shown(line, job)] = None
    return printed


def _is_own(path: str, job: Job) -> bool:
    return "/node_modules/" not in path and not Path(job.unit_of(path)).is_absolute()


def _shown(path: str, job: Job) -> str:
    """The file as the suite's folder sees it: that is the id of its test."""
    unit = job.unit_of(path)
    return unit if Path(unit).is_absolute() else job.inside(unit)


def _failure(job: Job, file: str, diagnostics: list[str]) -> Event:
    first, count = diagnostics[0].partition("\n")[0], len(diagnostics)
    more = f" (and {count - 1} more)" if count > 1 else ""
    message = f"{cut(first, MESSAGE_LIMIT - len(more) - 50)}{more}"
    text = "\n".join(diagnostics)
    return _event(job, file, Outcome.FAILED, message=message, longrepr=text)


def _event(job: Job, file: str, outcome: Outcome, **more: str) -> Event:
    return result(job.units[0], file, outcome, **more)
