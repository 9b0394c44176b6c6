"""What is to be repaired: a tree, and how its tests are run at home."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Project:
    """A tree with its tests."""

    root: Path
    files: Sequence[str]
    """POSIX paths of what is source, relative to `root`."""
    python: str
    """Interpreter that has pytest and all that the tests need."""
    args: Sequence[str] = ()
    """Arguments that pytest is started with."""
    env: Mapping[str, str] = field(default_factory=dict)
    """Variables that the tests see."""
    folder: str = "."
    """Where pytest is started, relative to `root`."""
    memory_mb: int = 2048
    """What tests of one candidate may take on top of what is loaded already."""
