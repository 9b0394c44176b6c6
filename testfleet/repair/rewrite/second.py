"""Second edits: what the engine proposes once a first edit is in place, as one candidate."""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from testfleet.contracts.repair import Candidate, TextEdit
from testfleet.repair.engine import Fault
from testfleet.repair.rewrite.duplicates import apply_edits
from testfleet.repair.rewrite.reading.source import Edit

_LINE_END: Final = re.compile(r"\r\n|\r|\n")


def after_first(first: Candidate, fault: Fault) -> Fault:
    """The fault as it stands with the first edit done: its text, its suspicious lines."""
    changed = {path: _of(first, path) for path in {edit.path for edit in first.edits}}
    lines = [
        line.model_copy(
            update={
                "line": _line_after(fault.sources[line.path], line.line, changed[line.path]),
            }
        )
        if line.path in changed
        else line
        for line in fault.lines
    ]
    sources = dict(fault.sources)
    for path, edits in changed.items():
        sources[path] = apply_edits(sources[path], edits)
    return Fault(tests=fault.tests, lines=lines, sources=sources, test_files=fault.test_files)


def joined(
    sources: Mapping[str, str], first: Candidate, seconds: Iterator[Candidate]
) -> Iterator[Candidate]:
    """Each second candidate with the first one's edits, in positions of the original texts.

    A second edit that undoes the first one is left out.
    """
    for second in seconds:
        text = sources[second.path]
        merged = _merged(text, _of(first, second.path), _of(second, second.path))
        if apply_edits(text, merged) == text:
            continue
        others = [edit for edit in first.edits if edit.path != second.path]
        edits = [TextEdit(path=second.path, start=e.start, end=e.end, text=e.text) for e in merged]
        yield second.model_copy(
            update={
                "edits": (*others, *edits),
                "template": f"{first.template}+{second.template}",
                "prior": first.prior * second.prior,
            }
        )


def _of(candidate: Candidate, path: str) -> list[Edit]:
    """What the candidate does to one file."""
    return sorted(Edit(e.start, e.end, e.text) for e in candidate.edits if e.path == path)


def _line_after(text: str, line: int, edits: Sequence[Edit]) -> int:
    """The line's number with the edits done; edits on the line itself leave it."""
    starts = [0, *(match.end() for match in _LINE_END.finditer(text))]
    shift = 0
    for edit in edits:
        if bisect.bisect_right(starts, edit.start) < line or edit.start == starts[line - 1]:
            added = len(_LINE_END.findall(edit.text))
            shift += added - len(_LINE_END.findall(text[edit.start : edit.end]))
    return max(1, line + shift)


def _merged(text: str, first: Sequence[Edit], second: Sequence[Edit]) -> list[Edit]:
    """Edits of the original text that do the first's and then the second's.

    Where one touches what the other wrote, they become one edit over both.
    """
    placed: list[Edit] = []
    shift = 0
    for edit in first:
        start = edit.start + shift
        placed.append(Edit(start, start + len(edit.text), ""))
        shift += len(edit.text) - (edit.end - edit.start)
    if any(new.start <= old.end and old.start <= new.end for new in second for old in placed):
        return [_covering(text, first, second)]
    found = list(first)
    for new in second:
        before = [edit for edit, old in zip(first, placed, strict=True) if old.end < new.start]
        shift = sum(len(edit.text) - (edit.end - edit.start) for edit in before)
        found.append(Edit(new.start - shift, new.end - shift, new.text))
    return sorted(found)


def _covering(text: str, first: Sequence[Edit], second: Sequence[Edit]) -> Edit:
    between = apply_edits(text, first)
    after = apply_edits(between, second)
    start = min(first[0].start, second[0].start)
    tail = min(
        len(text) - max(edit.end for edit in first),
        len(between) - max(edit.end for edit in second),
    )
    return Edit(start, len(text) - tail, after[start : len(after) - tail])
