"""The plan of a run from its tree and its history: for the Plan step and for `testfleet plan`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from testfleet.contracts.dependencies import Dependency
from testfleet.contracts.history import UnitHistory
from testfleet.contracts.plan import Plan
from testfleet.costs.metering import worker_usd
from testfleet.planning.dependency_rules import DependsTable
from testfleet.planning.discovery import discover
from testfleet.planning.framework import Discovery
from testfleet.planning.place import Place
from testfleet.planning.placement_score import Experience
from testfleet.planning.portions import Grouping
from testfleet.planning.project import ResolvedSuite
from testfleet.planning.sharding import PlanInput
from testfleet.planning.source_tree import SourceTree
from testfleet.planning.stages import plan_in_stages
from testfleet.planning.work import Traits


@dataclass(frozen=True)
class PlanRequest:
    """What a plan depends on."""

    tree: SourceTree
    suite: ResolvedSuite
    place: Place
    history: Mapping[str, UnitHistory]
    shards: int | Literal["auto"]
    framework_args: tuple[str, ...]
    known: Experience = field(default_factory=lambda: Experience(worker_usd))
    """Prices, and what past shards tell of profiles."""


def plan_suite(source: PlanRequest) -> Plan:
    """Discover the suite's units and plan them. Raises NothingToRunError when there are none."""
    discovery = discover(source.tree, source.suite, source.framework_args, source.history)
    request = PlanInput(
        suite=source.suite.name,
        discovery=discovery,
        history=source.history,
        place=source.place,
        shards=source.shards,
        framework=source.suite.framework,
        grouping=Grouping(known=source.known, traits=_traits(source, discovery)),
    )
    return plan_in_stages(request, _dependencies(source, discovery))


def _traits(source: PlanRequest, found: Discovery) -> dict[str, Traits]:
    needs = source.place.needs
    if not needs.suite and not needs.files:
        return {}
    return {unit.id: Traits(requires=needs.of(unit.id)) for unit in found.units}


def _dependencies(source: PlanRequest, found: Discovery) -> tuple[Dependency, ...]:
    if not source.suite.depends:
        return ()
    units = dict.fromkeys(unit.id for unit in found.units)
    # A run of some of the tests must not fail for a glob that names others.
    elsewhere = {file.path for file in source.tree.paths()} if source.framework_args else set()
    return DependsTable(source.suite.name, source.suite.depends, units, elsewhere).dependencies()
