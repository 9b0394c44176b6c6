"""Candidates that are the same program as another one, or as the original, are left out.

Two texts are one program when they compile to the same instructions: trivial compiler equivalence
(Papadakis et al., ICSE 2015). A text that does not compile is none.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Sequence
from types import CodeType
from typing import Any

from testfleet.repair.rewrite.reading.source import Edit, Source, parse


class Programs:
    """The programs of one file that were seen."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._seen: set[object] = set()
        self._originals: dict[tuple[int, int], object] = {}
        self._texts: set[tuple[int, int, str]] = set()

    def is_new(self, edits: Sequence[Edit], around: ast.stmt | None) -> bool:
        """Whether the edits give a program that was not seen before; it counts as seen then."""
        start, end = self._stretch(edits, around)
        after = apply_edits(self.source.text, edits)
        end_after = end + len(after) - len(self.source.text)
        changed = after[start:end_after]
        if (start, end, changed) in self._texts:
            return False
        self._texts.add((start, end, changed))
        key = _program(changed)
        if key is None or key == self._original(start, end):
            return False
        key = (start, key)
        is_new = key not in self._seen
        self._seen.add(key)
        return is_new

    def _stretch(self, edits: Sequence[Edit], around: ast.stmt | None) -> tuple[int, int]:
        """Whole lines of the outermost statement that hold every edit; else the whole file."""
        if around is not None:
            first = min([around.lineno, *(d.lineno for d in getattr(around, "decorator_list", []))])
            start = self.source.starts[first - 1]
            end = self.source.line_end(around.end_lineno or around.lineno)
            if all(start <= edit.start and edit.end <= end for edit in edits):
                return start, end
        return 0, len(self.source.text)

    def _original(self, start: int, end: int) -> object:
        if (start, end) not in self._originals:
            self._originals[start, end] = _program(self.source.text[start:end])
        return self._originals[start, end]


def apply_edits(text: str, edits: Sequence[Edit]) -> str:
    """The text with every edit done."""
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end), reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def _program(text: str) -> object:
    """What the text does, as something to compare; None when it does not compile."""
    if text[:1] in {" ", "\t"}:
        text = f"if 1:\n{text}"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _instructions(compile(text, "", "exec", dont_inherit=True))
    except (SyntaxError, ValueError, RecursionError, OverflowError, MemoryError):
        return None


def _instructions(code: CodeType) -> tuple[Any, ...]:
    constants = tuple(
        _instructions(constant) if isinstance(constant, CodeType) else repr(constant)
        for constant in code.co_consts
    )
    names = (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
    head = (code.co_argcount, code.co_kwonlyargcount, code.co_flags)
    return (code.co_code, constants, names, head, code.co_exceptiontable)


def compiles(text: str) -> bool:
    """Whether a whole file can be parsed."""
    try:
        parse(text)
    except SyntaxError:
        return False
    return True
