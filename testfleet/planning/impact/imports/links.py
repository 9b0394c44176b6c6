"""From what files say to which files they mean."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from posixpath import basename, dirname, join, normpath, splitext

from testfleet.planning.impact.imports.facts import FileFacts, Reach, Unknown
from testfleet.planning.impact.imports.files import FileKind, kind_of
from testfleet.planning.impact.imports.graph import EdgeKind
from testfleet.planning.impact.imports.modules import INIT, ModuleIndex
from testfleet.planning.impact.imports.packaging import Packaging
from testfleet.planning.impact.imports.session import folders_above

_Link = tuple[str, EdgeKind]
_NAMEABLE = (FileKind.PYTHON, FileKind.SCRIPT, FileKind.DOCUMENT)
"""What strings are followed to. A change of any other file selects all tests anyway."""


@dataclass(frozen=True)
class Surroundings:
    """All that a name in a file may refer to."""

    modules: ModuleIndex
    facts: Mapping[str, FileFacts]
    packaging: Packaging
    paths: tuple[str, ...]
    """Every file of the tree, and those that are gone."""


class Linker:
    """Turns the facts of a file into edges."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._modules = around.modules
        self._by_name: defaultdict[str, list[str]] = defaultdict(list)
        self._by_ending: defaultdict[str, list[str]] = defaultdict(list)
        for path in around.paths:
            if kind_of(path) in _NAMEABLE or path.endswith(".py"):
                self._by_name[basename(path)].append(path)
                self._by_ending[splitext(path)[1]].append(path)
        self._folders = folders_above(around.paths)
        self.named_folders: set[str] = set()

    def links(self, path: str) -> dict[str, EdgeKind]:
        """The edges of a Python file, or of a text with doctests; the weightiest kind of each."""
        facts = self._around.facts[path]
        found: dict[str, EdgeKind] = {}
        for target, kind in self._all_links(path, facts):
            if target != path:
                found.setdefault(target, kind)
        return found

    def unresolved(self, path: str, outside: frozenset[str]) -> Iterator[Unknown]:
        """Ways to the project that lead out of the tree: through one of the packages `outside`
        that import it, or by its own name, when it lies we know not where."""
        for name in self._around.facts[path].imports:
            top = name.partition(".")[0]
            if not top or self._modules.files(top):
                continue
            if top in outside:
                yield Unknown(1, f"{top}, which imports this project by itself", Reach.LOADED)
            elif top in self._around.packaging.names and not self._is_here(path, name):
                yield Unknown(1, f"{top}, the project's own name, which no file here answers to")

    def _is_here(self, path: str, name: str) -> bool:
        return any(True for _ in self._modules.resolve(path, name))

    def folder_links(self) -> Iterator[tuple[str, dict[str, EdgeKind]]]:
        """The edges of every folder that a file names."""
        paths = sorted(path for group in self._by_name.values() for path in group)
        for folder in sorted(self.named_folders):
            # "0" is the character after "/", so that this is where the folder ends.
            inside = paths[bisect_left(paths, folder) : bisect_left(paths, f"{folder[:-1]}0")]
            yield folder, dict.fromkeys(inside, EdgeKind.FOLDER)

    def _all_links(self, path: str, facts: FileFacts) -> Iterator[_Link]:
        for name in facts.imports:
            yield from ((target, EdgeKind.IMPORT) for target in self._imported(path, name))
        if path.endswith(".py"):
            packages = self._modules.packages_of(path)
            yield from ((target, EdgeKind.PACKAGE) for target in packages)
        for name in facts.plugins:
            yield from ((target, EdgeKind.PLUGIN) for target in self._modules.resolve(path, name))
        for program in facts.programs:
            for module in self._around.packaging.scripts.get(basename(program), ()):
                targets = self._modules.resolve(path, module)
                yield from ((target, EdgeKind.NAME) for target in targets)
        for word in facts.strings:
            yield from ((target, EdgeKind.NAME) for target in self._named(word))
        for word in facts.folders:
            yield from self._folder(path, word, facts)

    def _imported(self, path: str, name: str) -> Iterator[str]:
        if not name.endswith(".*"):
            yield from self._modules.resolve(path, name)
            return
        package = name.removesuffix("*")
        package = package if not package.rstrip(".") else package[:-1]
        for target in list(self._modules.resolve(path, package)):
            yield target
            if target.endswith(INIT):
                yield from self._exported(target)

    def _exported(self, package: str) -> Iterator[str]:
        """The modules that `from package import *` imports by itself: those in `__all__`."""
        facts = self._around.facts.get(package)
        exports = facts.exports if facts else ("*",)
        for member in self._modules.members(package) if exports else ():
            stem = member.removesuffix(f"/{INIT}").removesuffix(".py").rpartition("/")[2]
            if stem in exports or "*" in exports:
                yield member

    def _named(self, word: str) -> list[str]:
        """The files that a word of a string may mean: those at such a path, or else the module."""
        if word.startswith("*"):
            return self._by_ending.get(word[1:], [])
        candidates = self._by_name.get(word.rpartition("/")[2])
        if candidates:
            tail = f"/{word}"
            return [path for path in candidates if path == word or path.endswith(tail)]
        if "/" in word:
            return []
        while word:
            found = self._modules.files(word)
            if found:
                return found
            word = word.rpartition(".")[0]
        return []

    def _folder(self, path: str, word: str, facts: FileFacts) -> Iterator[_Link]:
        """A folder near the file, or near the root. Not one that the file is in itself."""
        base = dirname(path)
        while True:
            folder = normpath(join(base, word))
            # A file that edits `sys.path` names import roots, and what it imports from there has
            # edges already.
            is_root = facts.edits_path and join(folder, INIT) not in self._around.facts
            is_above = f"{path}/".startswith(f"{folder}/")
            if folder in self._folders and not is_above and not is_root:
                self.named_folders.add(f"{folder}/")
                yield f"{folder}/", EdgeKind.FOLDER
            if not base:
                return
            base = dirname(base)


def path_roots(facts: Mapping[str, FileFacts], folders: Iterable[str]) -> set[str]:
    """Folders that files which touch `sys.path` may add to it: those near them, and those named."""
    known = set(folders)
    roots: set[str] = set()
    for path, said in facts.items():
        if said.edits_path:
            base = dirname(path)
            while True:
                roots.add(base)
                roots |= {normpath(join(base, word)) for word in said.folders} & known
                if not base:
                    break
                base = dirname(base)
    return roots
