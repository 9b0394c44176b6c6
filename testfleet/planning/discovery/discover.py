"""The frameworks, and discovery as the Plan step asks for it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Final

from testfleet.contracts.history import UnitHistory
from testfleet.errors import UsageError
from testfleet.planning.discovery.command_discovery import CommandFramework
from testfleet.planning.discovery.eslint_discovery import EslintFramework
from testfleet.planning.discovery.framework import Discovery, DiscoveryRequest, Framework
from testfleet.planning.discovery.node.jest_discovery import JestFramework
from testfleet.planning.discovery.node.playwright_discovery import PlaywrightFramework
from testfleet.planning.discovery.node.vitest_discovery import VitestFramework
from testfleet.planning.discovery.pytest_discovery import PytestFramework
from testfleet.planning.discovery.tsc_discovery import TscFramework
from testfleet.planning.project import ResolvedSuite
from testfleet.planning.source_tree import SourceTree

FRAMEWORKS: Final[tuple[Framework, ...]] = (
    PytestFramework(),
    CommandFramework(),
    EslintFramework(),
    TscFramework(),
    VitestFramework(),
    JestFramework(),
    PlaywrightFramework(),
)


def framework_named(name: str) -> Framework:
    """The framework of that name. Raises UsageError."""
    known = {framework.name: framework for framework in FRAMEWORKS}
    if name not in known:
        raise UsageError(f"no framework {name!r}: known are {', '.join(sorted(known))}")
    return known[name]


def discover(
    tree: SourceTree,
    suite: ResolvedSuite,
    framework_args: tuple[str, ...],
    history: Mapping[str, UnitHistory],
) -> Discovery:
    """The units of a suite in a tree. Raises UsageError."""
    request = DiscoveryRequest(
        tree=tree,
        root=suite.root,
        args=(*_environment_args(suite), *suite.args, *framework_args),
        known_tests={unit: past.tests for unit, past in history.items()},
        tool=suite.tool,
        units=suite.units,
    )
    return framework_named(suite.framework).discover(request)


def _environment_args(suite: ResolvedSuite) -> list[str]:
    """pytest reads further arguments from the suite's own PYTEST_ADDOPTS."""
    if suite.framework != PytestFramework.name:
        return []
    try:
        return shlex.split(suite.env.get("PYTEST_ADDOPTS", ""))
    except ValueError as exc:
        raise UsageError(f"suite {suite.name!r}: env PYTEST_ADDOPTS: {exc}") from exc
