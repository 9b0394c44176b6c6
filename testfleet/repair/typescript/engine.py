"""The engine `tools` for Python suites: what Ruff knows how to fix near the suspicious lines."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from testfleet.contracts.repair import Candidate, SuspiciousLine, TextEdit
from testfleet.repair.engine import Fault

_TIME_LIMIT_S: Final = 20
MOST_FILES: Final = 5
RULES: Final = (
    # Rules that find faults of behaviour. Those about style have fixes that change no test.
    *("F", "B", "PLE", "PLW", "E711", "E712", "E713", "E714", "E721", "RET503", "ASYNC"),
    *("RUF006", "RUF008", "RUF009", "RUF012"),
)
NO_REPAIRS: Final = ("F401", "F541", "F811", "F841")
"""What is unused or said twice is in nobody's way when a test runs: its removal repairs nothing."""
_PRIOR: Final = {"safe": 0.25, "unsafe": 0.35, "display": 0.1}
"""By Ruff's own view. A fix that it calls unsafe changes what the code does, as a repair must."""


@dataclass(frozen=True)
class _Fix:
    """One finding of Ruff that has a fix."""

    rule: str
    line: int
    prior: float
    edits: tuple[tuple[int, int, str], ...]


class ToolsEngine:
    """Fixes of the ecosystem's own tools. TypeScript has a search of its own, see
    `testfleet.repair.typescript.fix`."""

    name = "tools"

    def candidates(self, fault: Fault) -> Iterator[Candidate]:
        """Ruff's fixes of the most suspicious files, those on suspicious lines first."""
        ruff = _ruff()
        if ruff is None:
            return
        by_path: dict[str, list[SuspiciousLine]] = {}
        for line in fault.lines:
            if line.path in fault.sources and line.path not in fault.test_files:
                by_path.setdefault(line.path, []).append(line)
        for path, lines in list(by_path.items())[:MOST_FILES]:
            text = fault.sources[path]
            for fix in _near(_fixes(ruff, path, text), lines):
                yield self._candidate(path, fix, lines)

    def _candidate(self, path: str, fix: _Fix, lines: Sequence[SuspiciousLine]) -> Candidate:
        nearest = min(lines, key=lambda one: (abs(one.line - fix.line), -one.score))
        return Candidate(
            engine=self.name,
            template=f"ruff-{fix.rule}",
            edits=tuple(
                TextEdit(path=path, start=start, end=end, text=made)
                for start, end, made in fix.edits
            ),
            path=path,
            line=nearest.line,
            suspiciousness=nearest.score,
            prior=fix.prior,
        )


def _near(fixes: Sequence[_Fix], lines: Sequence[SuspiciousLine]) -> list[_Fix]:
    scores = {line.line: line.score for line in lines}
    return sorted(fixes, key=lambda fix: (-scores.get(fix.line, 0.0), fix.line, fix.rule))


def _ruff() -> str | None:
    """The project's or ours: Ruff reads text and runs none of it."""
    beside = Path(sys.executable).parent / "ruff"
    return str(beside) if beside.exists() else shutil.which("ruff")


def _fixes(ruff: str, path: str, text: str) -> list[_Fix]:
    """All that Ruff offers for a file; nothing when it fails, since it is one source of many."""
    command = [ruff, "check", "--isolated", "--no-cache", "--output-format=json"]
    rules = f"--select={','.join(RULES)}", f"--ignore={','.join(NO_REPAIRS)}"
    options = [*rules, "--unsafe-fixes", f"--stdin-filename={path}", "-"]
    try:
        done = subprocess.run(
            [*command, *options],
            input=text.encode("utf-8", "surrogatepass"),
            capture_output=True,
            check=False,
            timeout=_TIME_LIMIT_S,
        )
        found = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return []
    starts = _line_starts(text)
    return [_read(raw, starts) for raw in found if raw.get("fix")]


def _read(raw: Mapping[str, Any], starts: Sequence[int]) -> _Fix:
    fix = raw["fix"]
    edits = tuple(
        (_offset(starts, edit["location"]), _offset(starts, edit["end_location"]), edit["content"])
        for edit in fix["edits"]
    )
    prior = _PRIOR.get(fix["applicability"], _PRIOR["display"])
    return _Fix(str(raw["code"]), int(raw["location"]["row"]), prior, edits)


def _line_starts(text: str) -> list[int]:
    """Offset of the first character of every line, and of the one behind the last."""
    ends = [found.end() for found in re.finditer(r"\r\n|\r|\n", text)]
    return [0, *ends, len(text)]


def _offset(starts: Sequence[int], place: Mapping[str, int]) -> int:
    return starts[place["row"] - 1] + place["column"] - 1
