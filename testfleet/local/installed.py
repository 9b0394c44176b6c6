"""Which installed packages need a project, from the metadata in a virtual environment."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from testfleet.planning.impact.imports.installed import PYTEST

_FIELD: Final = re.compile(r"^(Name|Requires-Dist): *([\w.-]+)", re.MULTILINE)


@dataclass(frozen=True)
class _Package:
    name: str
    requires: frozenset[str]
    modules: frozenset[str]


class VenvPackages:
    """The packages of the virtual environment that an interpreter belongs to."""

    def __init__(self, python: str | None) -> None:
        self._venv = None if python is None else Path(python).parent.parent

    def importers_of(self, projects: Collection[str]) -> frozenset[str]:
        """See `InstalledPackages`. Metadata that cannot be read says nothing."""
        if self._venv is None or not projects:
            return frozenset()
        needed_by: defaultdict[str, list[_Package]] = defaultdict(list)
        for folder in sorted(self._venv.glob("lib/python*/site-packages/*.dist-info")):
            package = _read(folder)
            for name in package.requires:
                needed_by[name].append(package)
        own = {_plain(project) for project in projects}
        reached = set(own)
        waiting = sorted(own)
        modules: set[str] = set()
        while waiting:
            for package in needed_by[waiting.pop()]:
                if package.name not in reached:
                    reached.add(package.name)
                    waiting.append(package.name)
                    modules |= package.modules
        return frozenset(modules)


def _read(folder: Path) -> _Package:
    head = _text(folder / "METADATA").partition("\n\n")[0]
    found = _FIELD.findall(head)
    names = [_plain(value) for key, value in found if key == "Name"]
    return _Package(
        name=names[0] if names else "",
        requires=frozenset(_plain(value) for key, value in found if key == "Requires-Dist"),
        modules=frozenset(_modules(folder)),
    )


def _modules(folder: Path) -> Iterator[str]:
    for line in _text(folder / "RECORD").splitlines():
        top, slash, rest = line.partition(",")[0].partition("/")
        if top.endswith(".py") and not slash:
            yield top.removesuffix(".py")
        elif rest.endswith((".py", ".so", ".pyd")) and top.isidentifier():
            yield top
    if "[pytest11]" in _text(folder / "entry_points.txt"):
        yield PYTEST


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8", "replace")
    except OSError:
        return ""


def _plain(name: str) -> str:
    """Names of packages as they are compared."""
    return re.sub(r"[-_.]+", "-", name).lower()
