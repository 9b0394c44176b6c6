"""Where a fault may be: who executes what, and where the failing tests' errors came from."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from testfleet.contracts.change import FileChange
from testfleet.contracts.repair import SuspiciousLine
from testfleet.repair.javascript.runner import TestResult
from testfleet.repair.localise.spectrum import Spectrum, ochiai, spectrum_of

Lines = Mapping[str, Sequence[int]]
"""Executed lines by file."""
_FRAME: Final = re.compile(r"(?:file://)?([^\s():]+):(\d+):\d+")
_COLOUR: Final = re.compile(r"\x1b\[[0-9;]*m")
_ERROR: Final = re.compile(r"\b\w*Error: [^\n]*")
_THROWN: Final = 0.95
"""Of the innermost own line of a stack, when the error is no assertion's."""
_ABOVE: Final = 0.75
_NEAR: Final = 6
_BESIDE: Final = 0.3
"""Of lines near a stack's, where a file that cannot be loaded has run no test."""
_TOUCHED: Final = 0.4
_PLAIN: Final = 0.55
"""Least score of a line that all failing tests execute, beside one that only they do."""


@dataclass(frozen=True)
class Evidence:
    """What is known about failing and passing tests."""

    failing: Sequence[TestResult]
    executed: Mapping[str, Lines]
    """By test."""
    root: Path
    """Of the copy in which they ran."""
    sources: frozenset[str]
    """Files that may be edited."""
    changes: Sequence[FileChange] = ()


def frames(evidence: Evidence, test: TestResult) -> list[tuple[str, int]]:
    """The project's own lines in a failure's stack, innermost first."""
    found = []
    for path, line in _FRAME.findall(_COLOUR.sub("", test.said)):
        name = path.removeprefix(f"{evidence.root}/")
        if name in evidence.sources and (name, int(line)) not in found:
            found.append((name, int(line)))
    return found


def suspicious(evidence: Evidence) -> list[SuspiciousLine]:
    """Lines that may be at fault, the most suspicious first."""
    failing = {test.id for test in evidence.failing}
    spectrum = spectrum_of(
        [lines for test, lines in evidence.executed.items() if test in failing],
        [lines for test, lines in evidence.executed.items() if test not in failing],
    )
    thrown = _thrown(evidence)
    scored = []
    for place in sorted({*spectrum.counts, *thrown}):
        path, line = place
        if path not in evidence.sources:
            continue
        score, reasons = _score(spectrum, place, thrown.get(place, 0.0))
        if any(change.path == path and _touches(change, line) for change in evidence.changes):
            score = 1 - (1 - score) * (1 - _TOUCHED)
            reasons.append("touched by the last change")
        scored.append(SuspiciousLine(path=path, line=line, score=score, reasons=tuple(reasons)))
    return sorted(scored, key=lambda one: (-one.score, one.path, one.line))


def _score(spectrum: Spectrum, place: tuple[str, int], thrown: float) -> tuple[float, list[str]]:
    score, reasons = 0.0, []
    if place in spectrum.counts:
        failed, passed = spectrum.counts[place]
        value = ochiai(spectrum, place)
        share = failed / max(1, spectrum.failed)
        score = share * (_PLAIN * value + (1 - _PLAIN) * value**0.5)
        reasons.append(
            f"runs in {failed} of {spectrum.failed} failing tests and {passed} of"
            f" {spectrum.passed} others (Ochiai {value:.2f})"
        )
    if thrown:
        score = max(score, thrown)
        reasons.append("the error came through it")
    return min(1.0, score), reasons


def _thrown(evidence: Evidence) -> dict[tuple[str, int], float]:
    found: dict[tuple[str, int], float] = {}
    for test in evidence.failing:
        for depth, place in enumerate(frames(evidence, test)[:8]):
            found[place] = max(found.get(place, 0.0), _THROWN if not depth else _ABOVE)
    if not evidence.executed:
        for path, line in list(found):
            for near in range(max(1, line - _NEAR), line + _NEAR + 1):
                found.setdefault((path, near), _BESIDE)
    return found


def _touches(change: FileChange, line: int) -> bool:
    return any(first - 1 <= line <= last + 1 for first, last in change.lines)


def hints(evidence: Evidence) -> dict[str, str]:
    """What was thrown on the innermost line of each failing test, by `file:line`."""
    found: dict[str, str] = {}
    for test in evidence.failing:
        for path, line in frames(evidence, test)[:1]:
            said = _COLOUR.sub("", test.said)
            error = _ERROR.search(said)
            found[f"{path}:{line}"] = (error.group() if error else said.partition("\n")[0])[:300]
    return found


def executed_lines(
    results: Sequence[TestResult], report: Path, lines: Mapping[str, Sequence[Sequence[int]]]
) -> dict[str, Lines]:
    """Lines by test. Vitest hands over what was executed with the result, Jest in `report`."""
    found: dict[str, Lines] = {}
    for one in results:
        if one.meta:
            found[one.id] = _lines_of(one.meta, lines)
    for told in _told(report):
        found[f"{told['path']} {told['test']}"] = _lines_of(told, lines)
    return found


def _told(report: Path) -> Iterator[Mapping[str, Any]]:
    if report.exists():
        for line in report.read_text("utf-8", "replace").splitlines():
            try:
                told = json.loads(line)
            except ValueError:
                continue  # A test that was ended while it wrote.
            yield told


def _lines_of(told: Mapping[str, Any], lines: Mapping[str, Sequence[Sequence[int]]]) -> Lines:
    found: dict[str, set[int]] = {}
    for part in (told.get("base") or {}, told.get("hits") or {}):
        for path, counters in part.items():
            known = lines.get(path, ())
            for counter in map(int, counters):
                if counter < len(known):
                    found.setdefault(path, set()).update(known[counter])
    return {path: sorted(numbers) for path, numbers in found.items()}
