"""Online logistic regression from a prior that people have written.

O. Chapelle, L. Li, "An empirical evaluation of Thompson sampling", NIPS 24 (2011), algorithm 3:
every weight has a Gaussian of its own; an observation moves the means to the posterior mode, and
the curvature there is added to the precisions (Laplace's approximation). For a single observation
the mode is found by one equation in one unknown. Two bounds are ours: weights of features stay at
least 0, since each feature is a danger by its definition, and precisions stay below a limit, so
that a model never stops learning.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from testfleet.contracts.risk import RiskModel

PRIOR_PRECISION: Final = 4.0
"""A weight is believed to lie within 1 of what was written (two standard deviations)."""
PRECISION_LIMIT: Final = 200.0
"""As sure as some 800 balanced observations make it."""
_HALVINGS: Final = 60


def prior(means: Sequence[float]) -> RiskModel:
    """The model before any observation. The first mean is the constant's."""
    return RiskModel(means=tuple(means), precisions=(PRIOR_PRECISION,) * len(means))


def log_odds(model: RiskModel, features: Sequence[float]) -> float:
    """Of a failure. The first feature is the constant 1."""
    return math.fsum(w * x for w, x in zip(model.means, features, strict=True))


def probability(log_odds_: float) -> float:
    """The logistic function, without overflow."""
    if log_odds_ >= 0:
        return 1.0 / (1.0 + math.exp(-log_odds_))
    grown = math.exp(log_odds_)
    return grown / (1.0 + grown)


def observe(model: RiskModel, features: Sequence[float], *, failed: bool) -> RiskModel:
    """The model after one change whose tests have run."""
    spread = math.fsum(x * x / q for x, q in zip(features, model.precisions, strict=True))
    chance = probability(_mode(log_odds(model, features), spread, failed=failed))
    surprise = failed - chance
    moved = [
        mean + surprise * x / q
        for mean, x, q in zip(model.means, features, model.precisions, strict=True)
    ]
    curvature = chance * (1.0 - chance)
    return RiskModel(
        means=(moved[0], *(max(0.0, mean) for mean in moved[1:])),
        precisions=tuple(
            min(q + x * x * curvature, PRECISION_LIMIT)
            for q, x in zip(model.precisions, features, strict=True)
        ),
        seen=model.seen + 1,
    )


def _mode(before: float, spread: float, *, failed: bool) -> float:
    """The log-odds z with z = before + (failed - p(z)) * spread. Both sides meet exactly once."""
    low, high = before - spread, before + spread
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if middle - before < (failed - probability(middle)) * spread:
            low = middle
        else:
            high = middle
    return (low + high) / 2
