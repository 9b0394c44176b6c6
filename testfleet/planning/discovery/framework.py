"""What planning asks of a test framework."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from testfleet.contracts.plan import Unit
from testfleet.contracts.tool import ToolOptions
from testfleet.planning.source_tree import SourceTree


@dataclass(frozen=True)
class DiscoveryRequest:
    """Where to look, and what the framework will be started with."""

    tree: SourceTree
    root: str = "."
    """Folder that the framework is started in, relative to the tree."""
    args: tuple[str, ...] = ()
    """Arguments of the suite, then those of the run."""
    known_tests: Mapping[str, int] = field(default_factory=dict)
    """Tests of units that ran before, by unit id: they need not be counted."""
    tool: ToolOptions = field(default_factory=ToolOptions)
    """Settings of the suite that only some frameworks read."""
    units: tuple[str, ...] = ()
    """Globs of the suite's test files, where testfleet.toml names them."""


@dataclass(frozen=True)
class Discovery:
    """The units that reading can find."""

    units: tuple[Unit, ...]
    """In the order of collection."""
    notes: tuple[str, ...] = ()
    """How they were found, in words for a person."""
    open_ended: bool = False
    """Plugins or conftest files may collect tests that no unit names."""
    together: tuple[tuple[str, ...], ...] = ()
    """Units, by id, that change each other's results when they meet, and so must meet."""


class Framework(Protocol):
    """A test framework, known by reading a tree only: none of its code is run here.

    Too many units do no harm, since a unit without tests finishes at once. Too few cost balance,
    not results: what no unit names is collected by the shard that takes the rest.
    """

    @property
    def name(self) -> str:
        """Word in `testfleet.toml`."""
        ...

    def detect(self, tree: SourceTree, root: str) -> bool:
        """Whether the tree looks like it has tests of this framework below the folder."""
        ...

    def discover(self, request: DiscoveryRequest) -> Discovery:
        """Find the units. Raises UsageError for a configuration the framework would refuse."""
        ...
