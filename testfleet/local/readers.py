"""What change impact can use on this machine: kept facts, Node.js, the project's environment."""

from __future__ import annotations

from pathlib import Path

from testfleet.local.fact_store import FileFactStore
from testfleet.local.installed import VenvPackages
from testfleet.local.node_imports import NodeScriptReader
from testfleet.planning.impact.imports.build import Readers


def local_readers(root: Path, home: Path, python: str | None) -> Readers:
    """The readers for a tree at `root` whose tests run under `python`, if that is known."""
    return Readers(
        store=FileFactStore(home, root),
        scripts=NodeScriptReader(root, home),
        installed=VenvPackages(python),
    )
