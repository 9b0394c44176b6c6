"""Snapshots of Vitest and Jest that do not agree with what the code does now."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from testfleet.contracts.repair import FixReport, FixStatus, Suggestion
from testfleet.repair.patch import unified_diff
from testfleet.repair.typescript.bench import Bench

_MISMATCH: Final = re.compile(r"Snapshot `[^`]*` mismatched|toMatch(Inline|File)?Snapshot")
_UPDATED: Final = (".snap", ".snapshot", ".test.", ".spec.")
CONCERN: Final = (
    "snapshots were rewritten to what the code does now: right only if the change meant it"
)


def without_complaints(bench: Bench, files: Sequence[str], content: str) -> FixReport:
    """The answer for a project whose compiler and linter are `content`.

    Its tests are run. Where only snapshots disagree, what an update would make of them is
    suggested, and never called a fix: nobody but a person knows what was meant.
    """
    results = bench.results()
    failing = {name: said for name, (how, said) in (results or {}).items() if how == "failed"}
    if not failing:
        tests = f"; {len(results)} tests, none fails" if results else ""
        return FixReport(status=FixStatus.NOTHING_FAILED, reason=content + tests)
    names = tuple(sorted(failing))
    if not all(map(_MISMATCH.search, failing.values())):
        reason = f"{content}; {len(failing)} tests fail for what they compute, e.g. {names[0]}"
        return FixReport(status=FixStatus.NOT_FIXED, reason=reason, tests=names)
    patch = _update(bench, files)
    if not patch:
        reason = f"{content}; updating the snapshots of {names[0]} does not turn it green"
        return FixReport(status=FixStatus.NOT_FIXED, reason=reason, tests=names)
    return FixReport(
        status=FixStatus.SUGGESTED,
        reason=f"{len(failing)} tests fail for their snapshots alone; read the patch, then run"
        f" {bench.home.runner} with -u if it is what you meant",
        tests=names,
        suggestions=(
            Suggestion(
                patch=patch,
                engine="tools",
                template="update-snapshots",
                share=0,
                concerns=(CONCERN,),
            ),
        ),
    )


def _update(bench: Bench, files: Sequence[str]) -> str:
    """Unified diff of what the update writes; empty when tests fail all the same."""
    watched = [path for path in files if any(part in Path(path).name for part in _UPDATED)]
    before = {path: (bench.copy / path).read_bytes() for path in watched}
    results = bench.results("-u")
    if not results or any(how == "failed" for how, _ in results.values()):
        return ""
    changed = {path: (bench.copy / path).read_bytes() for path in watched}
    return "".join(
        unified_diff(path, before[path].decode(), changed[path].decode())
        for path in watched
        if changed[path] != before[path]
    )
