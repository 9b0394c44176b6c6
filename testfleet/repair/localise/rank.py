"""Joins all that speaks against a line into one order, with its reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from testfleet.contracts.change import FileChange
from testfleet.contracts.repair import SuspiciousLine
from testfleet.repair.engine import Frame
from testfleet.repair.localise.functions import function_at, functions_of
from testfleet.repair.localise.spectrum import Line, Spectrum, dstar, ochiai, spectrum_of
from testfleet.repair.localise.texture import LEAST, textures
from testfleet.repair.validate.messages import TestRun

MOST_LINES: Final = 400
_INNERMOST: Final = 0.35
"""What the frame that raised is worth, beside Ochiai's 1; each frame further out is worth less."""
_DECAY: Final = 0.6
_HUNG: Final = 0.3
_CHANGED: Final = 0.3
_IMPORTED: Final = 0.45
"""Share of Ochiai that a line keeps which runs while modules are imported: definitions, mostly."""
_TOGETHER: Final = 2
"""One fault, which is the usual case, is executed by all tests that fail of it: a line that only a
share of them executes counts by a power of that share."""
_DSTAR: Final = 0.02
"""DStar only decides between lines that Ochiai holds equal."""


@dataclass(frozen=True)
class Evidence:
    """All that is known about the failing tests."""

    failing: Sequence[TestRun]
    passing: Sequence[TestRun]
    imported: Mapping[str, set[int]]
    """Lines that ran while test files were collected."""
    sources: Mapping[str, str]
    """Files that may be at fault."""
    changes: Sequence[FileChange] = ()


@dataclass
class _Mark:
    score: float = 0.0
    reasons: list[str] = field(default_factory=list)

    def add(self, score: float, reason: str) -> None:
        self.score += score
        if reason not in self.reasons:
            self.reasons.append(reason)


def rank_lines(evidence: Evidence) -> list[SuspiciousLine]:
    """Most suspicious first; at most `MOST_LINES`. Scores are relative to the first."""
    marks: dict[Line, _Mark] = {}
    _judge_spectrum(marks, evidence)
    for run in evidence.failing:
        _judge_frames(marks, run, 1 / len(evidence.failing))
    _judge_changes(marks, evidence.changes)
    known = {line: mark for line, mark in marks.items() if line[0] in evidence.sources}
    paths = {path for path, _ in known}
    worth = {path: textures(evidence.sources[path]) for path in paths}
    for (path, line), mark in known.items():
        mark.score *= worth[path].get(line, LEAST) if worth[path] else 1.0
    best = max((mark.score for mark in known.values()), default=1.0) or 1.0
    functions = {path: functions_of(evidence.sources[path]) for path in paths}
    ranked = sorted(known.items(), key=lambda item: (-item[1].score, item[0]))
    return [
        SuspiciousLine(
            path=path,
            line=line,
            score=max(0.0, min(1.0, mark.score / best)),
            reasons=tuple(mark.reasons),
            function=function_at(functions[path], line),
        )
        for (path, line), mark in ranked[:MOST_LINES]
    ]


def _judge_spectrum(marks: dict[Line, _Mark], evidence: Evidence) -> None:
    spectrum = spectrum_of(
        [run.lines for run in evidence.failing], (run.lines for run in evidence.passing)
    )
    most = max((dstar(spectrum, line) for line in spectrum.counts), default=0.0) or 1.0
    for line in spectrum.counts:
        value = ochiai(spectrum, line)
        share = spectrum.counts[line][0] / max(1, spectrum.failed)
        score = value * share**_TOGETHER + _DSTAR * dstar(spectrum, line) / most
        marks.setdefault(line, _Mark()).add(score, _executed(spectrum, line, value))
    share = len(evidence.failing) / max(1, len(evidence.failing) + len(evidence.passing))
    for path, lines in evidence.imported.items():
        for number in lines:
            if (path, number) not in marks:
                mark = marks.setdefault((path, number), _Mark())
                mark.add(_IMPORTED * share**0.5, "runs when the tests import it")


def _executed(spectrum: Spectrum, line: Line, value: float) -> str:
    failed, passed = spectrum.counts[line]
    return (
        f"runs in {failed} of {spectrum.failed} failing tests and {passed} of"
        f" {spectrum.passed} passing ones (Ochiai {value:.2f})"
    )


def _judge_frames(marks: dict[Line, _Mark], run: TestRun, weight: float) -> None:
    worth = _INNERMOST * weight
    raised = () if run.hung else run.frames or run.chain
    for place in _distinct(raised):
        reason = f"{run.exception or 'the exception'} passed through it"
        marks.setdefault(place, _Mark()).add(worth, reason)
        worth *= _DECAY
    worth = _HUNG * weight
    for place in _distinct(run.hung):
        marks.setdefault(place, _Mark()).add(worth, "a test hung here")
        worth *= _DECAY


def _distinct(frames: Sequence[Frame]) -> list[Line]:
    """Innermost first; a recursion counts once."""
    return list(dict.fromkeys((frame.path, frame.line) for frame in reversed(frames)))


def _judge_changes(marks: dict[Line, _Mark], changes: Sequence[FileChange]) -> None:
    for change in changes:
        for first, last in change.lines:
            for (path, line), mark in marks.items():
                if path == change.path and first <= line <= last:
                    mark.add(_CHANGED, "the change under test touched it")
