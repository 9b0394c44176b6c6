"""Names that come in pairs: left and right, i and j, row and col, a1 and a2.

Code for one of a pair is often written a second time for the other: what is missing or wrong there
is the first with all its names changed together.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import combinations
from typing import Final

_OPPOSITES: Final = (
    *(("left", "right"), ("low", "high"), ("lo", "hi"), ("row", "col"), ("rows", "cols")),
    *(("first", "second"), ("first", "last"), ("start", "end"), ("begin", "end"), ("l", "r")),
    *(("min", "max"), ("head", "tail"), ("width", "height"), ("top", "bottom"), ("prev", "next")),
    *(("slow", "fast"), ("source", "target"), ("src", "dst"), ("in", "out"), ("odd", "even")),
    *(("key", "value"), ("column", "row"), ("smaller", "larger"), ("less", "greater")),
    *(("before", "after"), ("old", "new"), ("up", "down"), ("start", "stop"), ("open", "close")),
    *(("one", "two"), ("this", "other"), ("self", "other"), ("parent", "child"), ("ref", "hyp")),
    *(("lowest", "highest"), ("lower", "upper"), ("smallest", "largest"), ("least", "most")),
    *(("small", "large"), ("inner", "outer"), ("prefix", "suffix"), ("best", "worst")),
    *(("numerator", "denominator"), ("num", "den"), ("plus", "minus"), ("positive", "negative")),
)
_PART: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|\d+")
_WORD: Final = re.compile(r"[A-Za-z_]\w*")
MAX_SWAPS: Final = 12


def swaps(names: Collection[str]) -> list[Mapping[str, str]]:
    """Ways of changing names for their counterparts, those of one kind together."""
    groups: dict[tuple[str, str], dict[str, str]] = {}
    for one, other in combinations(sorted(names), 2):
        key = _difference(one, other)
        if key is not None:
            group = groups.setdefault(key, {})
            group.setdefault(one, other)
            group.setdefault(other, one)
    found: list[Mapping[str, str]] = list(groups.values())
    for first, second in combinations(list(found), 2):
        if not first.keys() & second.keys():
            found.append({**first, **second})
    return found[:MAX_SWAPS]


def swapped(text: str, swap: Mapping[str, str]) -> str:
    """The text with each name changed for its counterpart."""
    return _WORD.sub(lambda match: swap.get(match.group(), match.group()), text)


def counterparts(text: str, known: Iterable[Mapping[str, str]]) -> Iterator[str]:
    """The text for the other of each pair that it speaks of."""
    seen = {text}
    for swap in known:
        other = swapped(text, swap)
        if other not in seen:
            seen.add(other)
            yield other


def _difference(one: str, other: str) -> tuple[str, str] | None:
    """The one part in which two names differ, where that makes them a pair."""
    first, second = _PART.findall(one), _PART.findall(other)
    if len(first) != len(second):
        return None
    pairs = [(a, b) for a, b in zip(first, second, strict=True) if a != b]
    if len(pairs) != 1:
        return None
    left, right = pairs[0]
    is_known = (left, right) in _OPPOSITES or (right, left) in _OPPOSITES
    are_numbers = left.isdigit() and right.isdigit()
    are_neighbours = len(left) == len(right) == 1 and abs(ord(left) - ord(right)) == 1
    return (left, right) if is_known or are_numbers or are_neighbours or len(first) > 1 else None
