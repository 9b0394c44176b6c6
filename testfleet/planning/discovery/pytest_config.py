"""Which configuration pytest would use, read without pytest and without running user code.

The rules are those of `_pytest/config/findpaths.py` in pytest 9: the same files in the same order,
looked for from the common ancestor of the arguments upwards.
"""

from __future__ import annotations

import posixpath
import re
import shlex
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from testfleet.errors import UsageError
from testfleet.planning.source_tree import DirectoryTree, SourceTree

PYTHON_FILES: Final = ("test_*.py", "*_test.py")
NORECURSEDIRS: Final = (
    "*.egg",
    ".*",
    "_darcs",
    "build",
    "CVS",
    "dist",
    "node_modules",
    "venv",
    "{arch}",
)

Settings = Mapping[str, str | list[str]]


@dataclass(frozen=True)
class PytestConfig:
    """The settings that decide what is collected."""

    folder: str | None = None
    """Folder of the file, relative to the tree; None when there is no file."""
    file: str | None = None
    settings: Settings = field(default_factory=dict)

    def with_overrides(self, overrides: Mapping[str, str]) -> PytestConfig:
        """The same with values of the command line on top."""
        return replace(self, settings={**self.settings, **overrides})

    def words(self, name: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        """A setting of pytest's type `args`. Raises UsageError for quotes that do not close."""
        value = self.settings.get(name)
        if value is None:
            return default
        if not isinstance(value, str):
            return tuple(value)
        try:
            return tuple(shlex.split(value))
        except ValueError as exc:
            raise UsageError(f"{self.file}: {name}: {exc}, found {value!r}") from exc


def locate_config(tree: SourceTree, starts: Iterable[str]) -> PytestConfig:
    """The first configuration found from each start upwards. Raises UsageError for broken TOML."""
    names = frozenset(
        file.path for file in tree.paths() if posixpath.basename(file.path) in _LOADERS
    )
    for start in starts:
        for folder in _upwards(start):
            for name in _LOADERS:
                path = posixpath.normpath(posixpath.join(folder, name))
                found = read_config(tree, path) if path in names else None
                if found is not None:
                    return found
    return PytestConfig()


def settings_above(root: Path) -> Path | None:
    """The file above a folder that pytest would take its settings, or at least its root, from.

    For a tree without settings of its own: what lies above it does not come along to a worker.
    """
    for folder in root.parents:
        names = [name for name in _LOADERS if (folder / name).is_file()]
        with suppress(UsageError):  # Broken, and not what this run is about.
            found = locate_config(DirectoryTree(folder, names), ["."]).file
            if found is not None:
                return folder / found
    folders = () if (root / "setup.py").is_file() else root.parents
    return next((f / "setup.py" for f in folders if (f / "setup.py").is_file()), None)


def read_config(tree: SourceTree, path: str) -> PytestConfig | None:
    """The pytest settings of one file, or None when it is not about pytest."""
    name = posixpath.basename(path)
    load = _LOADERS.get(name) or _BY_SUFFIX.get(posixpath.splitext(name)[1])
    if load is None:
        return None
    text = tree.read(path).decode("utf-8", errors="replace")
    try:
        settings = load(text)
    except tomllib.TOMLDecodeError as exc:
        raise UsageError(f"{path}: {exc}", hint="pytest would refuse this file too") from exc
    if settings is None:
        return None
    return PytestConfig(posixpath.dirname(path) or ".", path, settings)


def _upwards(folder: str) -> Iterator[str]:
    while folder not in ("", "."):
        yield folder
        folder = posixpath.dirname(folder)
    yield "."


def _from_pytest_toml(text: str) -> Settings:
    return _native(_table(tomllib.loads(text), "pytest"))


def _from_pyproject(text: str) -> Settings | None:
    pytest = _table(_table(tomllib.loads(text), "tool"), "pytest")
    native = {key: value for key, value in pytest.items() if key != "ini_options"}
    if native:
        return _native(native)
    return _native(_table(pytest, "ini_options")) if "ini_options" in pytest else None


def _from_any_toml(text: str) -> Settings | None:
    found = _from_pyproject(text)
    return found if found is not None else _from_pytest_toml(text)


def _table(document: Mapping[str, object], key: str) -> dict[str, object]:
    value = document.get(key, {})
    return value if isinstance(value, dict) else {}


def _native(table: Mapping[str, object]) -> Settings:
    return {
        key: [str(item) for item in value] if isinstance(value, list) else str(value)
        for key, value in table.items()
    }


def _from_pytest_ini(text: str) -> Settings:
    return ini_section(text, "pytest") or {}


def _from_ini(text: str) -> Settings | None:
    return ini_section(text, "pytest")


def _from_cfg(text: str) -> Settings | None:
    return ini_section(text, "tool:pytest")


_SETTING: Final = re.compile(r"([^\s=:][^=:]*?)\s*[=:]\s*(.*)")


def ini_section(text: str, wanted: str) -> dict[str, str] | None:
    """One section of an ini file, or None when there is none.

    Reads as iniconfig does (indented lines go on, `#` and `;` begin a comment line), and skips
    what it cannot read, since an odd line elsewhere in a tox.ini must not stop a run.
    """
    found: dict[str, str] | None = None
    section = key = ""
    for line in text.splitlines():
        if not line.strip() or line.lstrip()[0] in "#;":
            continue
        if line.startswith("["):
            section, key = line[1:].partition("]")[0].strip(), ""
            found = {} if found is None and section == wanted else found
        elif section != wanted or found is None:
            continue
        elif line[0].isspace():
            found |= {key: f"{found[key]}\n{line.strip()}".strip()} if key else {}
        elif match := _SETTING.match(line):
            key = match[1].strip()
            found[key] = match[2].strip()
    return found


_LOADERS: Final[dict[str, Callable[[str], Settings | None]]] = {
    "pytest.toml": _from_pytest_toml,
    ".pytest.toml": _from_pytest_toml,
    "pytest.ini": _from_pytest_ini,
    ".pytest.ini": _from_pytest_ini,
    "pyproject.toml": _from_pyproject,
    "tox.ini": _from_ini,
    "setup.cfg": _from_cfg,
}
"""Loaders by name, in the order of precedence."""

_BY_SUFFIX: Final[dict[str, Callable[[str], Settings | None]]] = {
    ".ini": _from_ini,
    ".cfg": _from_cfg,
    ".toml": _from_any_toml,
}
