"""What the learner believes of a project it has never seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from testfleet.planning.priority.prior_table import TABLE


@dataclass(frozen=True)
class Prior:
    """Of each feature, in the order of FEATURES."""

    means: tuple[float, ...]
    precisions: tuple[float, ...]
    """One over the variance between projects."""


FEATURES: Final = tuple(name for name, _, _ in TABLE)
"""What is known of a test before it runs: the columns that `features` makes, in their order."""
PRIOR: Final = Prior(
    tuple(mean for _, mean, _ in TABLE), tuple(precision for _, _, precision in TABLE)
)
