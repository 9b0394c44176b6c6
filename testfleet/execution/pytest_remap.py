"""Makes an editable installation of the tree at home point to the working copy.

At home `import project` finds the tree under test through a `.pth` line or an editable finder.
Here the copy is what must be tested, so each such path is exchanged. What only the tree at home
has, generated and ignored by git (a `_version.py`, a compiled module), is still found there.

Runs in the project's interpreter: standard library only, Python 3.8 or newer.
"""

from __future__ import annotations

import os
import sys
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

DEPTH = 4
"""How deep the tables of editable finders are nested, at most."""


def apply(pairs: list[list[str]]) -> None:
    """Exchange each `[original, copy]` wherever this interpreter would import from it."""
    for original, copy in pairs:
        remap = Remap(original, copy)
        remap.search_path()
        remap.editable_finders()
        remap.loaded_packages()
        sys.meta_path.append(remap)


class Remap:
    """One exchange, and the finder of last resort for what the copy lacks."""

    def __init__(self, original: str, copy: str) -> None:
        self._original = original.rstrip(os.sep)
        self._copy = copy.rstrip(os.sep)

    def search_path(self) -> None:
        """Exchange entries of `sys.path`. One that the copy lacks, e.g. `.venv`, stays."""
        kept = [entry for entry in sys.path if self._holds_metadata(entry)]
        sys.path[:] = [self._forward(entry) for entry in sys.path]
        # A "develop" installation keeps its metadata beside the sources, where git ignores it.
        sys.path.extend(entry for entry in kept if entry not in sys.path)
        sys.path_importer_cache.clear()

    def editable_finders(self) -> None:
        """Exchange paths in the tables of setuptools' finder modules and of others' finders."""
        for name, module in list(sys.modules.items()):
            if name.startswith("__editable__"):
                self._exchange(vars(module).get("MAPPING"))
                self._exchange(vars(module).get("NAMESPACES"))
        for finder in sys.meta_path:
            if not isinstance(finder, type) and type(finder).__module__ != "_frozen_importlib":
                self._exchange(getattr(finder, "__dict__", None))

    def loaded_packages(self) -> None:
        """Exchange the search paths of packages that a `.pth` file has imported already."""
        for module in list(sys.modules.values()):
            path = getattr(module, "__path__", None)
            if isinstance(module, ModuleType) and isinstance(path, list):
                self._exchange(path)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Look where the copy was searched in vain, at the same place of the original."""
        searched = sys.path if path is None else path
        places = [self._back(entry) for entry in searched if self._is_within(entry, self._copy)]
        return PathFinder.find_spec(fullname, places, target) if places else None

    def _exchange(self, table: Any, depth: int = DEPTH) -> Any:
        if isinstance(table, str):
            return self._forward(table)
        if depth == 0:
            return table
        if isinstance(table, dict):
            for key, value in list(table.items()):
                table[key] = self._exchange(value, depth - 1)
        elif isinstance(table, list):
            table[:] = [self._exchange(value, depth - 1) for value in table]
        elif isinstance(table, set):
            changed = [self._exchange(value, depth - 1) for value in table]
            table.clear()
            table.update(changed)
        return table

    def _holds_metadata(self, entry: str) -> bool:
        if self._forward(entry) == entry or not Path(entry).is_dir():
            return False
        copy = Path(self._forward(entry))
        return any(not (copy / info.name).exists() for info in Path(entry).glob("*.egg-info"))

    def _forward(self, path: str) -> str:
        if not self._is_within(path, self._original):
            return path
        moved = self._copy + path[len(self._original) :]
        return moved if Path(moved).exists() or Path(moved + ".py").exists() else path

    def _back(self, path: str) -> str:
        return self._original + path[len(self._copy) :]

    @staticmethod
    def _is_within(path: Any, root: str) -> bool:
        return isinstance(path, str) and (path == root or path.startswith(root + os.sep))
