"""The weights that were learnt, and how they are read. Without them the engines' order stands."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

WEIGHTS: Final = Path(__file__).with_name("weights.json")
VERSION: Final = 1


@dataclass(frozen=True)
class Model:
    """A linear score and the general model of token pairs."""

    weights: Mapping[str, float]
    """By the name of the feature; others count for nothing."""
    pairs: Mapping[str, float]
    """Log-probability of the second token after the first, `one other`."""

    @property
    def known(self) -> frozenset[str]:
        """Tokens that the pairs keep as they are."""
        return frozenset(word for pair in self.pairs for word in pair.split(" "))

    def score(self, features: Mapping[str, float]) -> float:
        """Higher is likelier right. Only differences within one fault mean something."""
        weights = self.weights
        return sum(weights.get(name, 0.0) * value for name, value in features.items())


@cache
def load(path: Path = WEIGHTS) -> Model | None:
    """The model, None when the file is missing or is not one of this version."""
    try:
        content = json.loads(path.read_text("utf-8"))
        if content["version"] != VERSION:
            return None
        return Model(_numbers(content["weights"]), _numbers(content["pairs"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _numbers(table: Mapping[str, object]) -> dict[str, float]:
    """Raises TypeError and ValueError for what is no number."""
    return {str(name): float(str(value)) for name, value in table.items()}
