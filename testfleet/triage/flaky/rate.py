"""How often a test fails that has nothing wrong with it, and what that costs.

The number of flaky runs among n is binomial; with a Beta prior the rate's posterior is Beta again
(Gelman et al., Bayesian Data Analysis, section 2.4). Runs in which it really failed say nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp, isfinite, lgamma, log, log1p
from typing import Final

from testfleet.contracts.failure import FlakeRate
from testfleet.contracts.history import TestHistory

PRIOR: Final = (0.2, 9.8)
"""Of a test that nobody knows: 2 %, worth as much as ten runs."""
INTERVAL: Final = 0.9
PROCESS_START_S: Final = 0.5
"""Until a framework that is started for one test has begun it."""
_STEPS: Final = 60
_TERMS: Final = 300
_TINY: Final = 1e-300
_PRECISION: Final = 1e-12


@dataclass(frozen=True)
class Ranked:
    """A flaky test and its price."""

    test: str
    rate: FlakeRate
    duration_s: float
    flaky: int
    failed: int
    cost_s: float
    """Expected seconds of confirming it, in a hundred runs."""


def flake_rate(flaky: int, failed: int, runs: int) -> FlakeRate:
    """The rate after so many runs, of which some were flaky and some failed for good."""
    judged = max(0, runs - max(0, failed))
    seen = min(max(0, flaky), judged)
    a, b = PRIOR[0] + seen, PRIOR[1] + judged - seen
    tail = (1 - INTERVAL) / 2
    return FlakeRate(
        mean=a / (a + b), low=quantile(tail, a, b), high=quantile(1 - tail, a, b), runs=judged
    )


def rank(tests: Mapping[str, TestHistory], attempts: int = 2) -> list[Ranked]:
    """The tests that have been flaky, the most expensive first.

    Each flaky failure is run again alone, `attempts` times, each in a process of its own.
    """
    found = []
    for test, past in tests.items():
        if past.flaky <= 0:
            continue
        rate = flake_rate(past.flaky, past.failed, past.runs)
        seconds = past.duration_s if isfinite(past.duration_s) and past.duration_s > 0 else 0.0
        cost_s = 100 * rate.mean * attempts * (seconds + PROCESS_START_S)
        found.append(Ranked(test, rate, seconds, past.flaky, past.failed, cost_s))
    return sorted(found, key=lambda each: (-each.cost_s, each.test))


def quantile(share: float, a: float, b: float) -> float:
    """Where the distribution function of Beta(a, b) reaches `share`, by bisection."""
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if beta_below(middle, a, b) < share:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def beta_below(x: float, a: float, b: float) -> float:
    """Chance that Beta(a, b) lies below x: the regularised incomplete beta function, by its
    continued fraction (DLMF 8.17.22) and Lentz's algorithm."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):
        return 1 - beta_below(1 - x, b, a)
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)) / a
    result, c, d = 1.0, 1.0, 0.0
    for term in range(1, _TERMS):
        step = _coefficient(term, x, a, b)
        d = 1 / (1 + step * d or _TINY)
        c = 1 + step / c or _TINY
        result *= c * d
        if abs(1 - c * d) < _PRECISION:
            break
    return front / result


def _coefficient(term: int, x: float, a: float, b: float) -> float:
    half = term // 2
    if term % 2 == 0:
        return half * (b - half) * x / ((a + term - 1) * (a + term))
    return -(a + half) * (a + b + half) * x / ((a + term - 1) * (a + term))
