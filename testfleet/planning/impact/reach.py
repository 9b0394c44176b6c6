"""Change impact: which units a change can reach through the dependency graph.

Static regression test selection at the level of files, as in Legunsen et al., "An Extensive Study
of Static Regression Test Selection in Modern Software Evolution", FSE 2016: a unit is selected when
the transitive closure of its dependencies holds a changed file. What cannot be read selects.
Decision 20 says what that rests on.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from posixpath import dirname

from testfleet.contracts.change import FileChange
from testfleet.contracts.impact import Cause, UnitImpact
from testfleet.contracts.plan import file_of
from testfleet.planning.impact.imports.facts import Reach
from testfleet.planning.impact.imports.files import FileKind, kind_of
from testfleet.planning.impact.imports.graph import ImportGraph

Excuse = Callable[[str, str], bool]
"""Whether recorded coverage shows that a unit's file does not run what changed in another."""


def impact(
    changes: Iterable[FileChange],
    graph: ImportGraph,
    units: Sequence[str],
    excuse: Excuse | None = None,
) -> list[UnitImpact]:
    """The decision about each unit, in the order given. Units may be node groups of a file."""
    paths = {path for change in changes for path in (change.path, change.old_path) if path}
    twins = (twin for path in paths for twin in graph.twins.get(path, ()))
    judge = _Judge(graph, frozenset(paths.union(twins)), excuse)
    return [judge.decide(unit) for unit in units]


def reaching(paths: Iterable[str], graph: ImportGraph) -> Collection[str]:
    """The files that need one of these, themselves included."""
    return _ways(paths, graph).steps.keys()


@dataclass(frozen=True)
class _Ways:
    """The next file on a shortest way to a start, for each file that has one."""

    steps: Mapping[str, str | None]

    def chain(self, path: str) -> tuple[str, ...]:
        """From the start to the path."""
        found = [path]
        while (step := self.steps[found[-1]]) is not None:
            found.append(step)
        return tuple(reversed(found))


def _ways(starts: Iterable[str], graph: ImportGraph) -> _Ways:
    """Breadth-first search against the edges, from all starts at once."""
    steps: dict[str, str | None] = dict.fromkeys(sorted(starts))
    queue = deque(steps)
    while queue:
        path = queue.popleft()
        for importer in graph.needed_by.get(path, ()):
            if importer not in steps:
                steps[importer] = path
                queue.append(importer)
    return _Ways(steps)


class _Audience(Enum):
    """Units that the same data files concern."""

    PYTHON = "python"
    SCRIPT = "script"
    APART = "apart"
    """Scripts in a JavaScript package without any Python."""


@dataclass
class _Judge:
    """Decides about one unit after another what a change means for it."""

    graph: ImportGraph
    paths: frozenset[str]
    """All that changed, under the old names too."""
    excuse: Excuse | None
    _one_by_one: dict[str, _Ways] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._reached = _ways(self.paths, self.graph)
        unknown = self._unknown_that_reach()
        self._unknown = _ways(unknown, self.graph)
        self._unseen = _ways(filter(self._is_unseen, unknown), self.graph)
        self._for_all = {audience: self._of_all(audience) for audience in _Audience}
        if self.excuse is not None:
            self._one_by_one = {path: _ways([path], self.graph) for path in sorted(self.paths)}

    def decide(self, unit: str) -> UnitImpact:
        """Select it or not, with the weightiest reason."""
        file = file_of(unit)
        if file in self.paths:
            return _selected(unit, Cause.CHANGED, "its own file changed", (file,))
        if file in self._reached.steps and not self._is_excused(file):
            chain = self._reached.chain(file)
            return _selected(unit, Cause.REACHED, f"it depends on {chain[0]}", chain)
        for_all = self._for_all[self._audience(file)]
        if for_all is not None:
            return _selected(unit, *for_all, ())
        if file in self._unknown.steps and not self._is_seen_in_full(file):
            chain = self._unknown.chain(file)
            unknown = self.graph.unknown[chain[0]][0]
            reason = (
                f"it depends on what cannot be read: {unknown.what} ({chain[0]}:{unknown.line})"
            )
            return _selected(unit, Cause.UNKNOWN, reason, chain)
        reason = "no change can reach it"
        if file in self._reached.steps or file in self._unknown.steps:
            reason = "by its recorded coverage it runs nothing of what changed"
        return UnitImpact(unit=unit, selected=False, cause=Cause.UNTOUCHED, reason=reason)

    def _is_excused(self, file: str) -> bool:
        """Whether it is, from every change that reaches the unit."""
        return self.excuse is not None and all(
            self.excuse(file, path) for path, ways in self._one_by_one.items() if file in ways.steps
        )

    def _is_seen_in_full(self, file: str) -> bool:
        """Whether coverage answers what reading could not: all happened in the unit's process."""
        return (
            self.excuse is not None
            and file not in self._unseen.steps
            and all(self.excuse(file, path) for path in self.paths)
        )

    def _is_unseen(self, path: str) -> bool:
        """Whether something unknown in a file happens where coverage does not look: in another
        process."""
        return any(one.reach is Reach.CODE for one in self.graph.unknown[path])

    def _unknown_that_reach(self) -> list[str]:
        """The files that may depend on the change without saying so."""
        code = {path for path in self.paths if _is_code(path)}
        # Tests and conftest.py files are loaded by pytest, not by what a library loads by itself.
        loadable = {
            path
            for path in code
            if path not in self.graph.units and not path.endswith("conftest.py")
        }
        found = []
        for path, entries in self.graph.unknown.items():
            if path not in self.graph.of_tests:
                reached: Collection[str] = loadable
            else:
                reads_files = any(one.reach is Reach.FILES for one in entries)
                reached = self.paths if reads_files else code
            if reached:
                found.append(path)
        return found

    def _audience(self, file: str) -> _Audience:
        if kind_of(file) is not FileKind.SCRIPT:
            return _Audience.PYTHON
        return _Audience.APART if self._is_apart(file) else _Audience.SCRIPT

    def _of_all(self, audience: _Audience) -> tuple[Cause, str] | None:
        """The first changed file, by name, that every unit of an audience may depend on."""
        foreign = FileKind.SCRIPT if audience is _Audience.PYTHON else FileKind.PYTHON
        for path in sorted(self.paths):
            kind = self._kind(path)
            if audience is _Audience.PYTHON and self._is_apart(path):
                continue
            if kind is FileKind.CONFIGURATION:
                return Cause.CONFIGURATION, f"{path} configures every test"
            if kind is FileKind.DATA:
                return Cause.DATA, f"{path} is data, which any test may read"
            if kind is foreign and audience is not _Audience.APART:
                return Cause.DATA, f"{path} is in another language, and any test may use it"
        return None

    def _kind(self, path: str) -> FileKind:
        """A document inside a package is installed with it, and so is data."""
        kind = kind_of(path)
        if path in self.graph.of_environment:
            return FileKind.CONFIGURATION
        if kind is FileKind.DOCUMENT and any(map(self.graph.packages.__contains__, _above(path))):
            return FileKind.DATA
        return kind

    def _is_apart(self, path: str) -> bool:
        """Whether a file lies in a JavaScript package: Python needs it only where it names it."""
        return any(map(self.graph.script_packages.__contains__, _above(path)))


def _above(path: str) -> Iterable[str]:
    """The folders above a path, "" for the root at last."""
    while path:
        path = dirname(path)
        yield path


def _is_code(path: str) -> bool:
    return path.endswith(".py") or kind_of(path) is FileKind.SCRIPT


def _selected(unit: str, cause: Cause, reason: str, chain: tuple[str, ...]) -> UnitImpact:
    return UnitImpact(unit=unit, selected=True, cause=cause, reason=reason, chain=chain)
