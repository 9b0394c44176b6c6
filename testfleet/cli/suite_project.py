"""The suite of a folder, and the key that its past is kept under."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from testfleet.contracts.quarantine import QuarantineConfig
    from testfleet.planning.project import ResolvedSuite


@dataclass(frozen=True)
class SuiteProject:
    """What is asked about, and what its past is kept under."""

    root: Path
    files: Sequence[str]
    suite: ResolvedSuite
    key: str
    quarantine: tuple[QuarantineConfig, ...] = ()


def suite_project(path: Path, suite: str | None, env: str) -> SuiteProject:
    """Find the project that the path lies in, and the suite of that name. Raises UsageError."""
    from testfleet.cli.request import project_root
    from testfleet.config import load_environment
    from testfleet.contracts.run import Mode
    from testfleet.planning.discovery.suites import with_detected
    from testfleet.planning.project import load_project, resolve_suite
    from testfleet.planning.source_tree import DirectoryTree
    from testfleet.scm.working_tree import describe_head, list_files
    from testfleet.workflow.prepared import history_key, project_key

    root = project_root(path)
    files = tuple(list_files(root))
    tree = DirectoryTree(root, files)
    project = with_detected(load_project(tree), tree)
    found = resolve_suite(project, suite, Mode.FULL)
    original = str(root) if load_environment(env).embedded else None
    name = project_key(describe_head(root).repository, original)
    key = history_key(name, found.name, trusted=True)
    return SuiteProject(root, files, found, key, project.quarantine)
