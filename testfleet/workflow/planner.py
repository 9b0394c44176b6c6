"""The plan of a run from its tree and its history: for the Plan step and for `testfleet plan`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from testfleet.config import Environment
from testfleet.contracts.history import UnitHistory
from testfleet.contracts.plan import Plan
from testfleet.contracts.run import RunRequest
from testfleet.planning.discovery import discover
from testfleet.planning.project import ResolvedSuite
from testfleet.planning.sharding import Place, PlanInput, make_plan
from testfleet.planning.source_tree import SourceTree


@dataclass(frozen=True)
class PlanRequest:
    """What a plan depends on."""

    tree: SourceTree
    suite: ResolvedSuite
    request: RunRequest
    history: Mapping[str, UnitHistory]


def plan_suite(source: PlanRequest, environment: Environment) -> Plan:
    """Discover the suite's units and plan them. Raises NothingToRunError when there are none."""
    discovery = discover(source.tree, source.suite, source.request.framework_args, source.history)
    return make_plan(
        PlanInput(
            suite=source.suite.name,
            discovery=discovery,
            history=source.history,
            place=Place.of(environment, source.suite.profile),
            shards=source.request.shards,
            framework=source.suite.framework,
        )
    )
