"""What planning asks of the packages that are installed beside a project."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

PYTEST = "pytest"


class InstalledPackages(Protocol):
    """Knows which packages need which. The adapter for virtual environments is in
    testfleet.local."""

    def importers_of(self, projects: Collection[str]) -> frozenset[str]:
        """Modules, by their top-level names, of packages that need one of the projects, directly
        or through others; `pytest` when pytest itself or one of its plugins does."""
        ...


class NothingInstalled:
    """Where nobody can look."""

    def importers_of(self, projects: Collection[str]) -> frozenset[str]:  # noqa: ARG002
        """None."""
        return frozenset()
