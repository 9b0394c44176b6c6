"""CODEOWNERS, as GitHub reads it: the last rule that matches a file names its owners."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

PLACES: Final = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
"""The first of these that exists counts."""
MOST_BYTES: Final = 3 << 20
"""GitHub ignores a larger file."""
_MOST_STARS: Final = 8
"""In one pattern: nobody writes more."""
_MOST_FOLDERS: Final = 2
"""`**` in one pattern. Each is tried at every folder of a path, for each place of those before."""


@dataclass(frozen=True)
class Rule:
    """One line of the file."""

    pattern: re.Pattern[str]
    owners: tuple[str, ...]
    """`@name`, `@organisation/team` or addresses. None: nobody, on purpose."""


def read_codeowners(text: str) -> list[Rule]:
    """The rules, in their order. Lines that GitHub would skip (negations, character classes) are
    skipped."""
    found = []
    for line in text.splitlines():
        words = _words(line)
        if words and (pattern := _compiled(words[0])) is not None:
            found.append(Rule(pattern, tuple(word for word in words[1:] if _is_owner(word))))
    return found


def owners_of(paths: Iterable[str], read: Callable[[str], bytes | None]) -> tuple[str, ...]:
    """Owners of all the paths, in their order, by the file that `read` finds."""
    bodies = (read(place) for place in PLACES)
    body = next((body for body in bodies if body is not None), b"")
    rules = read_codeowners(body.decode("utf-8", "replace")) if len(body) <= MOST_BYTES else []
    names = (owner for path in paths for owner in _owners(path, rules))
    return tuple(dict.fromkeys(names))


def _owners(path: str, rules: list[Rule]) -> tuple[str, ...]:
    for rule in reversed(rules):
        if rule.pattern.fullmatch(path):
            return rule.owners
    return ()


def _words(line: str) -> list[str]:
    """A `#` begins a comment, and a space in a path is written with a backslash before it."""
    words = re.findall(r"(?:\\.|[^\s\\])+", line)
    cut = next((at for at, word in enumerate(words) if word.startswith("#")), len(words))
    return [re.sub(r"\\(.)", r"\1", word) for word in words[:cut]]


def _is_owner(word: str) -> bool:
    return "@" in word and len(word) > 1


def _compiled(pattern: str) -> re.Pattern[str] | None:
    if pattern.startswith("!") or "[" in pattern or pattern.count("*") > _MOST_STARS:
        return None
    body = pattern.strip("/")
    if not body or body.split("/").count("**") > _MOST_FOLDERS:
        return None
    is_anchored = "/" in pattern.rstrip("/")
    parts = body.split("/")
    start = "" if is_anchored else "(?:[^/]+/)*"
    middle = "".join(_step(part) for part in parts[:-1])
    return re.compile(start + middle + _end(parts[-1], is_folder=pattern.endswith("/")))


def _step(part: str) -> str:
    return "(?:[^/]+/)*" if part == "**" else f"{_plain(part)}/"


def _end(part: str, *, is_folder: bool) -> str:
    if part == "**":
        return ".+"
    if is_folder:
        return f"{_plain(part)}/.+"
    # A name may be a file's or a folder's; what has a star is a file's, as in `docs/*`.
    return _plain(part) if "*" in part else f"{_plain(part)}(?:/.+)?"


def _plain(part: str) -> str:
    """One name. What stands between two stars is looked for once, where it comes first: a later
    place could match nothing more, and to try them all would take for ever."""
    first, *others = ("".join(map(_letter, piece)) for piece in re.split(r"\*+", part))
    if not others:
        return first
    middle = "".join(f"(?>[^/]*?{piece})" for piece in others[:-1])
    return f"{first}{middle}[^/]*{others[-1]}"


def _letter(letter: str) -> str:
    return "[^/]" if letter == "?" else re.escape(letter)
