"""Working copies of the tree under test: made once, then brought back in order for each shard.

    <work root>/sources/<sha256>.tar.gz
    <work root>/<repository>/slot-N.lock     held while a shard runs there
    <work root>/<repository>/slot-N.state/   manifest, events, log: out of the tests' way
    <work root>/<repository>/slot-N/<name>/  the tree, under the name of the folder at home

A slot's path stays the same and sources keep their times, so bytecode of earlier shards is valid.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePath

from testfleet.contracts.task import WorkerTask
from testfleet.errors import UsageError
from testfleet.execution.archive import cached_archive
from testfleet.execution.files import is_disk_full, remove_quietly, try_lock
from testfleet.execution.host import temporary_folder
from testfleet.execution.tree import Tree

PREFIX = "tf-"


@dataclass(frozen=True)
class Workspace:
    """One working copy, for the time of one shard."""

    tree: Path
    state: Path
    notes: tuple[str, ...]
    was_there: bool
    """An earlier shard has left it, so that little had to be unpacked."""


@contextmanager
def workspace(task: WorkerTask, work_root: Path) -> Iterator[Workspace]:
    """A working copy in exactly the archive's state, in a slot that nobody else uses.

    Raises ArchiveError, TransferError, and OSError when the disk is full or may not be written.
    """
    prepare_root(work_root)
    archive = cached_archive(task.source, work_root / "sources")
    home = work_root / _key(task.repository)
    home.mkdir(exist_ok=True)
    slot, lock = _free_slot(home)
    try:
        state = slot.with_suffix(".state")
        state.mkdir(exist_ok=True)
        tree = Tree(slot / _name(task), state / "manifest.json")
        if not task.source.reuse:
            tree.discard()
        was_there = tree.path.is_dir()
        notes = _in_order(tree, archive, task.source.sha256)
        yield Workspace(tree.path, state, notes, was_there)
    finally:
        if not task.source.reuse:
            remove_quietly(slot)
            remove_quietly(slot.with_suffix(".state"))
        os.close(lock)


def prepare_root(work_root: Path) -> None:
    """Make the folder. It must be ours: in a shared temporary folder anybody may make one."""
    work_root.mkdir(mode=0o700, parents=True, exist_ok=True)
    owner = work_root.stat().st_uid
    if owner != os.getuid():
        raise UsageError(
            f"work folder {work_root} belongs to user {owner}, not to {os.getuid()}",
            hint="remove it, or set TESTFLEET_WORK_ROOT to a folder of your own",
        )


@contextmanager
def temporary_for(state: Path, env: Mapping[str, str], notes: list[str]) -> Iterator[Path]:
    """The tests' TMPDIR, where theirs is at home. Short: a socket's path has at most 107 bytes."""
    memo = state / "temporary"
    _remove_forgotten(memo)
    parent = Path(env.get("TMPDIR") or temporary_folder())
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent if parent.is_dir() else None))
    memo.write_text(str(folder), encoding="utf-8")
    try:
        yield folder
    finally:
        if remove_quietly(folder):
            memo.unlink(missing_ok=True)
        else:
            notes.append(f"could not remove the temporary folder {folder}")


def _remove_forgotten(memo: Path) -> None:
    """Remove what a worker has left that was killed in this slot."""
    if not memo.is_file():
        return
    forgotten = Path(memo.read_text(encoding="utf-8", errors="replace"))
    # A test can write here, too, and must not make us remove what is not ours.
    if forgotten.name.startswith(PREFIX) and not forgotten.is_symlink():
        remove_quietly(forgotten)


def _in_order(tree: Tree, archive: Path, sha256: str) -> tuple[str, ...]:
    try:
        return tree.bring_to(archive, sha256)
    except (OSError, ValueError) as error:
        if isinstance(error, OSError) and is_disk_full(error):
            raise
        # Whatever is odd about the slot: begin again from nothing.
        tree.discard()
        return tree.bring_to(archive, sha256)


def _free_slot(home: Path) -> tuple[Path, int]:
    for number in itertools.count():
        lock = try_lock(home / f"slot-{number}.lock")
        if lock is not None:
            return home / f"slot-{number}", lock
    raise AssertionError("unreachable: counting does not end")


def _key(repository: str) -> str:
    readable = re.sub(r"[^A-Za-z0-9]+", "-", repository).strip("-")[-24:]
    return f"{readable}-{hashlib.sha256(repository.encode()).hexdigest()[:8]}"


def _name(task: WorkerTask) -> str:
    """Imports may depend on it: a root folder with an `__init__.py` is itself the package."""
    name = PurePath(task.source.original_root or task.repository).name
    return name if name not in ("", "..") else "tree"
