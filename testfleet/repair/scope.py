"""Which files a repair may edit: the project's own sources, no tests, nothing vendored or made."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Final

from testfleet.contracts.repair import SuspiciousLine
from testfleet.repair.baseline import Baseline
from testfleet.repair.project import Project
from testfleet.repair.sources import Source, read_source

MOST_BYTES: Final = 1_500_000
"""Of one file."""
MOST_FILES: Final = 600
HEAD: Final = 2000
_VENDORED: Final = frozenset(
    {"vendor", "_vendor", "vendored", "_vendored", "third_party", "thirdparty", "site-packages",
     "node_modules", "externals", "extern"}
)  # fmt: skip
_GENERATED: Final = re.compile(
    r"@generated|DO NOT EDIT|automatically generated|auto-?generated", re.I
)


def editable_sources(
    project: Project, baseline: Baseline, test_files: frozenset[str]
) -> dict[str, Source]:
    """Python files that a repair may change, those that failing tests execute first."""
    executed = {path for test in baseline.failing for path in baseline.run_of(test).lines}
    executed |= {frame.path for test in baseline.failing for frame in baseline.run_of(test).chain}
    paths = [path for path in project.files if path.endswith(".py") and path not in test_files]
    paths.sort(key=lambda path: (path not in executed, path not in baseline.imported, path))
    found: dict[str, Source] = {}
    for path in paths[:MOST_FILES]:
        source = _read(project, path)
        if source is not None and not why_locked(path, source.text):
            found[path] = source
    return found


def why_locked(path: str, text: str) -> str:
    """Why a file is not to be edited by hand; empty for one that may be."""
    folder = next((part for part in PurePosixPath(path).parts[:-1] if part in _VENDORED), None)
    if folder is not None:
        return f"{path} is vendored ({folder})"
    if _GENERATED.search(text[:HEAD]):
        return f"{path} is generated"
    return ""


def why_not_editable(
    project: Project,
    baseline: Baseline,
    tests: Sequence[str],
    lines: Sequence[SuspiciousLine],
) -> str:
    """Why no repair can be searched for; empty when one can. For files that can be edited, lines
    are known."""
    innermost = [frame.path for test in tests for frame in baseline.run_of(test).chain[-1:]]
    for path in innermost:
        source = _read(project, path)
        locked = why_locked(path, source.text) if source else f"{path} cannot be decoded"
        if locked:
            return f"the fault is in a file that is not edited: {locked}; mend it at its source"
    if lines:
        return ""
    run = baseline.run_of(tests[0])
    what = f"{run.exception}: {run.message.splitlines()[0][:200]}" if run.message else run.exception
    return (
        "none of the project's own code runs in the failing tests, so the fault is in the tests,"
        f" in a file that is not Python, or outside the repository ({what or 'no exception'})"
    )


def _read(project: Project, path: str) -> Source | None:
    try:
        content = (project.root / path).read_bytes()
    except OSError:
        return None
    return read_source(content) if len(content) <= MOST_BYTES else None
