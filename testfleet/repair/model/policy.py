"""Which edits of a model are taken: of permitted files, exactly placed, and none of a test.

A model's answer is untrusted: it may have read an instruction in the very code that it was shown.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from testfleet.contracts.repair import TextEdit
from testfleet.repair.engine import Fault
from testfleet.repair.model.blocks import Block, Refused
from testfleet.repair.permitted import why_not_permitted

MAX_CHANGED: Final = 120
"""Lines that one answer may remove or bring."""
_ASSERTION: Final = re.compile(r"^\s*(?:assert\b|raise\s+AssertionError|(?:expect|assert\w*)\()")
_EVASION: Final = re.compile(
    r"\b(?:import\s+pytest|from\s+pytest|pytest\.(?:skip|xfail|mark)|unittest\.(?:skip|mock)|"
    r"os\._exit|sys\.exit|PYTEST_CURRENT_TEST|(?:it|test|describe)\.skip)\b"
)


def edits_of(blocks: Sequence[Block], fault: Fault) -> tuple[TextEdit, ...]:
    """The blocks as edits, in order of path and place. Raises Refused for all if one is wrong."""
    made = [_edit(block, fault) for block in blocks]
    edits = sorted((edit for edit in made if edit), key=lambda e: (e.path, e.start, e.end))
    if not edits:
        raise Refused("nothing is changed")
    if any(one.path == other.path and other.start < one.end for one, other in pairwise(edits)):
        raise Refused("edits that overlap")
    return tuple(edits)


def why_forbidden(path: str, fault: Fault) -> str:
    """Why a model may not edit a file; empty when it may."""
    if path in fault.test_files:
        return "an edit of a test"
    reason = why_not_permitted(path)
    if reason:
        return reason
    return "" if path in fault.sources else "an edit of a file that was not shown"


def breaks_python(path: str, before: str, after: str) -> bool:
    """Whether a Python file could be read before and cannot be any more."""
    return path.endswith(".py") and not _is_python(after) and _is_python(before)


def _is_python(text: str) -> bool:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _edit(block: Block, fault: Fault) -> TextEdit | None:
    path = block.path.removeprefix("./")
    forbidden = why_forbidden(path, fault)
    if forbidden:
        raise Refused(forbidden)
    _check_content(block)
    text = fault.sources[path]
    end = "\r\n" if "\r\n" in text else "\n"
    search = end.join(block.search)
    start = _place(text, search, end)
    replace = end.join(block.replace)
    stop = start + len(search)
    if not block.replace and text.startswith(end, stop):
        stop += len(end)  # Lines that go take their line end along.
    return _smallest(path, start, text[start:stop], replace)


def _check_content(block: Block) -> None:
    if not any(line.strip() for line in block.search):
        raise Refused("an edit block that searches for nothing")
    if max(len(block.search), len(block.replace)) > MAX_CHANGED:
        raise Refused(f"a change of more than {MAX_CHANGED} lines")
    if _count(_ASSERTION, block.search) > _count(_ASSERTION, block.replace):
        raise Refused("an assertion deleted")
    if _count(_EVASION, block.replace) > _count(_EVASION, block.search):
        raise Refused("code that evades the tests")


def _count(pattern: re.Pattern[str], lines: Sequence[str]) -> int:
    return sum(1 for line in lines if pattern.search(line[:2000]))


def _place(text: str, search: str, end: str) -> int:
    """Where the lines stand: at line starts and ends, exactly once."""
    places: list[int] = []
    at = text.find(search)
    while at >= 0 and len(places) < 2:  # noqa: PLR2004  two are too many already
        behind = at + len(search)
        begins = at == 0 or text[at - 1] == "\n"
        if begins and (behind == len(text) or text.startswith(end, behind)):
            places.append(at)
        at = text.find(search, at + 1)
    if len(places) == 1:
        return places[0]
    raise Refused("searched lines that stand there more than once" if places else
                  "searched lines that are not in the file")  # fmt: skip


def _smallest(path: str, start: int, old: str, new: str) -> TextEdit | None:
    """Without the whole lines that both begin or end with. None when nothing is left."""
    if old == new:
        return None
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    head = 0
    while head < min(len(before), len(after)) and before[head] == after[head]:
        head += 1
    tail = 0
    while tail < min(len(before), len(after)) - head and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    skipped = sum(map(len, before[:head]))
    kept = sum(map(len, before[len(before) - tail :]))
    return TextEdit(
        path=path,
        start=start + skipped,
        end=start + len(old) - kept,
        text="".join(after[head : len(after) - tail]),
    )
