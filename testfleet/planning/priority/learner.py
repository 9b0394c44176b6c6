"""How likely each test is the failure that a failing cycle holds: an online conditional logit.

A failing cycle is one choice among its tests: P(test i) = exp(w x_i) / sum exp(w x_j) (McFadden,
Conditional logit analysis of qualitative choice behavior, 1974; the top-one probabilities of
ListNet, Cao et al., ICML 2007). A cycle with m failures is m choices of weight 1/m each, times how
much it tells, so that the model predicts each test's share of the failures, which is what NAPFD
counts, and no bad day of the build outvotes all others. Passing cycles change what is known of the
tests, not the weights.

Weights keep a Gaussian belief: prior means and precisions from other projects (`prior`), after each
failing cycle its Laplace approximation (MacKay, 1992), found by damped Newton steps.
"""

from __future__ import annotations

import numpy as np

from testfleet.planning.priority.napfd import Flags, Floats

_MOST_TOLD = 8.0
"""A cycle's failures often have one cause: it tells as much as the root of its failures, but as
that of so many at most."""
_STEPS = 3
_HALVINGS = 6
_CLOSE = 1e-3
_STIFFNESS = (0.3, 3.0, 30.0, 1000.0)
"""How much more each model trusts the prior than projects differ."""
_TRUST = (0.02, 0.3, 0.3, 0.38)
"""In each, before anything is known: few projects are so unlike others that the first is right."""
_SWITCH = 0.05
"""Chance of each cycle that another of them is right from now on."""


class Blend:
    """Conditional logits that trust the prior differently, weighted by how well each foresaw.

    A Bayesian mixture with fixed share (Herbster, Warmuth: Tracking the best expert, 1998): a
    project like all others, with few failures, is best served by the prior alone; one that is
    unlike them, with many, by what it teaches.
    """

    def __init__(self, means: Floats, precisions: Floats) -> None:
        self._models = [ConditionalLogit(means, precisions * times) for times in _STIFFNESS]
        self.trust = np.array(_TRUST)

    def shares(self, features: Floats) -> Floats:
        """Expected share of the cycle's failures of each row; they add up to 1."""
        blended: Floats = self.trust @ np.stack([model.shares(features) for model in self._models])
        return blended

    def learn(self, features: Floats, failed: Flags) -> None:
        """Take in one cycle."""
        if failed.all() or not failed.any():
            return
        target, told = choice_target(failed)
        logs = [np.log(model.shares(features)[failed] + 1e-12) for model in self._models]
        fit = told * np.array([float(target[failed] @ log) for log in logs])
        trust = self.trust * np.exp(fit - fit.max())
        self.trust = (1 - _SWITCH) * trust / trust.sum() + _SWITCH / trust.size
        for model in self._models:
            model.learn(features, failed)


class ConditionalLogit:
    """Learns after each cycle from what ran in it. Deterministic."""

    def __init__(self, means: Floats, precisions: Floats) -> None:
        self._precision = np.diag(precisions)
        self._weighted = precisions * means
        self.weights = means.copy()

    def shares(self, features: Floats) -> Floats:
        """Expected share of the cycle's failures of each row; they add up to 1."""
        return choice_shares(features @ self.weights)

    def learn(self, features: Floats, failed: Flags) -> None:
        """Take in one cycle. Without failures, or with nothing else, it tells nothing."""
        if failed.all() or not failed.any():
            return
        target, told = choice_target(failed)
        weights, value = self.weights, self._value(self.weights, features, target, told)
        for _ in range(_STEPS):
            step = self._newton(weights, features, target, told)
            for _ in range(_HALVINGS):
                moved = self._value(weights + step, features, target, told)
                if moved >= value:
                    break
                step = step / 3
            else:
                break
            weights, gained, value = weights + step, moved - value, moved
            if gained < _CLOSE:
                break
        self._precision = self._precision + told * choice_curvature(
            choice_shares(features @ weights), features
        )
        self._weighted = self._precision @ weights
        self.weights = weights

    def _value(self, weights: Floats, features: Floats, target: Floats, told: float) -> float:
        """Log of the posterior, up to a constant."""
        scores = features @ weights
        top = float(scores.max())
        fit = float(target @ scores) - top - float(np.log(np.exp(scores - top).sum()))
        belief = float(self._weighted @ weights - 0.5 * weights @ self._precision @ weights)
        return told * fit + belief

    def _newton(self, weights: Floats, features: Floats, target: Floats, told: float) -> Floats:
        shares = choice_shares(features @ weights)
        slope = told * (features.T @ (target - shares)) + self._weighted
        slope = slope - self._precision @ weights
        curvature = self._precision + told * choice_curvature(shares, features)
        step: Floats = np.linalg.solve(curvature, slope).astype(np.float64)
        return step


def choice_target(failed: Flags) -> tuple[Floats, float]:
    """The share of each row in the failures, and how much the cycle tells."""
    failures = float(failed.sum())
    return failed / failures, min(failures, _MOST_TOLD) ** 0.5


def choice_curvature(shares: Floats, features: Floats) -> Floats:
    """Covariance of the features under the choice: minus the second derivative of its log."""
    mean = shares @ features
    spread: Floats = (features * shares[:, None]).T @ features - np.outer(mean, mean)
    return spread


def choice_shares(scores: Floats) -> Floats:
    """Chance of each to be chosen."""
    odds: Floats = np.exp(scores - scores.max())
    odds /= odds.sum()
    return odds
