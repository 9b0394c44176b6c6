"""What planning asks of a reader of JavaScript and TypeScript."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from testfleet.planning.impact.imports.facts import Unknown


@dataclass(frozen=True, slots=True)
class ScriptImports:
    """What one file imports. How it is resolved depends on the tree, unlike Python's facts."""

    targets: tuple[str, ...] = ()
    """Files of the tree."""
    missing: tuple[str, ...] = ()
    """Specifiers that lead to no file of the tree: other packages, or files that are gone."""
    unknown: tuple[Unknown, ...] = ()


class ScriptReader(Protocol):
    """Reads and resolves the imports of scripts. The adapter for Node.js is in testfleet.local."""

    def read(self, paths: Sequence[str]) -> Mapping[str, ScriptImports]:
        """The imports of these files of the tree. A file that it cannot read is unknown."""
        ...


class NoScriptReader:
    """Where there is no Node.js, or no folder for it to look into: nothing is known."""

    def __init__(self, why: str = "JavaScript, which nobody here can read") -> None:
        self._imports = ScriptImports(unknown=(Unknown(1, why),))

    def read(self, paths: Sequence[str]) -> Mapping[str, ScriptImports]:
        """Unknown, each of them."""
        return dict.fromkeys(paths, self._imports)
