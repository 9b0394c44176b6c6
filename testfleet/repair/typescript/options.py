"""What a repair of TypeScript or JavaScript is asked for."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from testfleet.contracts.change import FileChange

ENGINES: Final = ("tools", "rewrite")


@dataclass(frozen=True)
class Options:
    """What is to be repaired, and what that may cost."""

    engines: Sequence[str] = ENGINES
    only: Sequence[str] = ()
    """Files, or complaints as `path(line,column): TS2322`; empty for all."""
    budget_s: float = 300.0
    max_candidates: int = 2_000
    changes: Sequence[FileChange] = ()
    """Of the commit under test, where git knows them."""
    files: Sequence[str] = ()
    """The project's sources, relative to its root; what is not listed is not copied."""
    env: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    """What the tests see."""
    progress: Callable[[str], None] = field(default=lambda _text: None)
