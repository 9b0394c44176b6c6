"""Second edits: what the engine proposes once a first edit is in place, as one candidate."""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator, Sequence
from typing import Final

from testfleet.contracts.repair import Candidate, TextEdit
from testfleet.repair.engine import Fault
from testfleet.repair.rewrite.duplicates import apply_edits
from testfleet.repair.rewrite.reading.source import Edit

_LINE_END: Final = re.compile(r"\r\n|\r|\n")


def after_first(first: Candidate, fault: Fault) -> Fault:
    """The fault as it stands with the first edit done: its text, its suspicious lines."""
    text = fault.sources[first.path]
    edits = _own(first)
    lines = [
        line.model_copy(update={"line": _line_after(text, line.line, edits)})
        if line.path == first.path
        else line
        for line in fault.lines
    ]
    sources = {**fault.sources, first.path: apply_edits(text, edits)}
    return Fault(tests=fault.tests, lines=lines, sources=sources, test_files=fault.test_files)


def joined(text: str, first: Candidate, seconds: Iterator[Candidate]) -> Iterator[Candidate]:
    """Each second candidate with the first one's edits, in positions of the original text."""
    for second in seconds:
        if second.path != first.path:
            edits = (*first.edits, *second.edits)
        else:
            merged = _merged(text, _own(first), _own(second))
            edits = tuple(
                TextEdit(path=first.path, start=e.start, end=e.end, text=e.text) for e in merged
            )
        yield second.model_copy(
            update={
                "edits": edits,
                "template": f"{first.template}+{second.template}",
                "prior": first.prior * second.prior,
            }
        )


def _own(candidate: Candidate) -> list[Edit]:
    return sorted(Edit(edit.start, edit.end, edit.text) for edit in candidate.edits)


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
