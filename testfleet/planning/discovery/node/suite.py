"""A tree as the tools of Node.js see it: files, packages, configurations and arguments."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from posixpath import dirname, join, normpath
from typing import Any, Final

from testfleet.contracts.plan import Unit
from testfleet.errors import UsageError
from testfleet.planning.discovery.framework import DiscoveryRequest
from testfleet.planning.discovery.node.literals import read_export
from testfleet.planning.discovery.node.patterns import Matcher, globs
from testfleet.planning.discovery.node.values import UNKNOWN

SCRIPT: Final = re.compile(r"\.[cm]?[jt]sx?\Z")
_TEST: Final = re.compile(rb"\b(?:test|it)(?:\.\w{1,20}){0,3}[ \t]?[(`]")
_ENDINGS: Final = ("ts", "mts", "cts", "js", "mjs", "cjs")
_SHOWN: Final = 3


@dataclass
class Found:
    """What discovery has come upon."""

    paths: dict[str, None] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    open_ended: bool = False

    def guess(self, file: str, what: str) -> None:
        """Note that something of a configuration has to be computed, so the usual is assumed."""
        note = f"{file}: {what} cannot be read without running it; took what is usual"
        self.notes += [note] if note not in self.notes else []
        self.open_ended = True


class Suite:
    """The files of a tree that can be tests, and the configurations among them."""

    def __init__(self, request: DiscoveryRequest) -> None:
        self.request = request
        self.sizes = {
            file.path: file.size_bytes
            for file in request.tree.paths()
            if file.path.isprintable() and "node_modules" not in file.path.split("/")
        }
        self.folders = {above for path in self.sizes for above in _above(path)}

    def config(self, folder: str, names: Iterable[str]) -> str | None:
        """The first configuration of these names, each with any ending of a script."""
        found = (place(folder, f"{name}.{end}") for name in names for end in _ENDINGS)
        return next((path for path in found if path in self.sizes), None)

    def export(self, path: str, known: Mapping[str, Any] | None = None) -> Any:
        """What a configuration says: JSON, or a script's default export as far as it is literal."""
        if path.endswith(".json"):
            return self.data(path)
        return read_export(self._text(path), known)

    def package(self, folder: str) -> dict[str, Any]:
        """The folder's package.json; empty when there is none that can be read."""
        value = self.data(place(folder, "package.json"))
        return value if isinstance(value, dict) else {}

    def depends_on(self, folder: str, package: str) -> bool:
        """Whether the folder's package.json names a package."""
        lists = (self.package(folder).get(key) for key in ("dependencies", "devDependencies"))
        return any(isinstance(one, dict) and package in one for one in lists)

    def data(self, path: str) -> Any:
        """A JSON file's value, UNKNOWN when it is not there or broken."""
        try:
            return json.loads(self._text(path) or "?")
        except (ValueError, RecursionError):
            return UNKNOWN

    def below(self, folder: str) -> Iterator[tuple[str, str]]:
        """Scripts below a folder: path in the tree, and relative to the folder."""
        prefix = "" if folder == "." else f"{folder}/"
        for path in self.sizes:
            if path.startswith(prefix) and SCRIPT.search(path):
                yield path, path[len(prefix) :]

    def matching(self, folder: str, pattern: str) -> list[str]:
        """Files and folders that a glob relative to the folder fits, sorted."""
        whole = place(folder, pattern)
        matcher = globs([whole])
        entries = self.sizes.keys() | self.folders
        return sorted(entry for entry in entries if entry == whole or matcher.match(entry))

    def units(self, paths: Iterable[str]) -> tuple[Unit, ...]:
        """Units of files, in the order of their paths."""
        return tuple(
            Unit(id=path, size_bytes=self.sizes[path], tests_estimate=self._tests(path))
            for path in sorted(set(paths))
        )

    def holds(self, path: str, text: bytes) -> bool:
        """Whether a file holds some text."""
        return text in self.request.tree.read(path)

    def _tests(self, path: str) -> int:
        known = self.request.known_tests.get(path)
        return len(_TEST.findall(self.request.tree.read(path))) if known is None else known

    def _text(self, path: str) -> str:
        if path not in self.sizes:
            return ""
        try:
            return self.request.tree.read(path).decode("utf-8", "replace").removeprefix("\ufeff")
        except (KeyError, UsageError):
            return ""


@dataclass(frozen=True)
class Arguments:
    """A command line of a tool."""

    values: Mapping[str, str]
    positional: tuple[str, ...]

    @classmethod
    def read(cls, words: Sequence[str], valued: frozenset[str]) -> Arguments:
        """`valued`: options that take the next word."""
        values: dict[str, str] = {}
        positional: list[str] = []
        rest = iter(words)
        for word in rest:
            name, equals, value = word.partition("=")
            if word.startswith("-"):
                values[name] = value if equals or name not in valued else next(rest, "")
            else:
                positional.append(word)
        return cls(values, tuple(positional))

    def last(self, *names: str) -> str | None:
        """The value of an option under one of its names."""
        return next((self.values[name] for name in names if self.values.get(name)), None)


def place(folder: str, path: str) -> str:
    """A path in the tree. What leaves the tree leads to a path that is not there."""
    return normpath(join(folder, path))


def chosen(suite: Suite, base: str, include: Matcher, exclude: Callable[[str], bool]) -> list[str]:
    """Scripts below a folder that one matcher fits and the other does not, both relative to it."""
    return [
        path for path, inside in suite.below(base) if include.match(inside) and not exclude(inside)
    ]


def shown(patterns: Sequence[str]) -> str:
    """Patterns for a note."""
    more = f" and {len(patterns) - _SHOWN} more" if len(patterns) > _SHOWN else ""
    return ", ".join(patterns[:_SHOWN]) + more


def _above(path: str) -> Iterator[str]:
    while path := dirname(path):
        yield path
