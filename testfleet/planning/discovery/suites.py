"""The suites of a repository without any in its testfleet.toml, found by its own files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from posixpath import dirname, normpath
from typing import Any, Final

from testfleet.contracts.project import ProjectConfig, SuiteConfig
from testfleet.planning.discovery.discover import FRAMEWORKS
from testfleet.planning.discovery.globs import expand
from testfleet.planning.discovery.pytest_discovery import PytestFramework
from testfleet.planning.project import DEFAULT_SUITE
from testfleet.planning.source_tree import SourceTree

PACKAGE: Final = "package.json"
MOST_FOLDERS: Final = 200
"""Packages of a monorepo that are looked into."""
_PNPM: Final = "pnpm-workspace.yaml"
_PNPM_GLOB: Final = re.compile(
    r"""^\s{0,20}-\s{1,4}["']?([^"'\s#!][^"'#\n]{0,200}?)["']?\s*(?:#.*)?$"""
)


def with_detected(project: ProjectConfig, tree: SourceTree) -> ProjectConfig:
    """The project, with the suites that its files speak of when it names none.

    What pytest runs is the suite `default`, as ever. Each other framework at the root of the tree
    is a suite of its own name; in a package of a monorepo, the package's folder stands before it.
    A framework at the root looks into the packages itself.
    """
    if project.suites:
        return project
    found: dict[str, SuiteConfig] = {}
    others = [one for one in FRAMEWORKS if one.name not in (PytestFramework.name, "command")]
    for folder in (".", *_packages(tree)):
        for framework in others:
            if framework.name not in found and framework.detect(tree, folder):
                name = framework.name if folder == "." else f"{folder}/{framework.name}"
                values = {"framework": framework.name, "root": folder}
                found[name] = SuiteConfig.model_validate(values)
    if not found:
        return project
    if PytestFramework().detect(tree, "."):
        found = {DEFAULT_SUITE: SuiteConfig(), **found}
    return project.model_copy(update={"suites": found})


def _packages(tree: SourceTree) -> list[str]:
    """Folders of packages: those that the workspace names; without one, those right below."""
    folders = sorted(
        folder
        for file in tree.paths()
        if file.path.endswith(f"/{PACKAGE}") and (folder := dirname(file.path))
    )
    globs = [normpath(glob) for glob in _workspaces(tree)]
    if globs:
        named = {folder for glob in globs for folder in expand(glob, folders)}
    else:
        named = {folder for folder in folders if "/" not in folder}
    return sorted(named)[:MOST_FOLDERS]


def _workspaces(tree: SourceTree) -> Iterator[str]:
    for name in (PACKAGE, "lerna.json"):
        content = _json(tree, name)
        value = content.get("workspaces", content.get("packages"))
        value = value.get("packages") if isinstance(value, dict) else value
        yield from _texts(value)
    try:
        lines = tree.read(_PNPM).decode("utf-8", "replace").splitlines()
    except KeyError:
        return
    yield from (found[1].strip() for line in lines if (found := _PNPM_GLOB.match(line)))


def _texts(value: object) -> Iterable[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _json(tree: SourceTree, name: str) -> dict[str, Any]:
    try:
        content = json.loads(tree.read(name))
    except (KeyError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}
