"""What a change touches, file by file."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from testfleet.contracts.base import Contract


class FileStatus(StrEnum):
    """What happened to a file."""

    ADDED = "added"
    MODIFIED = "modified"
    DELETED = "deleted"
    RENAMED = "renamed"


class FileChange(Contract):
    """One file of a change."""

    path: str
    """POSIX path relative to the root of the tree, in the new version; of a deleted file, the
    old one."""
    status: FileStatus
    old_path: str | None = None
    """Where a renamed file was."""
    added: int = Field(default=0, ge=0)
    deleted: int = Field(default=0, ge=0)
    """Lines. 0 for what has none, e.g. an image."""
    lines: tuple[tuple[int, int], ...] = ()
    """Ranges of added or modified lines in the new version, first and last, from 1. Empty where
    nobody knows: the whole file counts as changed."""


class RecentCommit(Contract):
    """A commit that may have broken what fails, or what is not committed yet."""

    commit: str
    """Full name, or `working tree`."""
    title: str
    files: tuple[FileChange, ...]
