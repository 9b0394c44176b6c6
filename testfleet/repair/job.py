"""What is asked of a repair."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from testfleet.contracts.change import FileChange
from testfleet.repair.engine import Engine
from testfleet.repair.project import Project

if TYPE_CHECKING:
    from testfleet.repair.search import Found


@dataclass(frozen=True)
class FixJob:
    """What is to be repaired, and what that may cost."""

    project: Project
    engines: Sequence[Engine]
    tests: Sequence[str] = ()
    """Ids of failing tests; empty for all that fail."""
    budget_s: float = 300.0
    max_candidates: int = 100_000
    changes: Sequence[FileChange] = ()
    """Of the commit under test, where git knows them."""
    progress: Callable[[str], None] = field(default=lambda _text: None)
    """Is told what goes on."""
    hand_over: Callable[[Found], None] | None = None
    """Is given what the search of the first fault has found, and no vote is held: somebody else
    decides."""
