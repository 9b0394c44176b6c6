"""What a project's own packaging says: its scripts, its pytest plugins, packages under new names.

Files that cannot be read say nothing here: whoever must obey them will complain.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from posixpath import basename, dirname, join, normpath
from typing import Final

from testfleet.planning.discovery.pytest_config import ini_section
from testfleet.planning.impact.imports.modules import Layout
from testfleet.planning.source_tree import SourceTree

_FILES: Final = frozenset({"pyproject.toml", "setup.cfg", "setup.py"})
_ENTRY: Final = re.compile(r"([\w.-]+)\s*=\s*([A-Za-z_][\w.]*)\s*(?::[\w.]+)?")
_QUOTED_ENTRY: Final = re.compile(r"""["']\s*""" + _ENTRY.pattern + r"""\s*["']""")
_PAIR: Final = re.compile(r"""["']([\w.]*)["']\s*:\s*["']([\w./-]+)["']""")
_PLUGINS: Final = "pytest11"


@dataclass
class Packaging:
    """The declarations of all projects in a tree."""

    scripts: dict[str, set[str]] = field(default_factory=dict)
    """Modules of console scripts, by the script's name."""
    plugins: set[str] = field(default_factory=set)
    """Modules that pytest loads when the project is installed."""
    names: set[str] = field(default_factory=set)
    """Names of the projects, as one would import them."""
    aliases: dict[str, str] = field(default_factory=dict)

    def layout(self, roots: Iterable[str]) -> Layout:
        """Where modules are, with more import roots."""
        return Layout(frozenset(roots), self.aliases)

    def add_script(self, name: str, target: str) -> None:
        """Note a console script, `module:function`."""
        self.scripts.setdefault(name, set()).add(target.partition(":")[0].strip())

    def add_package(self, name: str, folder: str) -> None:
        """Note where a package lies; the root of all is a folder like any other."""
        if name and normpath(folder).rpartition("/")[2] != name.rpartition(".")[2]:
            self.aliases[name] = normpath(folder)


def read_packaging(tree: SourceTree) -> Packaging:
    """Read every pyproject.toml, setup.cfg and setup.py."""
    found = Packaging()
    for path in [file.path for file in tree.paths() if basename(file.path) in _FILES]:
        text = tree.read(path).decode("utf-8", "replace")
        match basename(path):
            case "pyproject.toml":
                _read_pyproject(text, dirname(path), found)
            case "setup.cfg":
                _read_setup_cfg(text, dirname(path), found)
            case _:
                _read_setup_py(text, dirname(path), found)
    return found


def _read_pyproject(text: str, folder: str, found: Packaging) -> None:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    project, poetry = _table(document, "project"), _table(document, "tool", "poetry")
    for name in (project.get("name"), poetry.get("name")):
        if isinstance(name, str):
            found.names.add(re.sub(r"[-.]+", "_", name))
    scripts = (
        _table(project, "scripts"),
        _table(project, "gui-scripts"),
        _table(poetry, "scripts"),
    )
    for script, target in (pair for table in scripts for pair in table.items()):
        found.add_script(script, str(target))
    plugins = (_table(project, "entry-points", _PLUGINS), _table(poetry, "plugins", _PLUGINS))
    for target in (value for table in plugins for value in table.values()):
        found.plugins.add(str(target).partition(":")[0])
    for name, place in _table(document, "tool", "setuptools", "package-dir").items():
        found.add_package(name, join(folder, str(place)))


def _table(document: Mapping[str, object], *keys: str) -> Mapping[str, object]:
    for key in keys:
        value = document.get(key)
        document = value if isinstance(value, dict) else {}
    return document


def _read_setup_cfg(text: str, folder: str, found: Packaging) -> None:
    name = (ini_section(text, "metadata") or {}).get("name")
    if name:
        found.names.add(re.sub(r"[-.]+", "_", name))
    points = ini_section(text, "options.entry_points") or {}
    for script, target in _entries(points.get("console_scripts", "")):
        found.add_script(script, target)
    found.plugins |= {target for _, target in _entries(points.get(_PLUGINS, ""))}
    for line in (ini_section(text, "options") or {}).get("package_dir", "").splitlines():
        package, equals, place = line.partition("=")
        if equals:
            found.add_package(package.strip(), join(folder, place.strip()))


def _entries(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        match = _ENTRY.match(line.strip())
        if match:
            yield match[1], match[2]


def _read_setup_py(text: str, folder: str, found: Packaging) -> None:
    """A program, so its strings are taken for all that they may be."""
    for match in _QUOTED_ENTRY.finditer(text):
        found.add_script(match[1], match[2])
        if _PLUGINS in text:
            found.plugins.add(match[2])
    if "package_dir" in text:
        for package, place in _PAIR.findall(text):
            found.add_package(package, join(folder, place))
