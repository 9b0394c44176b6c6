"""What differs between two versions of a tree, where no git is at hand."""

from __future__ import annotations

from testfleet.contracts.change import FileChange, FileStatus
from testfleet.planning.source_tree import SourceTree


def changed_files(old: SourceTree, new: SourceTree) -> tuple[FileChange, ...]:
    """Files that were added, deleted, or whose content differs, sorted by path.

    A renamed file is a deleted and an added one. Which lines differ is not told.
    """
    before = dict(old.paths())
    after = dict(new.paths())
    changes = []
    for path in sorted(before.keys() | after.keys()):
        if path not in before:
            changes.append(FileChange(path=path, status=FileStatus.ADDED))
        elif path not in after:
            changes.append(FileChange(path=path, status=FileStatus.DELETED))
        elif before[path] != after[path] or old.read(path) != new.read(path):
            changes.append(FileChange(path=path, status=FileStatus.MODIFIED))
    return tuple(changes)
