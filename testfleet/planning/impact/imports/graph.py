"""The dependency graph of a tree: an edge from each file to each that it may need."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from testfleet.planning.impact.imports.facts import Unknown


class EdgeKind(StrEnum):
    """Why one file needs another."""

    IMPORT = "import"
    PACKAGE = "package"
    """An `__init__.py` above it: importing a module runs the packages that it is in."""
    CONFTEST = "conftest"
    PLUGIN = "plugin"
    NAME = "name"
    """A string names it: a path, a module to patch or to load, a program to start."""
    FOLDER = "folder"
    """A string names the folder that it is in."""


Edges = Mapping[str, Mapping[str, EdgeKind]]


@dataclass(frozen=True)
class ImportGraph:
    """Files and folders (`name/`) of a tree, and what each of them may need."""

    needs: Edges
    unknown: Mapping[str, tuple[Unknown, ...]]
    """What could not be read, by file."""
    units: frozenset[str]
    """Files that are units."""
    of_tests: frozenset[str]
    """Files that belong to the tests rather than to what they test; units are among them."""
    packages: frozenset[str]
    """Folders with an `__init__.py`."""
    script_packages: frozenset[str]
    """Folders of a package.json without any Python below."""
    twins: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Files with the same content, by path: a symbolic link changes with what it leads to."""
    of_environment: frozenset[str] = frozenset()
    """Files that the environment of the tests is built from."""

    @cached_property
    def needed_by(self) -> Mapping[str, tuple[str, ...]]:
        """The graph turned round, each list sorted."""
        found: defaultdict[str, list[str]] = defaultdict(list)
        for path in sorted(self.needs):
            for target in self.needs[path]:
                found[target].append(path)
        return {path: tuple(importers) for path, importers in found.items()}
