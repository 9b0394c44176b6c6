"""Which test files must meet in one session, because their marks act across files.

pytest-dependency, pytest-order and pytest-ordering act within one session, so in two shards neither
file would know of the other. Files that name each other share a shard, and so do files of which
tests are numbered in the order of the session; the plugins then order and skip them as at home.
What cannot be read counts as naming every file that has such marks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from posixpath import basename, dirname, join
from typing import Final

from testfleet.planning.dependencies.clusters import Groups
from testfleet.planning.dependencies.markers import FileMarks, read_marks
from testfleet.planning.dependencies.shared_marks import MarkedTree
from testfleet.planning.discovery.pytest_args import PytestArgs
from testfleet.planning.source_tree import SourceTree

_SHOWN: Final = 3


@dataclass(frozen=True)
class Bonds:
    """Files that marks tie together, and why, in words for a person."""

    together: tuple[tuple[str, ...], ...] = ()
    """A group of one is a file that must not be cut."""
    notes: tuple[str, ...] = ()


def order_prefix(args: PytestArgs) -> str:
    """What the numbered marks of pytest-order begin with, if there are such."""
    return args.last("--order-marker-prefix") or ""


def merged(paths: Iterable[str], *together: Iterable[Sequence[str]]) -> tuple[tuple[str, ...], ...]:
    """Groups from several sources, those that overlap as one, in the order of the paths."""
    groups = Groups(list(paths))
    named = [tuple(group) for source in together for group in source]
    for group in named:
        groups.join(group)
    bound = {groups.name(unit) for group in named for unit in group}
    return tuple(group for name, group in groups.members().items() if name in bound)


class Binder:
    """Joins test files that their marks tie together, and remembers why.

    `paths`: the test files, in the order of collection. `files`: all of the tree. `marks`: what
    those of the paths say that have such marks.
    """

    def __init__(
        self, paths: Sequence[str], files: Collection[str], marks: Mapping[str, FileMarks]
    ) -> None:
        self._paths, self._files, self._marks = paths, files, marks
        self._groups = Groups(paths)
        self._notes: list[str] = []
        self._by_name: defaultdict[str, list[str]] = defaultdict(list)
        for path in paths:
            self._by_name[basename(path)].append(path)

    def bind(self, tree: SourceTree, args: PytestArgs) -> Bonds:
        """The bonds under these arguments of pytest. Marks may also come from a conftest.py, or
        from another module that a file imports."""
        conftests: dict[str, FileMarks] = {}
        for path in sorted(path for path in self._files if basename(path) == "conftest.py"):
            said = read_marks(tree.read(path), order_prefix(args))
            if said is not None:
                conftests[path] = said
        self._inherit(tree, args, conftests)
        if args.last("--order-scope") not in ("module", "class"):
            self._bind_order(conftests)
        self._bind_needs(conftests)
        members = self._groups.members()
        bound = {name for name, group in members.items() if len(group) > 1}
        bound |= {self._groups.name(path) for path in self._marks}
        together = tuple(group for name, group in members.items() if name in bound)
        return Bonds(together, tuple(self._notes))

    def _inherit(self, tree: SourceTree, args: PytestArgs, conftests: dict[str, FileMarks]) -> None:
        """Take in what files import from others."""
        marked = MarkedTree(
            tree=tree,
            files=self._files,
            tests=frozenset(self._paths),
            marks=self._marks,
            prefix=order_prefix(args),
            plugins=args.values.get("-p", ()),
        )
        own = dict(self._marks)
        for path, marks in marked.inherited().items():
            (conftests if basename(path) == "conftest.py" else own)[path] = marks
        self._marks = {path: own[path] for path in self._paths if path in own}

    def _bind_order(self, conftests: Mapping[str, FileMarks]) -> None:
        """Files of which tests are numbered, and those that name others to come before or after."""
        numbered = [path for path, marks in self._marks.items() if marks.is_numbered]
        for conftest, marks in conftests.items():
            numbered += self._below(conftest) if marks.is_numbered else ()
        free = "`--order-scope=module` among pytest's arguments would set them free"
        self._join(numbered, f"their tests are numbered in the order of the session; {free}")
        named: list[str] = []
        for path, marks in self._marks.items():
            others = [other for place in marks.places for other in self._near(path, place)]
            named += self._joined([path, *others])
        for conftest, marks in conftests.items():
            for path in self._below(conftest) if marks.places else ():
                others = [other for place in marks.places for other in self._near(path, place)]
                named += self._joined([path, *others])
        self._note(named, "their tests come before or after each other's")

    def _bind_needs(self, conftests: Mapping[str, FileMarks]) -> None:
        """Files whose tests depend on those of others, and those that may do so."""
        providers: defaultdict[str, list[str]] = defaultdict(list)
        for path, marks in self._marks.items():
            for name in marks.names:
                providers[name].append(path)
        unnamed = [path for path, marks in self._marks.items() if marks.has_unknown_name]
        bound: list[str] = []
        for path, marks in self._marks.items():
            for scope, need in sorted(marks.needs):
                others = [
                    *(providers.get(need) or ([] if "::" in need else unnamed)),
                    *self._files_of(need),
                ]
                bound += self._joined([path, *self._within(scope, path, others)])
        self._note(bound, "their tests depend on each other's")
        open_files = [path for path, marks in self._marks.items() if marks.has_unknown_need]
        if open_files:
            why = f"what the marks of {open_files[0]} name cannot be read, so it may be any of them"
            self._join([*open_files, *self._marks], why)
        for conftest, marks in conftests.items():
            if marks.needs or marks.has_unknown_need:
                why = f"{conftest} gives them marks that act across files"
                self._join([*self._below(conftest), *self._marks], why)

    def _joined(self, paths: Sequence[str]) -> list[str]:
        self._groups.join(paths)
        return list(paths) if len(set(paths)) > 1 else []

    def _join(self, paths: Sequence[str], why: str) -> None:
        self._note(self._joined(paths), why)

    def _note(self, paths: Sequence[str], why: str) -> None:
        names = sorted(set(paths))
        if names:
            shown = ", ".join(names[:_SHOWN])
            more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
            self._notes.append(f"{shown}{more} stay together: {why}")

    def _below(self, conftest: str) -> list[str]:
        folder = dirname(conftest)
        return [path for path in self._paths if not folder or path.startswith(f"{folder}/")]

    def _near(self, path: str, place: str) -> Iterator[str]:
        """Files that a label may mean: the folder that it is relative to is above its own test."""
        for other in self._by_name.get(basename(place), ()):
            above = other.removesuffix(place)
            if other.endswith(place) and path.startswith(above) and above[-1:] in ("", "/"):
                yield other

    def _files_of(self, need: str) -> list[str]:
        """Files that a node id may mean; it is relative to pytest's root, which may be below."""
        place, colons, _ = need.partition("::")
        if not colons:
            return []
        others = self._by_name.get(basename(place), ())
        return [other for other in others if other == place or other.endswith(f"/{place}")]

    def _within(self, scope: str, path: str, others: Iterable[str]) -> list[str]:
        if scope == "session":
            return list(others)
        folder = dirname(path)
        while folder and join(folder, "__init__.py") not in self._files:
            folder = dirname(folder)
        return [other for other in others if folder and other.startswith(f"{folder}/")]
