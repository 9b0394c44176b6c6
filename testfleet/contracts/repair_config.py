"""How much an environment repairs at once, and what a project wants of repairs."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from testfleet.contracts.base import Contract
from testfleet.contracts.repair_work import RepairBudget


class RepairLimits(Contract):
    """What repairs may use of an environment."""

    at_once: Annotated[int, Field(ge=1, le=1000)] = 100
    """Clusters of one run that are repaired at the same time, each by several workers."""


class RepairConfig(Contract):
    """Repairs of the suite's failures by the fleet."""

    automatic: bool = False
    """True: a run that ends red starts its repairs by itself."""
    engines: tuple[str, ...] = ()
    """Engines to ask. Default: as config/routing.toml says."""
    pull_request: bool = True
    """A repair that is proved becomes a pull request."""
    budget: RepairBudget = RepairBudget()
    """For each cluster of failures."""
