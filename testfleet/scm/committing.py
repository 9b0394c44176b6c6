"""Commits made of files' contents alone: no working tree and no index of the user is touched."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from testfleet.errors import UsageError
from testfleet.scm.git import git_environment

_TIME_LIMIT_S: Final = 60


@dataclass(frozen=True)
class MadeCommit:
    """A commit that no branch knows yet."""

    commit: str
    tree: str


@dataclass(frozen=True)
class Plumbing:
    """Git in a repository, with an index of its own where one is given."""

    root: Path
    index: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)

    def run(self, *args: str, stdin: bytes = b"") -> str:
        """What git printed. Raises UsageError with what it complained of."""
        own = {"GIT_INDEX_FILE": self.index} if self.index else {}
        try:
            done = subprocess.run(
                ["git", "-C", str(self.root), *args],
                input=stdin,
                capture_output=True,
                check=False,
                timeout=_TIME_LIMIT_S,
                env={**git_environment(), **own, **self.variables},
            )
        except (OSError, subprocess.TimeoutExpired) as exc:
            raise UsageError(f"git {args[0]} failed in {self.root}: {exc}") from exc
        if done.returncode != 0:
            said = os.fsdecode(done.stderr).strip().removeprefix("fatal: ")
            raise UsageError(
                f"the fix cannot be committed: git {args[0]} failed in {self.root}: {said}",
                hint="use --apply to have it in the working tree instead",
            )
        return os.fsdecode(done.stdout).strip()


def commit_files(
    root: Path,
    files: Mapping[str, tuple[bytes, bytes]],
    message: str,
    base: str = "HEAD",
    identity: Mapping[str, str] | None = None,
) -> MadeCommit:
    """One commit on top of `base` that makes these changes: (old, new) contents by path.

    `identity` are git's variables for author and committer; default: as git is set up. Raises
    UsageError where git refuses, and where a file is not as `base` has it: the commit would carry
    what nobody has committed.
    """
    with tempfile.TemporaryDirectory(prefix="testfleet-index-") as folder:
        git = Plumbing(root, f"{folder}/index", identity or {})
        git.run("read-tree", base)
        for path, (old, new) in files.items():
            _stage(git, path, old, new, base)
        tree = git.run("write-tree")
        commit = git.run("commit-tree", tree, "-p", base, stdin=message.encode())
    return MadeCommit(commit, tree)


def _stage(git: Plumbing, path: str, old: bytes, new: bytes, base: str) -> None:
    # Ended by NUL, or git would quote names that are not ASCII.
    entry = git.run("ls-tree", "-z", "--full-name", base, "--", path).removesuffix("\0")
    if not entry:
        raise UsageError(f"{path} is not in {base}", hint="commit it first, or use --apply")
    facts, _, full = entry.partition("\t")
    mode, _, known = facts.split()
    # With the path's filters, as `git add` has them: line ends may differ on disk and in git.
    if git.run("hash-object", f"--path={path}", "--stdin", stdin=old) != known:
        raise UsageError(
            f"{path} has changes that are not committed, so the fix cannot be one commit",
            hint="commit or stash them, or use --apply --force",
        )
    blob = git.run("hash-object", "-w", f"--path={path}", "--stdin", stdin=new)
    git.run("update-index", "--cacheinfo", f"{mode},{blob},{full}")
