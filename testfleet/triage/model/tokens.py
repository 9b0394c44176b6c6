"""Words of a line, as the model reads them: in lower case, compound names in parts."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
from typing import Final

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+|[●✕✗×✖❯⨯✘»│^~>⎯]")  # noqa: RUF001
_VARIABLE = re.compile(r"\d{6,}|\b0x[0-9a-fA-F]+|\b[0-9a-f]{7,40}\b")
_READ: Final = 280
"""Characters of a line. What a line says, it says at its beginning."""
_MOST: Final = 48
_LONGEST: Final = 24
_CODE: Final = range(3, 6)
"""Digits of a number that can be a code: TS2322, 404, 5432. Others are all the same number."""


@lru_cache(maxsize=8_192)
def grams(line: str) -> tuple[str, ...]:
    """Words and pairs of neighbouring words, each once, the beginning marked."""
    found = _WORD.findall(_VARIABLE.sub("0", line[:_READ]))[:_MOST]
    words = [_plain(word) for word in found]
    pairs = [f"{one} {two}" for one, two in pairwise(words)]
    first = [f"^{words[0]}"] if words else []
    return tuple(dict.fromkeys((*words, *pairs, *first)))


def _plain(word: str) -> str:
    if word.isdigit():
        return word if len(word) in _CODE else "0"
    return word.lower()[:_LONGEST]
