"""A fix as one commit on a branch of its own. Neither the working tree nor its index is touched."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from testfleet.contracts.repair import FixReport
from testfleet.errors import UsageError
from testfleet.scm.committing import Plumbing, commit_files

PREFIX: Final = "fix/auto-generated-"
_TESTS_SHOWN: Final = 10
_REASONS_SHOWN: Final = 3


def commit_fix(root: Path, report: FixReport, files: Mapping[str, tuple[bytes, bytes]]) -> str:
    """Name of the branch, which begins at HEAD. `files` are (old, new) contents by path.

    The same fix has the same name. Raises UsageError where git refuses, where a branch of that name
    holds anything else, and where a file is not as HEAD has it: the commit would carry what nobody
    has committed.
    """
    name = branch_name(report)
    made = commit_files(root, files, commit_message(report))
    git = Plumbing(root)
    known = git.run("for-each-ref", "--format=%(tree)", f"refs/heads/{name}")
    if known == made.tree:
        return name
    if known:  # Somebody may have worked there.
        raise UsageError(
            f"there is a branch {name} already, and it is not this fix alone",
            hint=f"rename or delete it: git branch -m {name} NEW",
        )
    git.run("branch", name, made.commit)
    return name


def branch_name(report: FixReport) -> str:
    """Of the branch for this fix."""
    return PREFIX + hashlib.sha256(report.patch.encode()).hexdigest()[:8]


def commit_message(report: FixReport) -> str:
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
