from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testfleet.planning.risk.logistic import (
    PRECISION_LIMIT,
    log_odds,
    observe,
    prior,
    probability,
)

FEATURES = st.tuples(st.just(1.0), st.floats(0, 1), st.floats(0, 1))
OBSERVED = st.lists(st.tuples(FEATURES, st.booleans()), max_size=30)


def test_the_prior_is_what_was_written() -> None:
    assert log_odds(prior([-3.0, 2.0]), (1.0, 0.5)) == -2.0
    assert probability(0.0) == 0.5
    assert probability(-800.0) == pytest.approx(0.0)
    assert probability(800.0) == pytest.approx(1.0)


@given(FEATURES, st.booleans())
def test_an_observation_ends_at_the_mode_of_the_posterior(
    features: tuple[float, ...], failed: bool
) -> None:
    before = prior([-1.0, 5.0, 5.0])

    after = observe(before, features, failed=failed)

    surprise = failed - probability(log_odds(after, features))
    for mean, old, x, q in zip(after.means, before.means, features, before.precisions, strict=True):
        assert q * (mean - old) == pytest.approx(surprise * x, abs=1e-9)


@given(OBSERVED, FEATURES)
def test_weights_of_features_never_turn_negative_and_the_model_stays_finite(
    observed: list[tuple[tuple[float, ...], bool]], features: tuple[float, ...]
) -> None:
    model = prior([-3.0, 1.0, 0.5])
    for seen, failed in observed:
        model = observe(model, seen, failed=failed)

    assert min(model.means[1:]) >= 0.0
    assert max(model.precisions) <= PRECISION_LIMIT
    assert math.isfinite(log_odds(model, features))
    assert model.seen == len(observed)


def test_what_decides_gains_weight_and_what_does_not_loses_it() -> None:
    model = prior([-2.0, 1.0, 1.0])
    for at in range(400):
        decides, noise = float(at % 2), float(at // 2 % 2)
        model = observe(model, (1.0, decides, noise), failed=bool(at % 2))

    assert model.means[1] > 3.0
    assert model.means[2] < 0.5
    assert probability(log_odds(model, (1.0, 1.0, 0.0))) > 0.8
    assert probability(log_odds(model, (1.0, 0.0, 1.0))) < 0.2
