"""What a repair needs of a code host, in one small protocol.

`GitRemoteHost` implements it with git alone, for a bare repository on this machine. It is made to
fit hosts with a REST API as well: `read` and `authors` are one request each (contents; blame), and
`open` makes blobs, a tree, a commit, a branch, and the request to merge it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from testfleet.contracts.pull_request import PullRequest, PullRequestDraft


class CodeHost(Protocol):
    """Where a repository lies, and its changes are discussed."""

    @property
    def prefix(self) -> str:
        """Folder of the project within the repository, with a slash at its end; empty where they
        are one."""
        ...

    def read(self, path: str) -> bytes | None:
        """A file of the repository, not only of the project, as the newest commit has it; None when
        there is none."""
        ...

    def authors(self, path: str, lines: Sequence[int]) -> list[str]:
        """Who wrote these lines of a file of the project last, those of most lines first. Nobody
        where it is not known."""
        ...

    def open(self, draft: PullRequestDraft) -> PullRequest:
        """Push the branch and open the pull request. The same draft a second time answers with the
        first one. Raises UsageError when the host refuses, e.g. since the files have changed."""
        ...
