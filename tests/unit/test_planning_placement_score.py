from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testfleet.contracts.placement import Lessons, PlacementState
from testfleet.contracts.profile import Weights
from testfleet.planning.placement.score import (
    FACTORS,
    Estimate,
    Factors,
    compare,
    explain,
    rank,
    weighted,
)

SHARE = st.floats(0.0, 1.0)
SOME = st.floats(0.001, 1e6)
ESTIMATES = st.builds(Estimate, seconds=SOME, usd=SOME, success=SHARE, warmth=SHARE)
WEIGHTS = st.builds(
    Weights,
    time=st.floats(0.01, 10),
    price=st.floats(0, 10),
    success=st.floats(0, 10),
    warmth=st.floats(0, 10),
)


@given(ESTIMATES, ESTIMATES, WEIGHTS, st.sampled_from(["seconds", "usd", "success", "warmth"]))
def test_what_improves_in_one_factor_never_scores_less(
    mine: Estimate, other: Estimate, weights: Weights, factor: str
) -> None:
    better = {
        "seconds": mine.seconds / 2,
        "usd": mine.usd / 2,
        "success": (mine.success + 1) / 2,
        "warmth": (mine.warmth + 1) / 2,
    }
    factors = weighted(weights, PlacementState())

    before = _totals(rank({"mine": mine, "other": other}, factors))
    improved = replace(mine, **{factor: better[factor]})
    after = _totals(rank({"mine": improved, "other": other}, factors))

    assert after["mine"] >= before["mine"] - 1e-12
    assert after["other"] <= before["other"] + 1e-12


@given(ESTIMATES, ESTIMATES, WEIGHTS)
def test_scores_lie_between_0_and_1_and_their_shares_explain_them(
    mine: Estimate, other: Estimate, weights: Weights
) -> None:
    scores = rank({"a": mine, "b": other}, weighted(weights, PlacementState()))

    assert scores[0].total >= scores[1].total
    for score in scores:
        assert 0.0 <= score.total <= 1.0 + 1e-9
        assert sum(getattr(score.shares, name) for name in FACTORS) == pytest.approx(score.total)


def _weights(lessons: Lessons, **configured: float) -> Factors:
    return weighted(Weights(**configured), PlacementState(lessons=lessons))


def test_weights_sum_up_to_1_whatever_was_configured() -> None:
    found = _weights(Lessons(), time=2, price=1, success=1, warmth=0)

    assert found == Factors(time=0.5, price=0.25, success=0.25, warmth=0.0)


def test_success_weighs_what_a_lost_worker_costs() -> None:
    found = _weights(Lessons(lost=1.0), time=0.4, price=0.3, success=0.2, warmth=0.1)

    assert found.success / (found.time + found.price) == pytest.approx(1.0)
    assert found.time / found.price == pytest.approx(4 / 3)


def test_warmth_weighs_what_a_cold_worker_costs_more_than_a_warm_one() -> None:
    found = _weights(Lessons(cold=0.4, warm=0.1), time=0.4, price=0.3, success=0.2, warmth=0.1)

    assert found.warmth / (found.time + found.price) == pytest.approx(0.3)


@pytest.mark.parametrize(("lost", "times"), [(10.0, 4.0), (0.0, 0.25)])
def test_what_was_learnt_stays_within_bounds_of_what_was_configured(
    lost: float, times: float
) -> None:
    found = _weights(Lessons(lost=lost), time=0.4, price=0.3, success=0.2, warmth=0.1)

    assert found.success / found.time == pytest.approx(times * 0.2 / 0.4)


def test_what_the_operator_does_not_want_is_never_learnt() -> None:
    assert _weights(Lessons(lost=10.0), time=1, price=0, success=0, warmth=0).time == 1.0


def test_the_factors_that_decided_are_told_largest_first() -> None:
    weights = weighted(Weights(), PlacementState())
    quick = Estimate(seconds=10, usd=2, success=0.9, warmth=0.5)
    cheap = Estimate(seconds=100, usd=1, success=0.5, warmth=0.5)

    best, second = rank({"quick": quick, "cheap": cheap}, weights)

    told = compare(best, second)
    assert told.startswith("score 0.7")
    assert told.endswith("before `cheap` with 0.49 (time +0.36, success +0.08)")


def test_each_factors_share_of_a_score_is_told() -> None:
    weights = weighted(Weights(), PlacementState())

    (score,) = rank({"local": Estimate(12.5, 0.01, success=0.9, warmth=0.5)}, weights)

    assert explain(score) == (
        "`local` 0.93: time 0.40, price 0.30, success 0.18, warmth 0.05 (12.5 s, $0.0100)"
    )


def _totals(scores: tuple) -> dict[str, float]:
    return {score.profile: score.total for score in scores}
