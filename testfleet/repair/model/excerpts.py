"""Pieces of a project's code that a model is shown: suspicious functions, and who calls them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from testfleet.contracts.repair import SuspiciousLine
from testfleet.repair.engine import Fault

AROUND: Final = 20
"""Lines before and after a suspicious one, where its function is too long or not known."""
LONGEST: Final = 90
"""Lines of a function that is shown whole."""
_CALLER: Final = 12
"""Lines before and after a call."""
_MOST_READ: Final = 200
"""Files that callers are looked for in."""


@dataclass(frozen=True)
class Excerpt:
    """Whole lines of a file, verbatim."""

    path: str
    first: int
    """From 1."""
    text: str

    @property
    def last(self) -> int:
        """The last line."""
        return self.first + self.text.count("\n")


def suspicious_excerpts(fault: Fault, most: int) -> list[Excerpt]:
    """The functions of the most suspicious lines, or what is around these; none twice."""
    found: list[Excerpt] = []
    for line in fault.lines:
        if len(found) >= most:
            break
        if line.path not in fault.sources or line.path in fault.test_files:
            continue
        excerpt = _around(line, fault.sources[line.path])
        if not any(_covers(known, line) for known in found):
            found.append(excerpt)
    return found


def callers(fault: Fault, excerpts: Sequence[Excerpt], most: int) -> list[Excerpt]:
    """Code that calls the functions of these lines, outside of the excerpts."""
    names = {line.function.rpartition(".")[2] for line in fault.lines[:10] if line.function}
    names = {name for name in names if name.isidentifier() and not name.startswith("__")}
    if not names:
        return []
    # Names are of the project: `sorted` makes the pattern, and so the choice, the same each time.
    call = re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(names)))})\(")
    found: list[Excerpt] = []
    for path, number in _calls(fault.sources, call):
        place = SuspiciousLine(path=path, line=number, score=0.0)
        if not any(_covers(known, place) for known in (*excerpts, *found)):
            found.append(_window(path, fault.sources[path], number, _CALLER))
        if len(found) >= most:
            break
    return found


def _calls(sources: Mapping[str, str], call: re.Pattern[str]) -> Iterator[tuple[str, int]]:
    for path in list(sources)[:_MOST_READ]:
        for number, text in enumerate(sources[path].split("\n"), 1):
            if call.search(text[:500]) and not text.lstrip().startswith(("def ", "async def ")):
                yield path, number


def _covers(excerpt: Excerpt, line: SuspiciousLine) -> bool:
    return excerpt.path == line.path and excerpt.first <= line.line <= excerpt.last


def _around(line: SuspiciousLine, text: str) -> Excerpt:
    span = _function(line, text)
    if span is None or span[1] - span[0] >= LONGEST:
        return _window(line.path, text, line.line, AROUND)
    return _cut(line.path, text, *span)


def _function(line: SuspiciousLine, text: str) -> tuple[int, int] | None:
    """First and last line of the outermost function around a line, decorators included."""
    if not line.path.endswith(".py"):
        return None
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    for node in ast.walk(tree):  # Breadth first, so the outermost comes first.
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
            if first <= line.line <= (node.end_lineno or node.lineno):
                return first, node.end_lineno or node.lineno
    return None


def _window(path: str, text: str, number: int, around: int) -> Excerpt:
    return _cut(path, text, number - around, number + around)


def _cut(path: str, text: str, first: int, last: int) -> Excerpt:
    lines = text.replace("\r\n", "\n").split("\n")
    first = max(1, first)
    return Excerpt(path, first, "\n".join(lines[first - 1 : min(last, len(lines))]))
