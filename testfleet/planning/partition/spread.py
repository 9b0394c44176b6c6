"""How far durations scatter around what is predicted."""

from __future__ import annotations

from statistics import NormalDist
from typing import Final

INTERVAL: Final = 0.8
"""Chance that a duration lies between the `low_s` and `high_s` of its prediction."""
UPPER: Final = NormalDist().inv_cdf((1 + INTERVAL) / 2)
"""Standard deviations from the mean to `high_s`, which 90 % stay below."""

_KNOWN_SHARE: Final = 0.15
_GUESSED_SHARE: Final = 0.75
"""Standard deviation as a share of the duration, where no interval is known."""
_LEAST_SHARE: Final = 1e-6


def spread_s(duration_s: float, low_s: float | None, high_s: float | None, *, known: bool) -> float:
    """Standard deviation of a duration, never 0: from its interval or, without, from habit."""
    if low_s is not None and high_s is not None:
        return max((high_s - low_s) / (2 * UPPER), _LEAST_SHARE * duration_s)
    return (_KNOWN_SHARE if known else _GUESSED_SHARE) * duration_s
