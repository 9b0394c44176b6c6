"""Which commits and files may have broken it: the overlap of the stack with what has changed.

A frame counts the more, the nearer it is to where the failure was raised. A changed line under a
frame says more than a changed file, a changed file more than its folder. A commit is as suspicious
as the worst of its files; among equals the newest comes first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from testfleet.contracts.change import FileChange, FileStatus
from testfleet.contracts.failure import Suspect
from testfleet.triage.fingerprints.fingerprint import Trace
from testfleet.triage.fingerprints.stack import Frame, own

MAX_SUSPECTS: Final = 5
_DECAY: Final = 0.7
"""What a frame counts less than the one inside it."""
_LINE: Final = 1.0
_NEAR: Final = 0.8
_FILE: Final = 0.6
_FOLDER: Final = 0.15
_MESSAGE: Final = 0.7
"""The message names a file that was changed or deleted."""
_NEAR_LINES: Final = 10
_LEAST: Final = 0.05


@dataclass(frozen=True)
class CommitChange:
    """A commit that the last good run did not have."""

    commit: str
    title: str
    files: tuple[FileChange, ...]


def suspect_files(trace: Trace, changes: Iterable[FileChange]) -> list[Suspect]:
    """Changed files, the most suspicious first. Those that nothing points to are left out."""
    found = []
    for change in changes:
        score, reason = _overlap(trace, change)
        if score >= _LEAST:
            found.append(Suspect(kind="file", name=change.path, score=score, reason=reason))
    return sorted(found, key=lambda each: (-each.score, each.name))[:MAX_SUSPECTS]


def suspect_commits(trace: Trace, commits: Sequence[CommitChange]) -> list[Suspect]:
    """Commits, newest first as given, the most suspicious first."""
    found = []
    for commit in commits:
        files = suspect_files(trace, commit.files)
        if files:
            reason = f"{commit.title[:80]}: {files[0].name}, {files[0].reason}"
            found.append(
                Suspect(kind="commit", name=commit.commit, score=files[0].score, reason=reason)
            )
    if not found and len(commits) == 1:
        only = commits[0]
        reason = f"{only.title[:80]}: the only commit since the last run that passed"
        found.append(Suspect(kind="commit", name=only.commit, score=_FOLDER, reason=reason))
    # Sorting is stable: among equals the newest stays first.
    return sorted(found, key=lambda each: -each.score)[:MAX_SUSPECTS]


def changed_files(commits: Sequence[CommitChange]) -> list[FileChange]:
    """All changes of the commits, the newest of each file."""
    newest: Mapping[str, FileChange] = {
        change.path: change for commit in reversed(commits) for change in commit.files
    }
    return [newest[path] for path in sorted(newest)]


def _overlap(trace: Trace, change: FileChange) -> tuple[float, str]:
    best, reason = 0.0, ""
    names = {change.path, change.old_path or change.path}
    weight = 1.0
    for frame in own(trace.frames):
        match, why = _match(frame, change, names)
        if match * weight > best:
            best, reason = match * weight, why
        weight *= _DECAY
    if best < _MESSAGE and _is_named(trace.message, change):
        gone = "deleted" if change.status is FileStatus.DELETED else "changed"
        best, reason = _MESSAGE, f"the message names it, and it was {gone}"
    return round(best, 4), reason


def _match(frame: Frame, change: FileChange, names: set[str]) -> tuple[float, str]:
    path = frame.path.replace("\\", "/").removeprefix("./")
    if not any(path == name or path.endswith("/" + name) for name in names):
        folder = change.path.rpartition("/")[0]
        is_near = bool(folder) and f"/{path}".rpartition("/")[0].endswith("/" + folder)
        return (_FOLDER, f"beside {path}") if is_near else (0.0, "")
    if any(first <= frame.line <= last for first, last in change.lines):
        return _LINE, f"line {frame.line} was changed and is in the stack"
    near = (first - _NEAR_LINES <= frame.line <= last + _NEAR_LINES for first, last in change.lines)
    if any(near):
        return _NEAR, f"lines near {frame.line} were changed, which is in the stack"
    return _FILE, "it is in the stack"


def _is_named(message: str, change: FileChange) -> bool:
    name = change.path.rpartition("/")[2]
    stem = name.partition(".")[0]
    dotted = change.path.rpartition(".")[0].replace("/", ".")
    quoted = (f"'{stem}'", f'"{stem}"', f"'{dotted}'", f"/{stem}'")
    return len(stem) > 2 and (name in message or any(each in message for each in quoted))  # noqa: PLR2004
