"""The state machine files are sound before anything renders or runs them."""

import json

import pytest

from testfleet.contracts.task import ShardItem
from testfleet.workflow.statemachine import load, placeholders, render

SUBSTITUTIONS = {name: f"value-of-{name}" for name in placeholders("run-tests")}


def every_state(machine):
    for name, state in machine["States"].items():
        yield machine, name, state
        if state["Type"] == "Map":
            yield from every_state(state["ItemProcessor"])


def targets(state):
    yield from (state[key] for key in ("Next", "Default") if key in state)
    yield from (rule["Next"] for rule in [*state.get("Choices", []), *state.get("Catch", [])])


STATES = list(every_state(load("run-tests")))
TASKS = [(name, state) for _, name, state in STATES if state["Type"] == "Task"]


def test_every_target_is_a_state_of_the_same_machine():
    wrong = [(n, t) for machine, n, s in STATES for t in targets(s) if t not in machine["States"]]
    assert wrong == []


def test_every_state_can_be_reached():
    for machine in {id(m): m for m, _, _ in STATES}.values():
        reached, waiting = set(), [machine["StartAt"]]
        while waiting:
            name = waiting.pop()
            if name not in reached:
                reached.add(name)
                waiting += targets(machine["States"][name])
        assert reached == set(machine["States"])


@pytest.mark.parametrize(("name", "state"), TASKS)
def test_every_task_has_a_limit_of_time_and_retries_with_jitter(name, state):
    assert state["TimeoutSeconds"] > 0
    assert all(retry["JitterStrategy"] == "FULL" for retry in state["Retry"])


@pytest.mark.parametrize(("name", "state"), TASKS)
def test_every_task_catches_everything_but_the_last_resort(name, state):
    catches = [error for rule in state.get("Catch", []) for error in rule["ErrorEquals"]]
    assert catches == ([] if name == "ReportFailure" else ["States.ALL"])


@pytest.mark.parametrize("machine", ["run-tests", "repair-failure"])
def test_what_a_map_runs_hands_nothing_back(machine):
    """Outputs of a Map are one list in its own payload: a thousand items with an address each are
    more than the 256 kB that Step Functions carries, and no Catch hears of that."""
    top = set(load(machine)["States"])
    inside = [(name, state) for _, name, state in every_state(load(machine)) if name not in top]
    ends = [(name, state) for name, state in inside if state.get("End")]
    assert ends
    assert [name for name, state in ends if state.get("OutputPath", "$") is not None] == []


def test_lists_never_travel_in_the_payload():
    for _, _, state in STATES:
        if state["Type"] == "Map":
            assert state["ItemReader"]["Parameters"]["Key.$"] == "$.items_key"
            assert state["ResultPath"] is None


def test_a_lost_shard_does_not_fail_the_map():
    maps = [state for _, _, state in STATES if state["Type"] == "Map"]
    assert maps
    assert all(state["ToleratedFailurePercentage"] == 100 for state in maps)


def test_as_many_shards_run_at_once_as_the_run_was_given():
    maps = [state for _, _, state in STATES if state["Type"] == "Map"]
    assert {state["MaxConcurrencyPath"] for state in maps} == {"$.workers"}


def test_a_run_that_waits_for_its_quota_asks_again():
    states = load("run-tests")["States"]
    assert states["AwaitQuota"]["Next"] == "Admit"
    assert states["AwaitQuota"]["SecondsPath"] == "$.wait_s"


def test_rendering_replaces_every_placeholder():
    rendered = json.loads(render("run-tests", SUBSTITUTIONS))
    assert "${" not in json.dumps(rendered)
    reader = rendered["States"]["RunShards"]["ItemReader"]["Parameters"]
    assert reader["Bucket"] == "value-of-DataBucket"


@pytest.mark.parametrize(
    ("change", "word"), [({"Extra": "x"}, "Extra"), ({"DataBucket": None}, "DataBucket")]
)
def test_rendering_refuses_other_names_than_the_file_has(change, word):
    given = {k: v for k, v in (SUBSTITUTIONS | change).items() if v is not None}
    with pytest.raises(ValueError, match=word):
        render("run-tests", given)


def test_every_fargate_task_takes_its_capacity_from_the_item():
    starts = {"RunOnFargate": [], "RunOnDemand": []}
    for name, state in TASKS:
        if name in starts:
            # ECS refuses a launch type beside a strategy.
            assert "LaunchType" not in state["Parameters"]
            [choice] = state["Parameters"].pop("CapacityProviderStrategy")
            starts[name].append((choice, state["Parameters"]))
    for (first, task), (second, again) in zip(*starts.values(), strict=True):
        assert first["CapacityProvider.$"].removeprefix("$.") in ShardItem.model_fields
        assert second["CapacityProvider"] == "FARGATE"
        assert task == again
    assert len(starts["RunOnDemand"]) == 2
