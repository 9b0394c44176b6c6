"""Globs and regular expressions of JavaScript tools, as Python's.

Both come from the tested repository, so none that could take exponential time is used: such a glob
is read more widely than it stands, such an expression counts as unreadable.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, NamedTuple

from testfleet.planning.discovery.node.values import Regex

_LONGEST: Final = 500
_QUANTIFIERS: Final = 3
_STARS: Final = 4
_HERE: Final = re.compile(r"^(?:\./)+")
_ANY: Final = "[^/]*"
_GROUPS: Final = {"?": "?", "@": "", "+": "", "*": ""}
_RISKY: Final = re.compile(r"\)[*+{]|\\[1-9]|\(\?(?!:|[=!])")
"""A group that is repeated, a backward reference, a look behind or a flag."""
_REPEATED: Final = re.compile(r"(?<!\\)[*+]|\{\d*,\}")


class Matcher(NamedTuple):
    """A test for paths, and whether it is exact or fits more."""

    match: Callable[[str], bool]
    is_exact: bool


NOTHING: Final = Matcher(lambda _: False, is_exact=True)


def globs(patterns: Iterable[str], *, flags: int = 0) -> Matcher:
    """Fits paths that one of the globs fits, as picomatch and minimatch do, dot files included."""
    found = [_translate(pattern, flags) for pattern in patterns]
    is_exact = all(is_exact for _, is_exact in found)
    return Matcher(lambda path: any(one.match(path) for one, _ in found), is_exact)


def expressions(sources: Sequence[Regex]) -> Matcher | None:
    """Fits paths in which one of the expressions is found. None when one cannot be used."""
    found: list[re.Pattern[str]] = []
    for source in sources:
        if len(source.source) > _LONGEST or _RISKY.search(source.source):
            return None
        if len(_REPEATED.findall(source.source)) > _QUANTIFIERS:
            return None
        try:
            text = source.source.replace(r"\/", "/")
            with warnings.catch_warnings():
                # Of sets in sets, which mean the same in both languages so far.
                warnings.simplefilter("ignore", FutureWarning)
                found.append(re.compile(text, re.IGNORECASE if "i" in source.flags else 0))
        except (re.error, RecursionError, OverflowError):
            return None
    return Matcher(lambda path: any(one.search(path) for one in found), is_exact=True)


def texts(value: Any) -> list[str] | None:
    """One string or a list of them. None for what is not, or not known."""
    values = [value] if isinstance(value, str) else value
    if isinstance(values, list) and all(isinstance(one, str) for one in values):
        return list(values)
    return None


def _translate(pattern: str, flags: int) -> tuple[re.Pattern[str], bool]:
    stars = max(part.count("*") for part in pattern.split("/"))
    if len(pattern) <= _LONGEST and stars <= _STARS and pattern.count("**") <= _STARS:
        text, is_exact = _Glob(_HERE.sub("", pattern)).expression()
        try:
            return re.compile(rf"(?:{text})\Z", flags), is_exact
        except (re.error, RecursionError, OverflowError):
            pass  # such as `[z-a]`, of which the tools make what they like
    return re.compile(".*"), False


class _Glob:
    """Translates one glob."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0
        self._is_exact = True
        self._readers: dict[str, Callable[[], str]] = {
            "*": lambda: _ANY,
            "?": lambda: "[^/]",
            "{": self._alternatives,
            "[": self._characters,
        }

    def expression(self) -> tuple[str, bool]:
        """The expression, and whether it is exact."""
        parts: list[str] = []
        while self._at < len(self._pattern):
            parts.append(self._until(""))
            if self._at < len(self._pattern):  # a bracket that was never opened
                parts.append(re.escape(self._pattern[self._at]))
                self._at += 1
        return "".join(parts), self._is_exact

    def _until(self, ends: str) -> str:
        parts: list[str] = []
        while self._at < len(self._pattern) and self._pattern[self._at] not in (ends or ")"):
            parts.append(self._part())
        return "".join(parts)

    def _part(self) -> str:
        text, at = self._pattern, self._at
        if text.startswith("**", at):
            return self._stars()
        if text[at + 1 : at + 2] == "(" and text[at] in "?@+*!":
            return self._group(text[at])
        self._at += 1
        if text[at] in self._readers:
            return self._readers[text[at]]()
        if text[at] == "\\":
            at, self._at = self._at, self._at + 1
        return re.escape(text[at : at + 1])

    def _stars(self) -> str:
        """`**` as a whole name stands for folders; elsewhere it is a `*`."""
        begin = self._at
        while self._pattern.startswith("*", self._at):
            self._at += 1
        is_name = begin == 0 or self._pattern[begin - 1] in "/,({|"
        if is_name and self._pattern.startswith("/", self._at):
            self._at += 1
            return "(?:[^/]+/)*"
        return (
            ".*"
            if is_name and self._pattern[self._at : self._at + 1] in ("", ",", "}", ")", "|")
            else _ANY
        )

    def _group(self, kind: str) -> str:
        begin = self._at
        self._at += 2
        inner = self._list("|", ")")
        if kind == "!":
            self._is_exact = False
            return _ANY
        if kind in "+*":
            # Repeated, `(a*)+` would take exponential time: whatever is no slash fits more.
            if any(mark in inner for mark in "*?{["):
                self._is_exact = False
                return _ANY
            return f"(?:{inner}){kind}"
        return f"(?:{inner}){_GROUPS[kind]}" if self._at > begin else ""

    def _alternatives(self) -> str:
        return f"(?:{self._list(',', '}')})"

    def _list(self, between: str, end: str) -> str:
        parts = [self._until(between + end)]
        while self._pattern.startswith(between, self._at):
            self._at += 1
            parts.append(self._until(between + end))
        self._at += 1
        return "|".join(parts)

    def _characters(self) -> str:
        end = self._pattern.find("]", self._at + 1)
        if end < 0:
            return re.escape("[")
        inside = self._pattern[self._at : end]
        self._at = end + 1
        negation = "^" if inside[:1] in ("!", "^") else ""
        body = inside[len(negation) :].replace("\\", "\\\\").replace("[", "\\[")
        return f"(?!/)[{negation}{body}]" if body else re.escape(f"[{inside}]")
