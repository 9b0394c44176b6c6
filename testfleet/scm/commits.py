"""The commits of a repository's past, with the files that each has changed."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from testfleet.contracts.change import FileChange, FileStatus
from testfleet.errors import UsageError
from testfleet.scm.git import reason_of, run_git

MOST_COMMITS: Final = 5_000
"""Looked back at most: some years of most projects, a few seconds of git."""
_HEAD: Final = re.compile(r"\x01([0-9a-f]{40,64}) (\d+) (.*)\Z", re.DOTALL)


@dataclass(frozen=True)
class Commit:
    """One commit that is not a merge."""

    commit: str
    at_s: float
    """When it was committed, in seconds since the epoch."""
    files: tuple[FileChange, ...]
    """Without lines. Whether a file was new is not asked: all but renamed ones count as
    modified."""
    title: str = ""
    """First line of its message."""


def commits_before(root: Path, rev: str, most: int = MOST_COMMITS) -> list[Commit]:
    """The newest commits that REV contains, below `root`, oldest first.

    Raises UsageError when `root` is not in a git repository, or REV names no commit.
    """
    log = ["log", "--no-merges", "--topo-order", "--find-renames", "--numstat", "-z"]
    shape = [f"--max-count={most}", "--format=%x01%H %ct %s", "--relative", "--end-of-options", rev]
    output = _git(root, *log, *shape, "--", ".")
    return list(_commits(output))[::-1]


def commit_id(root: Path, rev: str) -> str:
    """The full name of the commit that REV names. Raises UsageError."""
    found = _git(root, "rev-parse", "--verify", "--end-of-options", f"{rev}^{{commit}}")
    return os.fsdecode(found).strip()


def _commits(output: bytes) -> Iterator[Commit]:
    """`SOH hash time title NUL`, then `added TAB deleted TAB path NUL`, or both paths behind."""
    fields = (os.fsdecode(field) for field in output.split(b"\0"))
    name, at_s, title, files = "", 0.0, "", list[FileChange]()
    for field in fields:
        head = _HEAD.search(field)
        if head is not None:
            if name:
                yield Commit(name, at_s, tuple(files), title)
            name, at_s, title, files = head[1], float(head[2]), head[3], []
        elif field.strip("\n"):
            added, deleted, path = field.lstrip("\n").split("\t", 2)
            old = None if path else next(fields)
            files.append(_change(path or next(fields), old, added, deleted))
    if name:
        yield Commit(name, at_s, tuple(files), title)


def _change(path: str, old: str | None, added: str, deleted: str) -> FileChange:
    return FileChange(
        path=path,
        status=FileStatus.RENAMED if old else FileStatus.MODIFIED,
        old_path=old,
        added=int(added) if added.isdecimal() else 0,
        deleted=int(deleted) if deleted.isdecimal() else 0,
    )


def _git(root: Path, *args: str) -> bytes:
    done = run_git(root, *args)
    if done.returncode != 0:
        raise UsageError(
            f"git {args[0]} failed in {root}: {reason_of(done)}",
            hint="name a folder in a git repository, and a commit of it",
        )
    return done.stdout
