"""Snapshots of Vitest and Jest that do not agree with what the code does now."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
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


def only_snapshots(failing: Mapping[str, str]) -> bool:
    """Whether all of these failures, messages by test, are about snapshots."""
    return bool(failing) and all(map(_MISMATCH.search, failing.values()))


def updated(bench: Bench, files: Sequence[str], failing: Mapping[str, str]) -> FixReport:
    """The answer where only snapshots disagree: what an update would make of them is suggested,
    and never called a fix, as nobody but a person knows what was meant."""
    names = tuple(sorted(failing))
    patch = _update(bench, files)
    if not patch:
        reason = f"updating the snapshots of {names[0]} does not turn it green"
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
