"""Marks that a file gets from another module of the project: by a name that it imports, from a
helper that returns marks, from a base class. No user code is imported.

What such a module passes on depends on how it is used, so it is said to be unknown: better a file
too many in a shard than an outcome that differs from the one at home.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from posixpath import basename, dirname
from typing import Final

from testfleet.planning.dependencies.markers import FileMarks, may_pass_on_marks, read_marks
from testfleet.planning.source_tree import SourceTree

_HOOK: Final = re.compile(rb"^[ \t]*(?:async )?def pytest_\w+\(", re.MULTILINE)
_BY_NAME: Final = frozenset(("import_module", "__import__", "importorskip"))
_BY_PATH: Final = frozenset(("spec_from_file_location", "SourceFileLoader", "run_path"))
_DYNAMIC: Final = re.compile("|".join(sorted(_BY_NAME | _BY_PATH)).encode())
_WORD: Final = re.compile(r"\w+")
_ANY: Final = "*"
"""Stands among the names of modules for one that cannot be read."""


@dataclass(frozen=True)
class MarkedTree:
    """A tree, and what is known of the marks in it."""

    tree: SourceTree
    files: Collection[str]
    tests: Collection[str]
    marks: Mapping[str, FileMarks]
    """What the test files say themselves; a test file may import from another one."""
    prefix: str = ""
    """The value of `--order-marker-prefix`."""
    plugins: Collection[str] = ()
    """Modules that the arguments name as plugins, e.g. `-p tests.plugin`."""
    _names: dict[str, set[str]] = field(default_factory=dict)
    """Of files that were parsed, what they import."""

    def inherited(self) -> dict[str, FileMarks]:
        """What test files and conftests get from modules that they import, in turn too.

        A module is known by the last part of its name, since where `sys.path` leads is not. A
        plugin, one with pytest's hooks, may mark every test.
        """
        modules = dict(self._modules())
        is_plugin = any(module.hooks for module in modules.values())
        reached = self._importers(modules)
        loaded = {part for name in self.plugins for part in name.split(".")}
        if is_plugin or not loaded.isdisjoint(map(_stem, (*modules, *reached))):
            reached.update(self.tests)
        passed = [*self.marks.values(), *(module.marks for module in modules.values())]
        return {path: self._taken(path, passed) for path in filter(self._is_taker, sorted(reached))}

    def _modules(self) -> Iterator[tuple[str, _Module]]:
        """Modules that carry marks, without the test files."""
        for path in self.files:
            if path.endswith(".py") and path not in self.tests:
                source = self.tree.read(path)
                if may_pass_on_marks(source, self.prefix):
                    marks = read_marks(source, self.prefix) or FileMarks()
                    hooks = not _is_conftest(path) and _HOOK.search(source) is not None
                    yield path, _Module(marks, hooks=hooks)

    def _importers(self, modules: Mapping[str, _Module]) -> set[str]:
        """All files that import a module with marks, or one that does."""
        # A computed name may mean any module, but hardly a test file.
        is_open = any(not _is_conftest(path) for path in modules)
        stems = {_stem(path) for path in (*modules, *self.marks)}
        waiting = {path for path in self.files if path.endswith(".py")} if stems else set[str]()
        reached = set[str]()
        while new := {path for path in waiting if self._imports(path, stems, is_open=is_open)}:
            reached |= new
            waiting -= new
            stems |= {_stem(path) for path in new}
        return reached

    def _imports(self, path: str, stems: set[str], *, is_open: bool) -> bool:
        """Whether a file imports one of the modules; only few are parsed for it."""
        source = self.tree.read(path)
        is_open = is_open and _DYNAMIC.search(source) is not None and self._is_taker(path)
        if not is_open and stems.isdisjoint(_WORD.findall(source.decode(errors="replace"))):
            return False
        if path not in self._names:
            self._names[path] = set(_imported(source))
        return bool(self._names[path] & stems) or (is_open and _ANY in self._names[path])

    def _is_taker(self, path: str) -> bool:
        return path in self.tests or _is_conftest(path)

    def _taken(self, path: str, passed: Iterable[FileMarks]) -> FileMarks:
        taken = FileMarks(has_unknown_name=True, has_unknown_need=True)
        for marks in (*passed, self.marks.get(path, FileMarks())):
            taken.names |= marks.names
            taken.needs |= marks.needs
            taken.places |= marks.places
            taken.is_numbered |= marks.is_numbered
        # A helper may be given the test to come before or after, and that one has no mark.
        taken.places |= set(_places(self.tree.read(path)))
        return taken


@dataclass(frozen=True)
class _Module:
    marks: FileMarks = field(default_factory=FileMarks)
    hooks: bool = False


def _is_conftest(path: str) -> bool:
    return basename(path) == "conftest.py"


def _stem(path: str) -> str:
    stem = basename(path).removesuffix(".py")
    return (basename(dirname(path)) or stem) if stem == "__init__" else stem


def _nodes(source: bytes) -> Iterator[ast.AST]:
    try:
        yield from ast.walk(ast.parse(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return


def _imported(source: bytes) -> Iterator[str]:
    """Every part of the names that a file imports; `*` for a module that cannot be read."""
    for node in _nodes(source):
        if isinstance(node, ast.Import):
            for each in node.names:
                yield from each.name.split(".")
        elif isinstance(node, ast.ImportFrom):
            yield from (node.module or "").split(".")
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.Call):
            yield from _called_for(node)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)) and _names_plugins(node):
            yield from (part for text in _texts(node) for part in text.split("."))


def _names_plugins(node: ast.Assign | ast.AnnAssign) -> bool:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return any(isinstance(each, ast.Name) and each.id == "pytest_plugins" for each in targets)


def _called_for(call: ast.Call) -> Iterator[str]:
    name = getattr(call.func, "attr", getattr(call.func, "id", None))
    if name in _BY_PATH:
        yield _ANY
    elif name in _BY_NAME:
        first = call.args[0] if call.args else None
        texts = list(_texts(first)) if isinstance(first, ast.Constant) else []
        yield from (part for text in texts for part in text.split(".")) if texts else (_ANY,)


def _texts(node: ast.AST) -> Iterator[str]:
    for each in ast.walk(node):
        if isinstance(each, ast.Constant) and isinstance(each.value, str):
            yield each.value


def _places(source: bytes) -> Iterator[str]:
    """Files of node ids that stand anywhere in the file."""
    for node in _nodes(source):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            place, colons, _ = node.value.partition("::")
            if colons and place.endswith(".py"):
                yield place
