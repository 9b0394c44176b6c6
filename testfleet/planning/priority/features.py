"""What is known of each test of a cycle before it runs, as numbers of about the size of 1."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from testfleet.planning.priority.company import Companions, Neighbours
from testfleet.planning.priority.lifts import Shares, Situations
from testfleet.planning.priority.memory import Memory, Ran
from testfleet.planning.priority.napfd import Floats, Ints

_SMALLEST = 1e-4
_LONG_AGO = 1000
_FRESH = 0.1


class Knowledge:
    """Everything that past cycles tell, and the features of the tests of the next one."""

    def __init__(self, names: Sequence[str]) -> None:
        self.memory = Memory(len(names))
        self._neighbours = Neighbours(names)
        self._companions = Companions(len(names))
        self._situations = Situations()
        self._shares = Shares(len(names))

    def observe(self, present: Ints, ran: Ran) -> None:
        """Take in a cycle: which tests it had, and what came of those that ran."""
        self.memory.leave_out(present)
        if ran.tests.size:
            self._situations.observe(ran, self.memory)
            self._shares.observe(ran)
            self._neighbours.observe(ran)
            self._companions.observe(ran)
        self.memory.observe(ran)

    def features(self, tests: Ints) -> Floats:
        """One row a test, one column a feature of `prior.FEATURES`."""
        distinct, rows = np.unique(tests, return_inverse=True)
        columns = [*self._own(distinct), *self._shared(distinct), *self._repeated(distinct)]
        return np.stack(columns, axis=1)[rows]

    def _own(self, tests: Ints) -> list[Floats]:
        memory, base = self.memory, self.memory.base
        new, never = memory.never_ran(tests), memory.never_failed(tests)
        passes = np.minimum(memory.passes[tests], _LONG_AGO)
        since_failure = np.minimum(memory.cycle - memory.failed_at[tests] - 1, _LONG_AGO)
        runs, seconds = memory.runs[tests], memory.seconds(tests)
        usual = 0.1 * seconds.mean() + 1e-9
        return [
            self._fast(tests),
            _log((memory.slow[tests] + 0.15 * base) / (memory.slow_weight[tests] + 0.15)),
            _log((memory.failures[tests] + 2 * base) / (runs + 2)),
            np.where(never, 0.0, np.log1p(passes)),
            np.where(never, 0.0, np.log1p(since_failure)),
            (never & ~new).astype(np.float64),
            new.astype(np.float64),
            np.log1p(runs),
            np.where(new, 0.0, np.log1p(self._idle(tests))),
            np.log((seconds + usual) / (np.median(seconds) + usual)),
        ]

    def _shared(self, tests: Ints) -> list[Floats]:
        memory = self.memory
        verdicts = self._situations.of_verdicts(tests, memory)
        durations = self._situations.of_durations(tests, memory)
        return [
            _log(self._neighbours.folder_rate(tests, memory.base)),
            np.log(self._companions.likeness[tests] + 0.02),
            self._situations.verdicts.log_lift(verdicts),
            np.log1p(memory.streak[tests]),
            _log(self._neighbours.rate(tests, memory)),
            self._situations.durations.log_lift(durations),
        ]

    def _repeated(self, tests: Ints) -> list[Floats]:
        memory = self.memory
        return [
            (memory.last[tests] > 0).astype(np.float64),
            self._fast(tests) * np.exp(-_FRESH * np.minimum(self._idle(tests), _LONG_AGO)),
            np.log1p(memory.missed[tests]),
            _log(memory.rate_after(tests)),
            *self._shares.log_ratios(tests),
        ]

    def _fast(self, tests: Ints) -> Floats:
        memory = self.memory
        return _log((memory.fast[tests] + 0.15 * memory.base) / (memory.fast_weight[tests] + 0.15))

    def _idle(self, tests: Ints) -> Floats:
        """Cycles since its last run; 0 when it was in the last."""
        return np.asarray(self.memory.cycle - self.memory.ran_at[tests] - 1, dtype=np.float64)


def _log(rate: Floats) -> Floats:
    """Shares of failures are in proportion to rates, so their logarithms add up to scores."""
    return np.log(np.maximum(rate, _SMALLEST))
