import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testfleet.contracts.plan import PlannedUnit
from testfleet.errors import UsageError
from testfleet.planning.sharding.batching import (
    CostModel,
    Limits,
    judged,
    limited_count,
    measured_startup_s,
)
from testfleet.planning.sharding.shard_count import ShardCount
from testfleet.planning.sharding.workload import Workload
from tests.planning_samples import make_place

USD_PER_S = 0.001


def model_of(seconds: Sequence[float], workers: int = 50, startup_s: float = 2.0) -> CostModel:
    """Exact predictions, so that nothing but the means counts."""
    units = [
        PlannedUnit(id=f"u{at}", predicted_s=s, known=True, low_s=s, high_s=s)
        for at, s in enumerate(seconds)
    ]
    place = make_place(workers, startup_s=startup_s)
    return CostModel(Workload.of(units, place, "local"), lambda charged_s: charged_s * USD_PER_S)


def test_a_deadline_gets_the_fewest_shards_that_meet_it() -> None:
    count = limited_count(model_of([1.0] * 100), Limits(deadline_s=12.5))
    assert len(count.weights) == 10
    assert count.reason == "10 shards, the fewest for 12.5 s: about 12.0 s and $0.1200"


def test_a_budget_buys_as_many_shards_as_shorten_the_run() -> None:
    count = limited_count(model_of([1.0] * 100), Limits(max_usd=0.12))
    assert len(count.weights) == 10
    assert count.reason == "10 shards, the quickest for $0.12: about 12.0 s and $0.1200"


def test_a_budget_is_not_spent_on_shards_that_wait_for_the_longest_unit() -> None:
    count = limited_count(model_of([50.0, *[1.0] * 50]), Limits(max_usd=9.0))
    assert len(count.weights) == 2


def test_with_both_limits_the_fewest_shards_that_meet_the_deadline_are_taken() -> None:
    count = limited_count(model_of([1.0] * 100), Limits(deadline_s=22.5, max_usd=0.2))
    assert len(count.weights) == 5
    assert count.reason.endswith("within $0.2")


def test_with_both_limits_the_budget_holds_before_the_deadline() -> None:
    count = limited_count(model_of([1.0] * 100), Limits(deadline_s=5.0, max_usd=0.12))
    assert len(count.weights) == 10
    assert "the deadline of 5 s will be missed, more shards would not help" in count.reason


def test_a_deadline_that_no_number_of_shards_meets_gets_the_quickest_plan_and_a_reason() -> None:
    count = limited_count(model_of([1.0] * 100, workers=4), Limits(deadline_s=10.0))
    assert len(count.weights) == 4
    assert count.reason == (
        "4 shards: the deadline of 10 s will be missed, more shards would not help:"
        " about 27.0 s and $0.1080"
    )


def test_a_budget_below_the_price_of_the_tests_gets_the_cheapest_plan_and_a_reason() -> None:
    count = limited_count(model_of([1.0] * 100), Limits(max_usd=0.05))
    assert len(count.weights) == 1
    assert "the budget of $0.05 is not enough for the tests" in count.reason


def test_uncertain_durations_get_a_margin_before_the_deadline() -> None:
    units = [
        PlannedUnit(id=f"u{at}", predicted_s=1.0, known=True, low_s=0.0, high_s=2.0)
        for at in range(100)
    ]
    work = Workload.of(units, make_place(50, startup_s=2.0), "local")
    count = limited_count(CostModel(work), Limits(deadline_s=12.5))
    assert len(count.weights) > 10
    assert "$" not in count.reason


def test_a_budget_needs_prices() -> None:
    model = CostModel(model_of([1.0]).work)
    with pytest.raises(UsageError, match="a budget needs prices"):
        limited_count(model, Limits(max_usd=1.0))


def test_no_limit_makes_a_shard_outlive_its_worker() -> None:
    count = limited_count(model_of([100.0] * 30), Limits(max_usd=3.0024))
    assert len(count.weights) >= 5  # 80 % of 840 s hold six units
    assert "because a worker may not run longer" in count.reason


def test_a_number_that_the_user_gave_is_judged_by_the_limits() -> None:
    given_five = ShardCount((1.0,) * 5, "5 shards, as asked for")
    judgement = judged(model_of([1.0] * 100), Limits(10.0, 0.1), given_five).reason
    assert judgement == (
        "5 shards, as asked for: about 22.0 s and $0.1100, later than 10 s and more than $0.1"
    )


@given(
    st.lists(st.floats(0.01, 100.0), min_size=1, max_size=40),
    st.floats(0.1, 500.0),
    st.floats(0.001, 1.0),
    st.integers(1, 20),
)
def test_limits_that_the_reason_calls_met_are_met(
    seconds: list[float], deadline_s: float, max_usd: float, workers: int
) -> None:
    model = model_of(seconds, workers)
    in_time = limited_count(model, Limits(deadline_s=deadline_s))
    if "the fewest for" in in_time.reason and "longer" not in in_time.reason:
        assert model.expected_s(len(in_time.weights)) <= deadline_s
    affordable = limited_count(model, Limits(max_usd=max_usd))
    if "the quickest for" in affordable.reason and "longer" not in affordable.reason:
        assert model.expected_usd(len(affordable.weights)) <= max_usd


@pytest.mark.parametrize(
    ("measured", "expected_s"),
    [
        ([], 2.0),
        ([math.nan, -1.0, math.inf], 2.0),
        ([7.0] * 5, 4.5),  # as many measured as believed: half way
        ([7.0] * 45, 6.5),
        ([*[7.0] * 44, 1e9], 6.5),
    ],
)
def test_measured_starts_take_over_from_the_configured_one(
    measured: list[float], expected_s: float
) -> None:
    assert measured_startup_s(2.0, measured) == pytest.approx(expected_s)
