"""Edit blocks in a model's answer: a file, lines that are searched, lines that replace them.

    FILE: src/cart.py
    <<<<<<< SEARCH
        return price - tax
    =======
        return price + tax
    >>>>>>> REPLACE

An answer is read strictly: what is half, too long or without a block is refused with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

MAX_TEXT: Final = 64_000
"""Characters of one answer."""
MAX_BLOCKS: Final = 8
MAX_LINES: Final = 300
"""Of one side of a block."""
_FILE: Final = re.compile(r"[#*`\s]{0,8}FILE:[ \t`*]{0,4}([^\s`*][^`*\n]{0,300}?)[ \t`*]{0,8}")
_SEARCH: Final = re.compile(r"<{5,9} ?SEARCH\s{0,4}")
_MIDDLE: Final = re.compile(r"={7}\s{0,4}")
_REPLACE: Final = re.compile(r">{5,9} ?REPLACE\s{0,4}")


class Refused(Exception):  # noqa: N818  it is an answer, not an error
    """Why an answer is not used. `str` of it is a few words fit for counting."""


@dataclass(frozen=True)
class Block:
    """One replacement, in whole lines."""

    path: str
    search: tuple[str, ...]
    replace: tuple[str, ...]


@dataclass
class _Half:
    path: str
    search: list[str] = field(default_factory=list)
    replace: list[str] = field(default_factory=list)
    in_search: bool = True

    @property
    def side(self) -> list[str]:
        return self.search if self.in_search else self.replace


def read_blocks(text: str) -> list[Block]:
    """The edit blocks of an answer, at least one. Raises Refused."""
    if len(text) > MAX_TEXT:
        raise Refused("the answer is too long")
    found = list(_blocks(text.replace("\r\n", "\n").split("\n")))
    if not found:
        raise Refused("no edit block, only prose")
    if len(found) > MAX_BLOCKS:
        raise Refused(f"more than {MAX_BLOCKS} edit blocks")
    return found


def _blocks(lines: list[str]) -> Iterator[Block]:
    path, half = "", None
    for line in lines:
        if half is None:
            named = _FILE.fullmatch(line)
            path = named[1] if named else path
            if _SEARCH.fullmatch(line):
                half = _opened(path)
        elif _REPLACE.fullmatch(line) and not half.in_search:
            yield Block(half.path, tuple(half.search), tuple(half.replace))
            half = None
        else:
            _take(line, half)
    if half is not None:
        raise Refused("it ends within an edit block")


def _opened(path: str) -> _Half:
    if not path:
        raise Refused("an edit block without a file")
    return _Half(path)


def _take(line: str, half: _Half) -> None:
    if _SEARCH.fullmatch(line) or _REPLACE.fullmatch(line):
        raise Refused("an edit block within another")
    if half.in_search and _MIDDLE.fullmatch(line):
        half.in_search = False
        return
    half.side.append(line)
    if len(half.side) > MAX_LINES:
        raise Refused(f"an edit block of more than {MAX_LINES} lines")
