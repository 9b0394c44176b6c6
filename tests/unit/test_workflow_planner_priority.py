"""Under the strategies that order, what is likely to fail comes first."""

from __future__ import annotations

from testfleet.config import load_environment
from testfleet.contracts.history import UnitHistory
from testfleet.contracts.plan import Plan
from testfleet.contracts.project import ProjectConfig
from testfleet.contracts.run import Mode, Objectives
from testfleet.planning.placement.place import Place
from testfleet.planning.project import resolve_suite
from testfleet.workflow.planner import PlanRequest, plan_suite
from tests.planning_samples import MemoryTree

TREE = MemoryTree({f"test_{name}.py": "def test_one(): pass\n" for name in "abcd"})
QUIET = UnitHistory(duration_s=1.0, tests=1, runs=16, recent="p" * 16)
HISTORY = {f"test_{name}.py": QUIET for name in "abcd"} | {
    "test_d.py": QUIET.model_copy(update={"recent": "p" * 12 + "f" * 4, "failed": 4})
}


def plan(strategy: str) -> Plan:
    suite = resolve_suite(ProjectConfig(), None, Mode.FULL)
    place = Place.of(load_environment("local"))
    objectives = Objectives(strategy=strategy)
    return plan_suite(PlanRequest(TREE, suite, place, HISTORY, 1, (), objectives=objectives))


def test_what_failed_lately_runs_first() -> None:
    (shard,) = plan("priority").shards
    assert plan("priority").ordered
    assert shard.units[0].id == "test_d.py"


def test_a_balanced_plan_keeps_the_order_of_home() -> None:
    (shard,) = plan("balanced").shards
    assert not plan("balanced").ordered
    assert [unit.id for unit in shard.units] == sorted(HISTORY)
