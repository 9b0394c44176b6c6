"""Which files of a tree answer to the name of a Python module."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from posixpath import dirname, join
from typing import Final

INIT: Final = "__init__.py"
_UNDER_ROOT: Final = "?."
"""Stands for the unknown name of a root that is a package."""


@dataclass(frozen=True)
class Layout:
    """What a tree's configuration says about where its modules are."""

    roots: frozenset[str] = frozenset()
    """Folders on the import path although they are packages; "" is the root of the tree."""
    aliases: Mapping[str, str] = field(default_factory=dict)
    """Folders of packages that are installed under another name, by that name."""


class ModuleIndex:
    """Module names to files.

    Where Python looks is known only when it runs: the root of the tree, `src`, editable installs,
    pytest's `pythonpath`, the folders that its import mode `prepend` adds, `sys.path` edited by a
    conftest.py. What they have in common is that none of them is itself a package. So each folder
    without `__init__.py` counts as an import root, and a name that several files answer to leads
    to all of them: too many edges select too much, too few would miss a failure.
    """

    def __init__(self, paths: Collection[str], gone: Collection[str], layout: Layout) -> None:
        self._files = frozenset(path for path in (*paths, *gone) if path.endswith(".py"))
        # A package that has just lost its __init__.py counts as both, what it was and what it is.
        self._packages = {dirname(path) for path in self._files if path.endswith(INIT)}
        lost = {dirname(path) for path in gone if path.endswith(INIT)}
        self._open = (lost | layout.roots) & self._packages
        self._named: defaultdict[str, list[str]] = defaultdict(list)
        for path in sorted(self._files):
            for name in self._names(path):
                self._named[name].append(path)
        for alias, folder in sorted(layout.aliases.items()):
            self._add_alias(alias, folder)
        self._members: dict[str, list[str]] | None = None

    def files(self, name: str) -> list[str]:
        """The files that a whole dotted name stands for."""
        return self._named.get(name, [])

    def resolve(self, importer: str, name: str) -> Iterator[str]:
        """The files that importing a dotted name runs: its packages and itself, if it is one."""
        if name.startswith("."):
            yield from self._relative(importer, name)
            return
        yield from self._named_so_far(name, "")
        if "" in self._packages:
            # The root of the tree is itself a package, by the name of its folder.
            yield from self._named_so_far(name.partition(".")[2], _UNDER_ROOT)

    def _named_so_far(self, name: str, prefix: str) -> Iterator[str]:
        """The files of `a`, `a.b`, `a.b.c` for the name `a.b.c`."""
        end = name.find(".")
        while end != -1:
            yield from self._named.get(prefix + name[:end], ())
            end = name.find(".", end + 1)
        yield from self._named.get(prefix + name, ())

    def packages_of(self, path: str) -> Iterator[str]:
        """The `__init__.py` of each package that a file is in: importing it runs them."""
        folder = dirname(path)
        if path.endswith(f"/{INIT}"):
            folder = dirname(folder)
        while folder in self._packages:
            yield join(folder, INIT)
            if not folder:
                return
            folder = dirname(folder)

    def members(self, package: str) -> list[str]:
        """The modules directly in the package that an `__init__.py` is of."""
        if self._members is None:
            self._members = defaultdict(list)
            for path in sorted(self._files):
                folder = dirname(dirname(path) if path.endswith(f"/{INIT}") else path)
                self._members[folder].append(path)
        return [path for path in self._members.get(dirname(package), ()) if path != package]

    def _names(self, path: str) -> Iterator[str]:
        parts = path.removesuffix(".py").split("/")
        if parts[-1] == "__init__":
            parts.pop()
        name = ""
        while parts and parts[-1].isidentifier():
            name = f"{parts.pop()}.{name}" if name else parts.pop()
            folder = "/".join(parts)
            if folder not in self._packages or folder in self._open:
                yield name
            if not folder and folder in self._packages:
                yield f"{_UNDER_ROOT}{name}"

    def _add_alias(self, alias: str, folder: str) -> None:
        prefix = f"{folder}/" if folder else ""
        for path in sorted(self._files):
            if path.startswith(prefix):
                rest = path.removeprefix(prefix).removesuffix(".py").removesuffix("__init__")
                name = ".".join(filter(None, (alias, *rest.split("/"))))
                if path not in self._named[name]:
                    self._named[name].append(path)

    def _relative(self, importer: str, name: str) -> Iterator[str]:
        words = name.lstrip(".")
        folder = dirname(importer)
        for _ in range(len(name) - len(words) - 1):
            if not folder:
                return
            folder = dirname(folder)
        yield from self._existing((join(folder, INIT),))
        for word in words.split("."):
            folder = join(folder, word)
            yield from self._existing((f"{folder}.py", join(folder, INIT)))

    def _existing(self, paths: Iterable[str]) -> Iterator[str]:
        return (path for path in paths if path in self._files)
