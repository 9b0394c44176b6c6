"""What the learner believes of a project it has never seen. Written by `benchmarks.fit_prior`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

FEATURES: Final = (
    "recent rate",
    "slow rate",
    "lifetime rate",
    "runs since failure",
    "cycles since failure",
    "never failed",
    "new",
    "runs",
    "cycles since run",
    "duration",
    "folder rate",
    "companions",
    "last verdicts",
    "failures in a row",
    "neighbours' rate",
    "tenth by duration",
    "failed last",
    "recent rate, while fresh",
    "left out",
    "left out, never ran",
)


@dataclass(frozen=True)
class Prior:
    """Of each feature, in the order of FEATURES."""

    means: tuple[float, ...]
    precisions: tuple[float, ...]
    """One over the variance between projects."""


PRIOR = Prior(
    means=(
        -0.032,
        0.319,
        0.321,
        -0.144,
        -0.031,
        -0.06,
        0.229,
        0.057,
        0.061,
        0.058,
        0.068,
        0.059,
        0.276,
        -0.499,
        0.022,
        0.019,
        0.644,
        0.128,
        0.096,
        -0.049,
    ),
    precisions=(
        58.3,
        33.8,
        42.9,
        43.3,
        50.9,
        28.9,
        30.2,
        51.9,
        54.1,
        107.6,
        42.7,
        50.3,
        39.5,
        31.3,
        102.9,
        63.3,
        23.9,
        81.0,
        32.6,
        30.0,
    ),
)
