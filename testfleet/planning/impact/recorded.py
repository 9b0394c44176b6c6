"""Recorded coverage: kept by the hashes of what each unit ran, believed while all of it is there.

As in pytest-testmon (T. Fojtik and others, testmon.org), a unit whose blocks are all as they were
does what it did. Beyond that, the tree around it must be the one that was recorded.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import cache
from hashlib import sha256
from posixpath import dirname
from typing import Final

from testfleet.contracts.change import FileChange, FileStatus
from testfleet.contracts.coverage import FileCoverage, SuiteCoverage, UnitCoverage, UnitTrace
from testfleet.planning.impact.blocks import Blocks, cut_blocks
from testfleet.planning.impact.imports.facts import Reach, Unknown
from testfleet.planning.impact.imports.files import FileKind, kind_of
from testfleet.planning.impact.imports.graph import ImportGraph
from testfleet.planning.impact.reach import Excuse, reaching
from testfleet.planning.source_tree import SourceTree

_HASH: Final = 24
MOST_FILES: Final = 2_000_000
"""Files of all units together that are kept: some 100 MB while they are worked on."""


def coverage_of(tree: SourceTree, traces: Iterable[UnitTrace]) -> SuiteCoverage:
    """What the traces of a run of this tree say. What they name that is not in it is left out."""
    cutter = _Cutter(tree)
    units: dict[str, UnitCoverage] = {}
    kept = 0
    for trace in traces:
        seen = cutter.seen(trace)
        kept += len(seen)
        if seen and kept <= MOST_FILES:
            units[trace.unit] = UnitCoverage(files=seen)
    data, documents = _others_of(tree)
    return SuiteCoverage(data=data, documents=documents, paths=_python_of(tree), units=units)


def merged(old: SuiteCoverage | None, new: SuiteCoverage) -> SuiteCoverage:
    """The newer of both for each unit, where both are of trees with the same files."""
    if old is None or old.model_copy(update={"units": new.units}) != new:
        return new
    return new.model_copy(update={"units": {**old.units, **new.units}})


def recorded_excuse(
    tree: SourceTree, changes: Sequence[FileChange], graph: ImportGraph, known: SuiteCoverage
) -> Excuse | None:
    """Excuses a unit from an edit of functions that it has not entered. None: no unit from any.

    All that the unit ran must be as it was recorded, not only what `changes` name: they may begin
    at a later state of the tree. No file may have gone since, or changed that is no Python; and
    what has come since must be out of the unit's reach.
    """
    present = _python_of(tree)
    data, documents = _others_of(tree)
    if data != known.data or not set(known.paths).issubset(present):
        return None
    came = set(present).difference(known.paths)
    if came:  # what loads or reads files that it does not name may have found these
        came.update(graph.unknown)
    elif documents != known.documents:
        came.update(path for path, found in graph.unknown.items() if any(map(_reads, found)))
    disturbed = reaching(came, graph)
    edited = {change.path for change in changes if change.status is FileStatus.MODIFIED}
    cutter = _Cutter(tree)

    @cache
    def is_as_it_was(unit: str) -> bool:
        seen = known.units[unit].files
        return unit not in disturbed and all(cutter.still_has(path, seen[path]) for path in seen)

    def is_excused(unit: str, path: str) -> bool:
        # A file that it has neither loaded nor read is one that it does without.
        return unit in known.units and path in edited and is_as_it_was(unit)

    return is_excused


class _Cutter:
    """Files of a tree, hashed and cut once each."""

    def __init__(self, tree: SourceTree) -> None:
        self._tree = tree
        self._files = frozenset(file.path for file in tree.paths())
        self._present = frozenset(_python_of(tree))
        self._contents: dict[str, str] = {}
        self._blocks: dict[str, Blocks | None] = {}

    def seen(self, trace: UnitTrace) -> dict[str, FileCoverage]:
        """What a unit has seen of each file; nothing when it read what is not in the tree."""
        if not self._files.issuperset(trace.read):
            return {}
        found: dict[str, FileCoverage] = {}
        for path in sorted({*trace.entered, *trace.read} & self._present):
            blocks = None if path in trace.read else self._cut(path)
            part = blocks.covered(trace.entered[path]) if blocks else FileCoverage(outline="")
            found[path] = part.model_copy(update={"content": self._content(path)})
        return found

    def still_has(self, path: str, seen: FileCoverage) -> bool:
        """Whether all that was seen of a file is as it was."""
        if path not in self._present:
            return False
        if seen.content == self._content(path):
            return True
        blocks = self._cut(path)
        return blocks is not None and blocks.still_has(seen)

    def _content(self, path: str) -> str:
        if path not in self._contents:
            self._contents[path] = sha256(self._tree.read(path)).hexdigest()[:_HASH]
        return self._contents[path]

    def _cut(self, path: str) -> Blocks | None:
        if path not in self._blocks:
            self._blocks[path] = cut_blocks(self._tree.read(path))
        return self._blocks[path]


def _python_of(tree: SourceTree) -> tuple[str, ...]:
    return tuple(sorted(file.path for file in tree.paths() if file.path.endswith(".py")))


def _reads(unknown: Unknown) -> bool:
    return unknown.reach is Reach.FILES


def _others_of(tree: SourceTree) -> tuple[str, str]:
    """A hash of what is no Python and any test may read, and one of documents that lie apart."""
    paths = [file.path for file in tree.paths()]
    packages = {dirname(path) for path in paths if path.endswith("/__init__.py")}
    data, documents = sha256(), sha256()
    for path in sorted(paths):
        if not path.endswith(".py"):
            line = f"{path}\0{sha256(tree.read(path)).hexdigest()}\n"
            (documents if _is_apart(path, packages) else data).update(line.encode())
    return data.hexdigest(), documents.hexdigest()


def _is_apart(path: str, packages: Collection[str]) -> bool:
    if kind_of(path) is not FileKind.DOCUMENT:
        return False
    folder = dirname(path)
    while folder:
        if folder in packages:
            return False
        folder = dirname(folder)
    return True
