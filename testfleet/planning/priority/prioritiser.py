"""The learner as one thing: orders a cycle from what it knows, then learns what came of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from testfleet.planning.priority.features import Knowledge
from testfleet.planning.priority.learner import Blend
from testfleet.planning.priority.memory import Ran
from testfleet.planning.priority.napfd import Flags, Floats, Ints
from testfleet.planning.priority.ordering import Durations, best_order
from testfleet.planning.priority.prior import PRIOR, Prior

_CURIOSITY = 0.3
"""Power of the cycles that a test was left out of: after nine it is wanted twice as much."""


class Prioritiser:
    """Call `order` and then `learn` for each cycle. The same calls give the same orders."""

    def __init__(self, names: Sequence[str], budget: float, prior: Prior = PRIOR) -> None:
        self._knowledge = Knowledge(names)
        self._model = Blend(np.array(prior.means), np.array(prior.precisions))
        self._budget = budget

    def order(self, tests: Ints) -> Ints:
        """Rows of the next cycle, first to run first; `tests` are indices into the names."""
        memory = self._knowledge.memory
        curiosity = (1 + memory.missed[tests]) ** _CURIOSITY
        return best_order(
            self.shares(tests),
            Durations(memory.seconds(tests), memory.doubt(tests)),
            self._budget,
            curiosity,
        )

    def features(self, tests: Ints) -> Floats:
        """What is known of each row before it runs: one column a feature."""
        return self._knowledge.features(tests)

    def shares(self, tests: Ints) -> Floats:
        """Expected share of each row in the failures of the next cycle, if it has any."""
        return self._model.shares(self.features(tests))

    def learn(self, present: Ints, ran: Ints, failed: Flags, seconds: Floats) -> None:
        """Take in what came of a cycle.

        `present` are the tests of its rows; `ran` the rows that ran, `failed` and `seconds` theirs.
        """
        tests = present[ran]
        if failed.any():
            self._model.learn(self.features(present)[ran], failed)
        self._knowledge.observe(present, Ran.of(tests, failed, seconds))
