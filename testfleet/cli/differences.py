"""Tells, before a run, how it will differ from what a run at home does."""

from __future__ import annotations

from pathlib import Path

from testfleet.cli.console import say
from testfleet.contracts.project import ProjectConfig
from testfleet.planning.discovery.pytest_config import locate_config, settings_above
from testfleet.planning.project import ResolvedSuite
from testfleet.planning.source_tree import DirectoryTree
from testfleet.scm.left_out import left_out_builds


def tell_of_other_suites(project: ProjectConfig, suite: ResolvedSuite) -> None:
    """Which suites are not run because none was named."""
    others = [name for name in project.suites if name != suite.name]
    if others:
        say(f"note: this is suite {suite.name}; `--suite NAME` runs others: {', '.join(others)}")


def tell_of_settings_above(root: Path, tree: DirectoryTree, suite: ResolvedSuite) -> None:
    """Settings above the project, which pytest would find at home."""
    if suite.framework != "pytest":
        return
    if locate_config(tree, [suite.root]).file is not None:
        return
    above = settings_above(root)
    if above is not None:
        folder = root.relative_to(above.parent).as_posix()
        say(
            f"note: pytest would look at {above}, which is not part of {root}; to have it, run"
            f" {above.parent} with a suite whose `root` is {folder!r}"
        )


def tell_of_left_out_builds(root: Path, files: frozenset[str]) -> None:
    """Ignored files that are there at home and not on the fleet."""
    missing = left_out_builds(root, files)
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        say(
            f"note: git ignores {missing[0]}{more}, so the fleet will not have it; what tests need"
            " of it is named by [source] include in testfleet.toml"
        )
