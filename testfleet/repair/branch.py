"""A fix as one commit on a branch of its own. Neither the working tree nor its index is touched."""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from testfleet.contracts.repair import FixReport
from testfleet.errors import UsageError

PREFIX: Final = "fix/auto-generated-"
_TIME_LIMIT_S: Final = 60
_TESTS_SHOWN: Final = 10
_REASONS_SHOWN: Final = 3


def commit_fix(root: Path, report: FixReport, files: Mapping[str, tuple[bytes, bytes]]) -> str:
    """Name of the branch, which begins at HEAD. `files` are (old, new) contents by path.

    The same fix has the same name. Raises UsageError where git refuses, where a branch of that name
    holds anything else, and where a file is not as HEAD has it: the commit would carry what nobody
    has committed.
    """
    name = PREFIX + hashlib.sha256(report.patch.encode()).hexdigest()[:8]
    with tempfile.TemporaryDirectory(prefix="testfleet-index-") as folder:
        git = _Git(root, f"{folder}/index")
        git.run("read-tree", "HEAD")
        for path, (old, new) in files.items():
            _stage(git, path, old, new)
        tree = git.run("write-tree")
        known = git.run("for-each-ref", "--format=%(tree)", f"refs/heads/{name}")
        if known == tree:
            return name
        if known:  # Somebody may have worked there.
            raise UsageError(
                f"there is a branch {name} already, and it is not this fix alone",
                hint=f"rename or delete it: git branch -m {name} NEW",
            )
        commit = git.run("commit-tree", tree, "-p", "HEAD", stdin=_message(report).encode())
        git.run("branch", name, commit)
    return name


@dataclass(frozen=True)
class _Git:
    root: Path
    index: str

    def run(self, *args: str, stdin: bytes = b"") -> str:
        try:
            done = subprocess.run(
                ["git", "-C", str(self.root), *args],
                input=stdin,
                capture_output=True,
                check=False,
                timeout=_TIME_LIMIT_S,
                env=os.environ | {"LC_ALL": "C", "GIT_INDEX_FILE": self.index},
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


def _stage(git: _Git, path: str, old: bytes, new: bytes) -> None:
    # Ended by NUL, or git would quote names that are not ASCII.
    entry = git.run("ls-tree", "-z", "--full-name", "HEAD", "--", path).removesuffix("\0")
    if not entry:
        raise UsageError(f"{path} is not in HEAD", hint="commit it first, or use --apply")
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


def _message(report: FixReport) -> str:
    """What was wrong, what speaks for it, and what proves it."""
    counts = report.candidates
    shown = "\n".join(f"- {test}" for test in report.tests[:_TESTS_SHOWN])
    more = len(report.tests) - _TESTS_SHOWN
    places = "\n".join(
        f"- {line.path}:{line.line}: {'; '.join(line.reasons)}"
        for line in [each for each in report.localisation if each.path in report.files][
            :_REASONS_SHOWN
        ]
    )
    return (
        f"Fix {', '.join(report.files)}: {report.template}\n\n"
        f"Failing tests that pass now:\n{shown}\n"
        + (f"and {more} more\n" if more > 0 else "")
        + f"\nWhere the fault was looked for:\n{places}\n\n"
        f"Proof: the whole suite has no new failure; {counts.tried} candidates were tried,"
        f" {counts.validated} hold, and {report.consensus:.0%} of the vote is for what this one"
        f" does.\nFound by testfleet fix, engine {report.engine}.\n"
    )
