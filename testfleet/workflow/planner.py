"""The plan of a run from its tree and its history: for the Plan step and for `testfleet plan`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from testfleet.contracts.history import UnitHistory
from testfleet.contracts.plan import Plan
from testfleet.planning.discovery import discover
from testfleet.planning.place import Place
from testfleet.planning.project import ResolvedSuite
from testfleet.planning.sharding import PlanInput, make_plan
from testfleet.planning.source_tree import SourceTree


@dataclass(frozen=True)
class PlanRequest:
    """What a plan depends on."""

    tree: SourceTree
    suite: ResolvedSuite
    place: Place
    history: Mapping[str, UnitHistory]
    shards: int | Literal["auto"]
    framework_args: tuple[str, ...]


def plan_suite(source: PlanRequest) -> Plan:
    """Discover the suite's units and plan them. Raises NothingToRunError when there are none."""
    discovery = discover(source.tree, source.suite, source.framework_args, source.history)
    return make_plan(
        PlanInput(
            suite=source.suite.name,
            discovery=discovery,
            history=source.history,
            place=source.place,
            shards=source.shards,
            framework=source.suite.framework,
        )
    )
