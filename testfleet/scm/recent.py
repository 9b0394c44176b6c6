"""What has happened to a tree lately: where to look when a test fails that passed before."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Final

from testfleet.contracts.change import FileChange, RecentCommit
from testfleet.errors import UsageError
from testfleet.scm.changes import changes_since
from testfleet.scm.commits import commits_before

WORKING_TREE: Final = "working tree"
MOST_COMMITS: Final = 20
MOST_FILES: Final = 200
"""A commit that touches more is suspicious for everything, and so for nothing."""
_MOST_TITLE: Final = 120


def recent_commits(root: Path, source: Collection[str]) -> tuple[RecentCommit, ...]:
    """The newest commits, newest first, after what is not committed yet. Empty without git.

    `source` are the files of the tree.
    """
    try:
        uncommitted = changes_since(root, "HEAD", source)
        commits = commits_before(root, "HEAD", MOST_COMMITS)[::-1]
    except UsageError:
        return ()
    found = [_recent(each.commit, each.title, each.files) for each in commits if each.files]
    if uncommitted:
        found.insert(0, _recent(WORKING_TREE, "not committed yet", uncommitted))
    return tuple(found)


def _recent(commit: str, title: str, files: tuple[FileChange, ...]) -> RecentCommit:
    # A title is bytes of any encoding; what is no UTF-8 fits no contract.
    plain = title[:_MOST_TITLE].encode("utf-8", "replace").decode("utf-8")
    return RecentCommit(commit=commit, title=plain, files=files[:MOST_FILES])
