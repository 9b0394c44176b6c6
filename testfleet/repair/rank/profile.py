"""What a file looks like, worked out once: its tokens, neighbours of tokens, lines."""

from __future__ import annotations

import keyword
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Final

from testfleet.contracts.repair import TextEdit

_TOKEN: Final = re.compile(
    r"[A-Za-z_]\w*|\d[\w.]*|\"[^\"\n]*\"|'[^'\n]*'|[<>=!+\-*/%&|^@:]=|//|\*\*|->|<<|>>|\S"
)
_FIRST_WORD: Final = re.compile(r"\s*(\w+)")
_HEADS: Final = frozenset(keyword.kwlist)
LONGEST: Final = 600
"""Characters of a stretch that are looked at."""


def tokens(text: str) -> list[str]:
    """Words, numbers, strings and operators, white space left out. Linear in the text."""
    return _TOKEN.findall(text)


@dataclass(frozen=True)
class Change:
    """Whole lines around a candidate's edits, before and after."""

    old: Sequence[str]
    new: Sequence[str]
    line: int
    """The first of them, from 1."""
    added_lines: int


class Profile:
    """A source file."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._starts = [0]
        for part in text.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(part))
        self._old: dict[tuple[int, int], list[str]] = {}

    @cached_property
    def words(self) -> Counter[str]:
        """How often each token stands in the file."""
        return Counter(self._tokens)

    @cached_property
    def pairs(self) -> Counter[tuple[str, str]]:
        """How often one token follows another."""
        return Counter(pairwise(self._tokens))

    @cached_property
    def _tokens(self) -> list[str]:
        return tokens(self.text)

    def change(self, edits: Sequence[TextEdit]) -> Change:
        """What edits of this file, in the order of the text, make of the lines they touch."""
        first = bisect_right(self._starts, edits[0].start) - 1
        last = bisect_right(self._starts, max(edits[-1].end - 1, edits[-1].start)) - 1
        begin = self._starts[min(first, len(self._starts) - 1)]
        end = self._starts[min(last + 1, len(self._starts) - 1)]
        parts, at = [], begin
        for edit in edits:
            parts += [self.text[at : edit.start], edit.text]
            at = edit.end
        new = "".join([*parts, self.text[at : max(end, at)]])
        old = self._old.get((begin, end))
        if old is None:
            old = self._old[begin, end] = tokens(self.text[begin:end][:LONGEST])
        added = new.count("\n") - self.text.count("\n", begin, end)
        return Change(old, tokens(new[:LONGEST]), first + 1, added)

    def head(self, line: int) -> str:
        """Keyword that a line begins with; `=` for an assignment, `()` for another statement."""
        if not 0 < line < len(self._starts):
            return ""
        text = self.text[self._starts[line - 1] : self._starts[line]]
        match = _FIRST_WORD.match(text)
        if match and match[1] in _HEADS:
            return match[1]
        return "=" if " = " in text else "+=" if "= " in text else "()"

    def indent(self, line: int) -> int:
        """Columns of white space before a line."""
        if not 0 < line < len(self._starts):
            return 0
        text = self.text[self._starts[line - 1] : self._starts[line]]
        return len(text) - len(text.lstrip())
