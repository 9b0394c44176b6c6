"""`testfleet fix --apply` and `--undo`."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from testfleet.cli.console import out, print_json

if TYPE_CHECKING:
    from testfleet.repair.fix import FixResult


def place_of(root: Path, kind: str = "") -> Path:
    """Where something is kept about fixes of this tree: the journal of the last applied one, or,
    with a kind, something else."""
    from testfleet.cli.home import home

    name = hashlib.sha256(str(root).encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return home() / "fixes" / f"{name}{f'.{kind}' if kind else ''}.json"


def apply_fix(root: Path, result: FixResult, *, force: bool) -> None:
    """Write the fix into the tree. Raises UsageError for files with uncommitted changes, unless
    `force`."""
    from testfleet.errors import UsageError
    from testfleet.repair.applying import apply_files
    from testfleet.repair.patch import dirty_files

    dirty = [] if force else dirty_files(root, list(result.files))
    if dirty:
        raise UsageError(
            f"{', '.join(dirty)} has changes that are not committed, so the fix was not applied",
            hint="commit or stash them, or add --force; the patch stands above",
        )
    apply_files(root, result.files, place_of(root))


def undo_fix(root: Path, *, as_json: bool) -> None:
    """Take the last applied fix back, also one that was ended half-way."""
    from testfleet.repair.applying import undo

    paths = undo(root, place_of(root))
    if as_json:
        print_json({"restored": paths})
    else:
        out().print(f"restored {', '.join(paths) or 'nothing: no file had changed'}", markup=False)
