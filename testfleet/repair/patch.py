"""A repair as a unified diff, in the user's tree, and out of it again."""

from __future__ import annotations

import difflib
import hashlib
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from testfleet.errors import UsageError
from testfleet.repair.sources import read_source
from testfleet.scm.git import reason_of, run_git

RECORD: Final = "applied-fix.json"


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


def apply_files(root: Path, files: Mapping[str, tuple[bytes, bytes]], record: Path) -> None:
    """Write the new content of each file (old, new) if it still has the old one.

    What is needed to undo it is kept in `record`. Raises UsageError when a file has changed since,
    or is not in the tree but only linked there.
    """
    for path, (old, _) in files.items():
        if not (root / path).resolve().is_relative_to(root.resolve()):
            raise UsageError(
                f"{path} leads out of {root}, to {(root / path).resolve()}: it was not changed",
                hint="apply the patch where the file is",
            )
        if _read(root / path) != old:
            raise UsageError(
                f"{path} has changed while the repair was searched", hint="run the command again"
            )
    entries = [
        {"path": path, "old": old.decode("latin-1"), "sha256": _digest(new)}
        for path, (old, new) in files.items()
    ]
    record.parent.mkdir(parents=True, exist_ok=True)
    record.write_text(json.dumps({"root": str(root), "files": entries}), "utf-8")
    for path, (_, new) in files.items():
        _replace(root / path, new)


def undo(root: Path, record: Path) -> list[str]:
    """Put back what the last `apply_files` replaced; the paths. Raises UsageError."""
    try:
        kept: dict[str, Any] = json.loads(record.read_text("utf-8"))
        entries: list[dict[str, str]] = kept["files"]
    except (OSError, ValueError, KeyError) as exc:
        raise UsageError(
            f"nothing to undo: no fix was applied to {root}",
            hint="`testfleet fix --apply` notes what it changes",
        ) from exc
    for entry in entries:
        if _digest(_read(root / entry["path"])) != entry["sha256"]:
            raise UsageError(
                f"{entry['path']} was changed after the fix was applied",
                hint="take the change back yourself, e.g. with git",
            )
    for entry in entries:
        _replace(root / entry["path"], entry["old"].encode("latin-1"))
    record.unlink()
    return [entry["path"] for entry in entries]


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


def _replace(path: Path, content: bytes) -> None:
    """In place: owner, mode and hard links stay."""
    path.write_bytes(content)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
