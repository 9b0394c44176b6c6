"""The plan of a simulated run: placed, counted and dealt out before anything is simulated."""

from dataclasses import replace

import pytest

from testfleet.contracts.run import Objectives
from testfleet.errors import UsageError
from testfleet.planning.work import WorkUnit
from testfleet.workflow.simulation import simulate_run
from testfleet.workflow.simulation_plan import SimulationRequest, draw_up
from tests.simulation_samples import place_of, units_of


def drawn(units, **more):
    scenario, reasons = draw_up(SimulationRequest(units, place_of(), **more))
    return scenario, reasons


def many(count, seconds=1.0):
    return [WorkUnit(f"u{at:03}", seconds) for at in range(count)]


def test_a_given_number_of_shards_is_dealt_out_and_all_run_at_once():
    scenario, reasons = drawn(many(20), shards=5)
    assert [len(shard) for shard in scenario.assignment.shards] == [4] * 5
    assert scenario.job.workers == 5
    assert reasons[0] == "5 shards, as asked for"


def test_no_more_shards_than_units():
    scenario, reasons = drawn(many(3), shards=9)
    assert len(scenario.assignment.shards) == scenario.job.workers == 3
    assert "no more units" in reasons[0]


def test_auto_takes_as_many_shards_as_are_worth_their_start_on_the_fleets_workers():
    assert drawn(many(100))[0].job.workers == 4
    assert len(drawn(many(5))[0].assignment.shards) == 2


def test_a_deadline_takes_the_fewest_shards_that_meet_it():
    scenario, reasons = drawn(many(60), objectives=Objectives(deadline_s=40), workers=10)
    assert len(scenario.assignment.shards) == 2
    assert "the fewest for 40 s" in reasons[0]


def test_a_given_number_is_judged_by_the_deadline():
    _, reasons = drawn(many(60), shards=1, objectives=Objectives(deadline_s=10))
    assert "later than 10 s" in reasons[0]


def test_units_go_where_their_requirements_are_met_and_share_the_shards():
    docker = [replace(unit, requires=frozenset({"docker"})) for unit in many(20)[10:]]
    scenario, _ = drawn([*many(20)[:10], *docker], shards=4)
    assert scenario.assignment.profiles.count("small") == 2
    assert scenario.assignment.profiles.count("large") == 2
    large = [
        shard
        for shard, profile in zip(
            scenario.assignment.shards, scenario.assignment.profiles, strict=True
        )
        if profile == "large"
    ]
    assert sorted(at for shard in large for at in shard) == list(range(10, 20))


def test_requirements_that_the_usual_profile_meets_tear_nothing_apart():
    units = [replace(unit, requires=frozenset({"vcpu>=1"})) for unit in many(4)[:2]]
    scenario, _ = drawn([*units, *many(4)[2:]], shards=1)
    assert len(scenario.assignment.shards) == 1


def test_a_unit_that_would_outlive_its_worker_gets_a_shard_where_it_does_not():
    scenario, reasons = drawn([WorkUnit("long", 95.0), *many(5)], shards=2)
    assert (0,) in scenario.assignment.shards
    assert "large" in scenario.assignment.profiles
    assert any("long" in reason or "large" in reason for reason in reasons)


def test_units_with_the_same_word_are_placed_as_one():
    units = [replace(unit, together="x") for unit in units_of(1, 1)]
    units[1] = replace(units[1], requires=frozenset({"docker"}))
    scenario, _ = drawn(units, shards=2)
    assert scenario.assignment.shards == ((0, 1),)
    assert scenario.assignment.profiles == ("large",)


def test_a_requirement_that_nobody_meets_names_the_nearest_profile():
    units = units_of(1, requires=frozenset({"gpu>=1"}))
    with pytest.raises(UsageError, match="nearest is"):
        drawn(units, shards=1)


def test_the_price_is_what_the_workers_used_and_some_for_the_workflow():
    run = simulate_run(SimulationRequest(many(20), place_of(), shards=2))
    assert 0 < run.tests_usd < run.cost.usd
    assert run.tests_usd == pytest.approx(2 * 12 * (2 * 0.0000166667) + 2 * 0.2e-6)
