"""How long a unit will take: from its own past, else from its neighbours, else from constants."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from posixpath import dirname
from statistics import median
from typing import Final

from testfleet.contracts.history import UnitHistory
from testfleet.contracts.plan import PlannedUnit, Unit
from testfleet.contracts.result import UnitResult, UnitStatus

ALPHA: Final = 0.4
"""Weight of the newest run in the mean: a lasting change counts for 78 % after three runs, while
one slow machine moves a prediction by less than half."""

MIN_UNIT_S: Final = 0.001
"""Even an empty file is opened and collected."""

UNKNOWN_FILE_S: Final = 0.1
UNKNOWN_TEST_S: Final = 0.01
"""A first run knows nothing. Within a factor of two of the whole for most public suites looked at;
only how many shards are worth their start depends on it."""

_ENOUGH_NEIGHBOURS: Final = 3
_SMALLEST_FILE: Final = 100
"""Bytes that a file counts for at least: the rate of an empty one would be boundless."""
_LONGEST_S: Final = 30 * 24 * 3600.0
"""Anything longer is a broken clock."""


@dataclass(frozen=True)
class _Rates:
    """What known units of one folder, or of the whole suite, cost."""

    per_test_s: float
    per_byte_s: float

    def predict(self, unit: Unit) -> float:
        by_size = self.per_byte_s * max(unit.size_bytes, _SMALLEST_FILE)
        if unit.tests_estimate == 0:
            return by_size
        # Known units count parametrised tests one by one, the estimate counts them once; bytes
        # know nothing of tests. Each errs in its own way, so the mean of both errs least.
        return (by_size + self.per_test_s * unit.tests_estimate) / 2


def predict(units: Sequence[Unit], history: Mapping[str, UnitHistory]) -> list[PlannedUnit]:
    """Expected seconds of each unit, in the order given. Never zero, negative or NaN."""
    known = {unit.id: seconds for unit in units if (seconds := _past(history, unit)) is not None}
    guess = _Guesses(units, known) if len(known) < len(units) else None
    planned = []
    for unit in units:
        past = known.get(unit.id)
        seconds = past if past is not None or guess is None else guess.seconds(unit)
        planned.append(
            PlannedUnit(
                id=unit.id,
                predicted_s=max(seconds or 0.0, MIN_UNIT_S),
                known=past is not None,
            )
        )
    return planned


def update(
    history: Mapping[str, UnitHistory],
    finished: Iterable[UnitResult],
    *,
    existing: Collection[str] | None = None,
) -> dict[str, UnitHistory]:
    """History after a run: an exponentially weighted mean, newest run with weight ALPHA.

    Only FINISHED units count; a duration that is not a number, or negative, changes nothing.
    With `existing`, units that are no longer in the tree are dropped.
    """
    after = {unit: past for unit, past in history.items() if existing is None or unit in existing}
    for unit in finished:
        if unit.status is UnitStatus.FINISHED and is_duration(unit.duration_s):
            after[unit.id] = _blend(after.get(unit.id), unit)
    return after


def is_duration(seconds: float) -> bool:
    """Whether a number can be a unit's duration at all."""
    return math.isfinite(seconds) and 0 <= seconds <= _LONGEST_S


def _blend(past: UnitHistory | None, unit: UnitResult) -> UnitHistory:
    if past is None or not is_duration(past.duration_s):
        return UnitHistory(duration_s=unit.duration_s, tests=unit.tests, runs=1)
    mean = ALPHA * unit.duration_s + (1 - ALPHA) * past.duration_s
    return UnitHistory(duration_s=mean, tests=unit.tests, runs=past.runs + 1)


def _past(history: Mapping[str, UnitHistory], unit: Unit) -> float | None:
    past = history.get(unit.id)
    return past.duration_s if past is not None and is_duration(past.duration_s) else None


class _Guesses:
    """Rates of each folder with enough known units, and of the suite."""

    def __init__(self, units: Sequence[Unit], known: Mapping[str, float]) -> None:
        folders: defaultdict[str, list[Unit]] = defaultdict(list)
        measured = [unit for unit in units if unit.id in known]
        for unit in measured:
            folders[dirname(unit.id)].append(unit)
        self._suite = _rates(measured, known)
        self._folders = {
            folder: _rates(there, known)
            for folder, there in folders.items()
            if len(there) >= _ENOUGH_NEIGHBOURS
        }

    def seconds(self, unit: Unit) -> float:
        rates = self._folders.get(dirname(unit.id)) or self._suite
        if rates is not None:
            return rates.predict(unit)
        return UNKNOWN_FILE_S + UNKNOWN_TEST_S * unit.tests_estimate


def _rates(units: Sequence[Unit], known: Mapping[str, float]) -> _Rates | None:
    """Medians, so that one very slow or empty file does not spoil the guess for the others."""
    if not units:
        return None
    per_byte = median(known[unit.id] / max(unit.size_bytes, _SMALLEST_FILE) for unit in units)
    tested = [known[unit.id] / unit.tests_estimate for unit in units if unit.tests_estimate > 0]
    return _Rates(median(tested) if tested else UNKNOWN_TEST_S, per_byte)
