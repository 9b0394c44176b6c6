"""`testfleet fix` where the TypeScript compiler is what fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from testfleet.contracts.change import FileChange
    from testfleet.repair.fix import FixResult


def fix_here(
    root: Path,
    engines: Sequence[str],
    tests: Sequence[str],
    limits: tuple[float, int],
    changes: Sequence[FileChange],
    progress: Callable[[str], None],
) -> FixResult | None:
    """Repair what the compiler complains about; None when `root` is no TypeScript project.

    `limits` are seconds and candidates. Raises UsageError.
    """
    from testfleet.cli.interpreter import home_variables
    from testfleet.contracts.project import PROJECT_FILE
    from testfleet.planning.project import load_project
    from testfleet.planning.source_tree import DirectoryTree
    from testfleet.repair.typescript.fix import ENGINES, Options, fix_typescript
    from testfleet.repair.typescript.home import is_typescript
    from testfleet.scm.working_tree import list_files

    own = [PROJECT_FILE] if (root / PROJECT_FILE).is_file() else []
    files = tuple(list_files(root, load_project(DirectoryTree(root, own)).source.include))
    if not is_typescript(root, files, engines):
        return None
    budget_s, candidates = limits
    options = Options(
        changes=changes,
        engines=tuple(name for name in ENGINES if not engines or name in engines),
        only=tuple(tests),
        budget_s=budget_s,
        max_candidates=candidates,
        files=files,
        env=home_variables(),
        progress=progress,
    )
    return fix_typescript(root, options)
