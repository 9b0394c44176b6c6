"""Glob patterns against paths of a tree that is not on disk."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Sequence
from posixpath import basename, normpath
from re import Pattern

_NOTHING = re.compile(r"(?!)")


class PathPatterns:
    """Patterns as pytest matches them: without a slash the name, else the end of the path.

    Source of the rule: `fnmatch_ex` in `_pytest/pathlib.py`.
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        patterns = tuple(patterns)
        self._names = _any_of(pattern for pattern in patterns if "/" not in pattern)
        self._paths = _any_of(
            pattern if pattern.startswith("/") else f"*/{pattern}"
            for pattern in patterns
            if "/" in pattern
        )

    def match(self, path: str) -> bool:
        """Whether one of the patterns fits a path that is relative to the tree."""
        return bool(self._names.match(basename(path)) or self._paths.match(f"/{path}"))


def whole_path(patterns: Iterable[str]) -> Pattern[str]:
    """One expression for patterns of which `*` also crosses slashes, as in `--ignore-glob`."""
    return _any_of(patterns)


def expand(pattern: str, entries: Iterable[str]) -> list[str]:
    """The entries that `glob.glob(pattern, recursive=True)` would find, sorted."""
    wanted = normpath(pattern)
    if not re.search(r"[*?[]", wanted):
        return [wanted] if wanted == "." or wanted in entries else []
    patterns = wanted.split("/")
    return sorted(entry for entry in entries if _fits(entry.split("/"), patterns))


def _any_of(patterns: Iterable[str]) -> Pattern[str]:
    parts = [fnmatch.translate(pattern) for pattern in patterns]
    return re.compile("|".join(parts)) if parts else _NOTHING


def _fits(parts: Sequence[str], patterns: Sequence[str]) -> bool:
    """Match name by name; `**` stands for any number of folders, hidden ones excepted."""
    if not patterns:
        return not parts
    head, rest = patterns[0], patterns[1:]
    if head == "**":
        return _fits(parts, rest) or (
            bool(parts) and not parts[0].startswith(".") and _fits(parts[1:], patterns)
        )
    if not parts or (parts[0].startswith(".") and not head.startswith(".")):
        return False
    return fnmatch.fnmatchcase(parts[0], head) and _fits(parts[1:], rest)
