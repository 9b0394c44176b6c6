"""Requirements of testfleet.toml, from the file to the shards of every round."""

from __future__ import annotations

import pytest

from testfleet.contracts.plan import Plan
from testfleet.contracts.run import Mode, Objectives
from testfleet.errors import UsageError
from testfleet.planning.placement.place import Place
from testfleet.planning.project import parse_project, resolve_suite
from testfleet.planning.rounds.confirmation import confirm_shards
from testfleet.planning.rounds.replan import replan
from testfleet.planning.rounds.standing import Rounds
from testfleet.workflow.planner import PlanRequest, plan_suite
from tests.placement_samples import PROFILES, make_fleet_of
from tests.planning_samples import MemoryTree, make_report

TEST = "def test_it(): pass\n"
TREE = MemoryTree({f"tests/test_{name}.py": TEST for name in ("a", "b", "image", "page")})
FILES = '[suites.default.requires_for]\n"test_image.py" = ["docker"]\n"test_page.py" = ["Chrome"]\n'


def _planned(toml: str, *members: str) -> tuple[Plan, Place]:
    suite = resolve_suite(parse_project(toml.encode()), None, Mode.FULL)
    fleet = make_fleet_of(*(members or ("small",)))
    place = Place(fleet.fleet, PROFILES, suite.profile, fleet.groups, suite.needs)
    return plan_suite(PlanRequest(TREE, suite, place, {}, "auto", ())), place


def _profiles(plan: Plan | None) -> dict[str, str]:
    assert plan is not None
    return {unit.id: shard.profile for shard in plan.shards for unit in shard.units}


def test_each_file_is_planned_where_its_requirements_are_met() -> None:
    plan, _ = _planned(FILES)

    assert _profiles(plan) == {
        "tests/test_a.py": "small",
        "tests/test_b.py": "small",
        "tests/test_image.py": "docker",
        "tests/test_page.py": "browser",
    }
    assert any("requires docker: on `docker`, since `small`" in each for each in plan.reasons)
    assert plan.predicted_usd is not None


def test_what_was_lost_is_planned_again_where_it_can_run() -> None:
    plan, place = _planned(FILES)

    again = replan(Rounds((plan,), (), {}, place))

    assert _profiles(again) == {
        "tests/test_a.py": "large",
        "tests/test_b.py": "large",
        "tests/test_image.py": "docker",
        "tests/test_page.py": "browser",
    }


def test_failures_are_confirmed_where_they_can_run() -> None:
    _, place = _planned(FILES)

    shards = confirm_shards([make_report("tests/test_image.py::test_it")], place)

    assert {shard.profile for shard in shards} == {"docker"}


def test_a_requirement_of_the_whole_suite_moves_all_of_it() -> None:
    plan, _ = _planned('[suites.default]\nrequires = ["ram>=8GB"]\n')

    assert set(_profiles(plan).values()) == {"large"}
    assert any("4 units that require memory>=8192: on `large`" in each for each in plan.reasons)


def test_a_group_is_chosen_from_and_the_choice_explained() -> None:
    plan, _ = _planned('[suites.default]\nprofile = "all"\n', "large", "small")

    assert set(_profiles(plan).values()) == {"small"}
    assert any("4 units: on `small`, score" in each for each in plan.reasons)


def test_what_no_profile_has_stops_the_plan() -> None:
    with pytest.raises(UsageError, match="nearest is"):
        _planned('[suites.default]\nrequires = ["gpu>=8"]\n')


def test_strategies_hear_of_priorities_from_the_projects_settings() -> None:
    toml = '[[suites.default.traits]]\nunits = ["test_page.py"]\npriority = 9\n'
    suite = resolve_suite(parse_project(toml.encode()), None, Mode.FULL)
    place = Place(make_fleet_of("small").fleet, PROFILES)
    asked = Objectives(strategy="priority")
    plan = plan_suite(PlanRequest(TREE, suite, place, {}, 1, (), objectives=asked))
    assert plan.shards[0].units[0].id == "tests/test_page.py"
