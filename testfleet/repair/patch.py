"""A repair as a unified diff, and whether the user's files are fit for it."""

from __future__ import annotations

import difflib
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from testfleet.errors import UsageError
from testfleet.repair.sources import read_source
from testfleet.scm.git import reason_of, run_git


def unified_diff(path: str, old: str, new: str) -> str:
    """As `git diff` writes it and `git apply` reads it, line ends as they are in the file."""
    lines = difflib.unified_diff(
        _lines(old), _lines(new), f"a/{path}", f"b/{path}", lineterm="\n", n=3
    )
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )


def diff_of_files(files: Mapping[str, tuple[bytes, bytes]]) -> str:
    """Unified diff of (old, new) contents, by path."""
    parts = []
    for path, (old, new) in sorted(files.items()):
        before, after = read_source(old), read_source(new)
        if before is not None and after is not None:
            parts.append(unified_diff(path, before.text, after.text))
    return "".join(parts)


def _lines(text: str) -> list[str]:
    """Split at line feeds only: a form feed or a lone carriage return ends no line of a diff."""
    parts = text.split("\n")
    return [f"{part}\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


def dirty_files(root: Path, paths: Sequence[str]) -> list[str]:
    """Those of the paths that have changes which are not committed; none where git has no say.
    Raises UsageError when it has, and does not tell."""
    if shutil.which("git") is None:
        return []
    done = run_git(root, "status", "--porcelain", "-z", "--", *paths)
    if done.returncode == 0:
        changed = os.fsdecode(done.stdout)
        return [path for path in paths if path in changed]
    reason = reason_of(done)
    if "not a git repository" in reason:
        return []
    raise UsageError(
        f"git does not tell whether {', '.join(paths)} have changes: {reason}",
        hint="mend that, or apply all the same: --force",
    )
