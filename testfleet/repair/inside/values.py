"""Values as short digests that are equal where a test's `==` would call the values equal."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping, Set
from itertools import islice
from typing import Any

DEEPEST = 12
MOST_NODES = 5000
MOST_ITEMS = 300
"""Of an iterator that may be endless."""
FIGURES = 10
"""Significant figures of a float: what differs further on is the order of operations."""


class TooLargeError(Exception):
    """The value has more parts than can be looked at."""


def digest(value: Any) -> str:
    """Sixteen letters. Consumes iterators."""
    writer = _Writer()
    writer.write(value, 0)
    return hashlib.sha256("".join(writer.parts).encode("utf-8", "replace")).hexdigest()[:16]


class _Writer:
    def __init__(self) -> None:
        self.parts: list[str] = []

    def write(self, value: Any, depth: int) -> None:
        if len(self.parts) > MOST_NODES:
            raise TooLargeError
        if depth > DEEPEST:
            self.parts.append("...")
        elif value is None or isinstance(value, (str, bytes)):
            self.parts.append(repr(value))
        elif isinstance(value, (int, float)):
            self.parts.append(_number(value))
        else:
            self._write_whole(value, depth + 1)

    def _write_whole(self, value: Any, depth: int) -> None:
        if isinstance(value, Mapping):
            pairs = sorted(_of((key, value[key]), depth) for key in list(value))
            self.parts.append("{" + ",".join(pairs) + "}")
        elif isinstance(value, Set):
            self.parts.append("<" + ",".join(sorted(_of(item, depth) for item in value)) + ">")
        elif isinstance(value, (tuple, list)):
            self._write_items("(" if isinstance(value, tuple) else "[", value, depth)
        elif isinstance(value, Iterator):
            self._write_items("[", islice(value, MOST_ITEMS), depth)
        else:
            self._write_object(value, depth)

    def _write_items(self, sign: str, items: Any, depth: int) -> None:
        self.parts.append(sign)
        for item in items:
            self.write(item, depth)
            self.parts.append(",")
        self.parts.append("]")

    def _write_object(self, value: Any, depth: int) -> None:
        self.parts.append(type(value).__name__)
        state = getattr(value, "__dict__", None)
        if isinstance(value, type) or callable(value):
            self.parts.append(getattr(value, "__qualname__", ""))
        elif isinstance(state, dict):
            self.write(state, depth)
        elif " at 0x" not in repr(value):
            self.parts.append(repr(value))


def _of(value: Any, depth: int) -> str:
    writer = _Writer()
    writer.write(value, depth)
    return "".join(writer.parts)


def _number(value: float) -> str:
    """True, 1 and 1.0 are equal."""
    if isinstance(value, float):
        if not math.isfinite(value) or not value.is_integer():
            return f"{value:.{FIGURES}g}"
        value = int(value)
    return "%d" % value if abs(value) < 10**40 else hex(value)  # noqa: UP031  long ones quickly
