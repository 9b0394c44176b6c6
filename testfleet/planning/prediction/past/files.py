"""Which file of the tree a test belongs to, from whatever name a tool gave it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from posixpath import normpath, splitext

from testfleet.contracts.plan import file_of
from testfleet.planning.prediction.past.records import Record


@dataclass(frozen=True)
class Place:
    """Where a test is: its file, and its id as pytest writes it."""

    file: str
    id: str


class FileIndex:
    """Finds files by path, by the end of a path, or by the dotted name of a module.

    `root` is the suite's folder in the tree: ids are relative to it, and of several files that a
    name could mean, the one below it is meant. What stays ambiguous is not found.
    """

    def __init__(self, files: Iterable[str], root: str = ".") -> None:
        self._prefix = "" if root == "." else f"{root.strip('/')}/"
        self._files = frozenset(files)
        self._by_path: defaultdict[str, list[str]] = defaultdict(list)
        self._by_module: defaultdict[str, list[str]] = defaultdict(list)
        for file in sorted(self._files):
            for tail in _tails(file.split("/")):
                self._by_path["/".join(tail)].append(file)
            for tail in _tails(splitext(file)[0].split("/")):
                self._by_module[".".join(tail)].append(file)

    def place(self, record: Record) -> Place | None:
        """Where the test is, or None when no file or more than one could be meant."""
        for text in (record.file, record.name, record.case):
            path, _, inside = file_of(text).partition("::")
            file = self._named(path)
            if file is not None:
                rest = [inside] if inside else self._inside(file, record)
                return Place(file, self._id(file, rest))
        parts = record.name.split(".")
        for end in range(len(parts), 0, -1):
            file = self._only(".".join(parts[:end]), self._by_module)
            if file is not None:
                return Place(file, self._id(file, [*parts[end:], record.case]))
        return None

    def _named(self, path: str) -> str | None:
        """The file that a path names, be it of the tree, of a folder in it, or of around it."""
        if not path:
            return None
        parts = normpath(path.replace("\\", "/")).strip("/").split("/")
        inner = self._only("/".join(parts), self._by_path)
        if inner is not None:
            return inner
        outer = ("/".join(tail) for tail in _tails(parts))
        return next((path for path in outer if path in self._files), None)

    def _only(self, key: str, index: Mapping[str, Sequence[str]]) -> str | None:
        found = index.get(key, ())
        if len(found) <= 1:
            return found[0] if found else None
        below = [file for file in found if file.startswith(self._prefix)]
        length = len(self._prefix) + len(key)
        exact = [file for file in below if length in (len(file), len(splitext(file)[0]))]
        best = exact or below
        return best[0] if len(best) == 1 else None

    def _inside(self, file: str, record: Record) -> list[str]:
        """Classes and name of a test of which the file is known already."""
        module = splitext(file)[0].split("/")
        for tail in _tails(module):
            dotted = ".".join(tail)
            if f"{record.name}.".startswith(f"{dotted}."):
                return [*record.name[len(dotted) + 1 :].split("."), record.case]
        return [record.case] if record.name != record.case else []

    def _id(self, file: str, inside: Sequence[str]) -> str:
        return "::".join([file.removeprefix(self._prefix), *(part for part in inside if part)])


def _tails(parts: Sequence[str]) -> list[Sequence[str]]:
    """All ends of a path, the longest first."""
    return [parts[start:] for start in range(len(parts))]
