"""What differs between a revision and the working tree, as git tells it."""

from __future__ import annotations

import ast
import os
import re
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from testfleet.contracts.change import FileChange, FileStatus
from testfleet.errors import UsageError
from testfleet.scm.git import reason_of, run_git

_HUNK: Final = re.compile(r"@@ -\S+ \+(\d+)(?:,(\d+))? @@")
_STATUS: Final = {"A": FileStatus.ADDED, "D": FileStatus.DELETED, "R": FileStatus.RENAMED}
_PLAIN: Final = (
    # What a person's own configuration would change in the output.
    *("-c", "core.quotePath=true", "-c", "diff.noprefix=false", "-c", "diff.mnemonicPrefix=false"),
    *("-c", "diff.relative=false", "-c", "diff.renameLimit=0"),
)
_DIFF: Final = (
    *("diff", "--no-color", "--no-ext-diff", "--no-textconv", "--find-renames"),
    *("--ignore-submodules=none", "--submodule=short", "--relative", "-O", os.devnull),
)


@dataclass(frozen=True)
class _Entry:
    """A line of `git diff --raw`."""

    status: FileStatus
    path: str
    old_path: str | None


def changes_since(root: Path, rev: str, source: Collection[str]) -> tuple[FileChange, ...]:
    """What has changed below `root` since the branch left REV, sorted by path.

    Compares the working tree, committed or not, with the merge base of REV and HEAD. `source`
    are the files of the tree; those among them that git does not track yet count as added.
    Raises UsageError when `root` is not in a git repository, REV names no commit, or the two
    have no common ancestor, as in a shallow clone.
    """
    base = merge_base(root, rev)
    changed = _tracked(root, base)
    listed = _output(root, "ls-files", "--others", "--exclude-standard", "-z")
    for path in _names(listed):
        if path in source and path not in changed:
            count = _count_lines(root / path)
            lines = ((1, count),) if count else ()
            changed[path] = FileChange(path=path, status=FileStatus.ADDED, added=count, lines=lines)
    return tuple(changed[path] for path in sorted(changed))


def merge_base(root: Path, rev: str) -> str:
    """The commit where HEAD's branch left REV. Raises UsageError, see `changes_since`."""
    _check_repository(root)
    commits = [_commit(root, name) for name in (rev, "HEAD")]
    found = run_git(root, "merge-base", *commits)
    if found.returncode != 0:
        raise UsageError(
            f"{rev!r} and HEAD have no common ancestor {_where(root)}",
            hint=_deepen(root) or "name a revision that the branch comes from",
        )
    return os.fsdecode(found.stdout).strip()


def _check_repository(root: Path) -> None:
    found = run_git(root, "rev-parse", "--is-inside-work-tree")
    if found.stdout.strip() == b"true":
        return
    reason, *remedy = os.fsdecode(found.stderr).strip().splitlines() or [""]
    if not reason or "not a git repository" in reason:
        raise UsageError(
            f"{root} is not in a git repository, so nothing tells what has changed",
            hint=f"name a folder in a git repository, or run all tests: testfleet run {root}",
        )
    # Git ends with the command that helps, as when the folder belongs to somebody else.
    command = next((line.strip() for line in remedy[::-1] if line.strip().startswith("git ")), "")
    raise UsageError(
        f"git refuses {root}: {reason.removeprefix('fatal: ')}",
        hint=f"if you trust the folder: {command}" if command else "make git accept the folder",
    )


def _commit(root: Path, rev: str) -> str:
    found = run_git(
        root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{rev}^{{commit}}"
    )
    if found.returncode == 0:
        return os.fsdecode(found.stdout).strip()
    if rev == "HEAD":
        raise UsageError(f"the repository of {root} has no commit yet", hint="commit something")
    raise UsageError(
        f"no commit {rev!r} {_where(root)}",
        hint=_deepen(root) or "name a branch, a tag or a commit, e.g. main, origin/main or HEAD~1",
    )


def _is_shallow(root: Path) -> bool:
    return run_git(root, "rev-parse", "--is-shallow-repository").stdout.strip() == b"true"


def _where(root: Path) -> str:
    clone = "the shallow clone" if _is_shallow(root) else "the repository"
    return f"in {clone} of {root}"


def _deepen(root: Path) -> str:
    return "fetch the history first: git fetch --unshallow origin" if _is_shallow(root) else ""


def _tracked(root: Path, base: str) -> dict[str, FileChange]:
    entries = list(_entries(_output(root, *_DIFF, "--raw", "-z", base)))
    counts = _counts(_output(root, *_DIFF, "--numstat", "-z", base))
    lines = _lines(_output(root, *_DIFF, "--unified=0", base))
    return {
        entry.path: FileChange(
            path=entry.path,
            status=entry.status,
            old_path=entry.old_path,
            added=counts.get(entry.path, (0, 0))[0],
            deleted=counts.get(entry.path, (0, 0))[1],
            lines=tuple(lines.get(entry.path, ())),
        )
        for entry in entries
    }


def _names(output: bytes) -> Iterator[str]:
    # A name that is not UTF-8 fits no contract, and is no module's.
    return (name.decode("utf-8", "backslashreplace") for name in output.split(b"\0") if name)


def _entries(raw: bytes) -> Iterator[_Entry]:
    """`:modes hashes STATUS NUL path NUL`, with two paths for a rename."""
    fields = _names(raw)
    for head in fields:
        letter = head.split()[-1][0]
        path = next(fields)
        if letter in "RC":
            old, path = path, next(fields)
            is_copy = letter == "C"
            status = FileStatus.ADDED if is_copy else FileStatus.RENAMED
            yield _Entry(status, path, None if is_copy else old)
        else:
            yield _Entry(_STATUS.get(letter, FileStatus.MODIFIED), path, None)


def _counts(numstat: bytes) -> dict[str, tuple[int, int]]:
    """Lines added and deleted by path; `-` stands for a binary file."""
    found = {}
    fields = _names(numstat)
    for field in fields:
        added, deleted, path = field.split("\t", 2)
        if not path:  # A renamed file: both paths follow.
            next(fields)
            path = next(fields)
        found[path] = tuple(int(number) if number.isdecimal() else 0 for number in (added, deleted))
    return {path: (added, deleted) for path, (added, deleted) in found.items()}


def _lines(patch: bytes) -> dict[str, list[tuple[int, int]]]:
    """Ranges of the new version by path, from the heads of the hunks."""
    found: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    path = ""
    remaining = 0
    for line in patch.decode("utf-8", "surrogateescape").split("\n"):
        match = _HUNK.match(line) if remaining == 0 else None
        if match:
            first, count = int(match[1]), int(match[2] or 1)
            remaining = count
            if count and path:
                found[path].append((first, first + count - 1))
        elif remaining and line.startswith("+"):
            remaining -= 1
        elif line.startswith("+++ "):
            path = _unquoted(line[4:].rstrip("\t")).removeprefix("b/")
    return found


def _unquoted(name: str) -> str:
    """Git writes odd names as C strings."""
    if not name.startswith('"'):
        return name
    value = ast.literal_eval(f"b{name}")
    return str(value.decode("utf-8", "backslashreplace"))


def _count_lines(file: Path) -> int:
    try:
        content = file.read_bytes()
    except OSError:
        return 0
    if b"\0" in content:
        return 0
    return content.count(b"\n") + (not content.endswith(b"\n") and bool(content))


def _output(root: Path, *args: str) -> bytes:
    done = run_git(root, *_PLAIN, *args)
    if done.returncode != 0:
        raise UsageError(f"git {args[0]} failed in {root}: {reason_of(done)}")
    return done.stdout
