"""A repair in the user's tree, and out of it again: whole or not at all.

The journal comes first. It holds what every file was and what it is going to be, and is on disk
before the first file changes; so an apply that was killed half-way can be undone like one that went
through. Each file is replaced by a rename: a reader sees the old one or the new one.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from testfleet.errors import UsageError

_PART: Final = ".testfleet-part"


def apply_files(root: Path, files: Mapping[str, tuple[bytes, bytes]], record: Path) -> None:
    """Write the new content of each file (old, new) if it still has the old one.

    What is needed to undo it is kept in `record`. Raises UsageError when a file has changed since,
    is not in the tree but only linked there, or cannot be written: then nothing is changed.
    """
    for path, (old, _) in files.items():
        _refuse_unfit(root, path, old)
    before = record.read_bytes() if record.is_file() else None
    _write_journal(root, files, record)
    try:
        _write_all(root, {path: both[1] for path, both in files.items()})
    except OSError as exc:
        _put_back(root, {path: both[0] for path, both in files.items()})
        _restore_record(record, before)
        where = f" ({exc.filename})" if exc.filename else ""
        raise UsageError(
            f"the fix was not applied, and nothing was changed: {exc.strerror or exc}{where}",
            hint="make the files writable, or apply the patch that stands above by hand",
        ) from exc


def undo(root: Path, record: Path) -> list[str]:
    """Put back what the last `apply_files` replaced, also when it was ended half-way; the paths
    that were put back. Raises UsageError."""
    try:
        kept: dict[str, Any] = json.loads(record.read_text("utf-8"))
        entries: list[dict[str, str]] = kept["files"]
        olds = {entry["path"]: entry["old"].encode("latin-1") for entry in entries}
    except (OSError, ValueError, KeyError) as exc:
        raise UsageError(
            f"nothing to undo: no fix was applied to {root}",
            hint="`testfleet fix --apply` notes what it changes",
        ) from exc
    changed = []
    for entry in entries:
        now = _read(root / entry["path"])
        if _digest(now) == entry["sha256"]:
            changed.append(entry["path"])
        elif now != olds[entry["path"]]:
            raise UsageError(
                f"{entry['path']} was changed after the fix was applied",
                hint="take the change back yourself, e.g. with git",
            )
    _write_all(root, {path: olds[path] for path in changed})
    _remove_parts(root, olds)
    record.unlink()
    return changed


def _refuse_unfit(root: Path, path: str, old: bytes) -> None:
    if not (root / path).resolve().is_relative_to(root.resolve()):
        raise UsageError(
            f"{path} leads out of {root}, to {(root / path).resolve()}: it was not changed",
            hint="apply the patch where the file is",
        )
    if _read(root / path) != old:
        raise UsageError(
            f"{path} has changed while the repair was searched", hint="run the command again"
        )


def _write_journal(root: Path, files: Mapping[str, tuple[bytes, bytes]], record: Path) -> None:
    entries = [
        {"path": path, "old": old.decode("latin-1"), "sha256": _digest(new)}
        for path, (old, new) in files.items()
    ]
    record.parent.mkdir(parents=True, exist_ok=True)
    part = record.with_name(f"{record.name}.part")
    with part.open("w", encoding="utf-8") as file:
        json.dump({"root": str(root), "files": entries}, file)
        _settle(file.fileno())
    part.replace(record)


def _restore_record(record: Path, before: bytes | None) -> None:
    """An earlier fix can be undone still."""
    with suppress(OSError):  # On a full disk the journal of what was not applied stays: no harm.
        if before is None:
            record.unlink(missing_ok=True)
        else:
            record.write_bytes(before)


def _write_all(root: Path, contents: Mapping[str, bytes]) -> None:
    """First everything beside the files, where a full disk does no harm, then the renames."""
    ready: dict[Path, Path] = {}
    try:
        for path, content in contents.items():
            # A link within the tree stays one: what it leads to is replaced.
            target = (root / path).resolve()
            ready[target] = _beside(target, content)
        for target, part in ready.items():
            _take_place(part, target)
    finally:
        for part in ready.values():
            part.unlink(missing_ok=True)


def _beside(target: Path, content: bytes) -> Path:
    part = target.with_name(f".{target.name}{_PART}")
    with part.open("wb") as file:
        file.write(content)
        _settle(file.fileno())
    if target.exists():
        shutil.copymode(target, part)
    return part


def _take_place(part: Path, target: Path) -> None:
    if not target.exists():
        part.replace(target)
        return
    status, own = target.stat(), part.stat()
    if status.st_nlink == 1 and (status.st_uid, status.st_gid) == (own.st_uid, own.st_gid):
        part.replace(target)
    else:  # Another name or owner of the file would be lost with a rename. The journal is there.
        target.write_bytes(part.read_bytes())


def _put_back(root: Path, olds: Mapping[str, bytes]) -> None:
    changed = {path: old for path, old in olds.items() if _read(root / path) != old}
    with suppress(OSError):  # What cannot be put back stands in the journal's place: the patch.
        _write_all(root, changed)


def _remove_parts(root: Path, paths: Iterable[str]) -> None:
    """What an apply that was killed has left beside the files."""
    for path in paths:
        target = (root / path).resolve()
        target.with_name(f".{target.name}{_PART}").unlink(missing_ok=True)


def _settle(fd: int) -> None:
    """On disk, where the file system can tell."""
    with suppress(OSError):
        os.fsync(fd)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
