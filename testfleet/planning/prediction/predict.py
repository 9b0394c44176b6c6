"""How long a unit will take: from its own past, else from its neighbours, else from constants."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from posixpath import dirname
from typing import Final, NamedTuple

from testfleet.contracts.history import UnitHistory
from testfleet.contracts.plan import PlannedUnit, Unit
from testfleet.planning.prediction.level import median
from testfleet.planning.prediction.pace import suite_pace
from testfleet.planning.prediction.remember import usable

MIN_UNIT_S: Final = 0.001
"""Even an empty file is opened and collected."""

UNKNOWN_FILE_S: Final = 0.1
UNKNOWN_TEST_S: Final = 0.01
"""A first run knows nothing. Within a factor of two of the whole for most public suites looked at;
only how many shards are worth their start depends on it."""
UNKNOWN_FACTOR: Final = 8.0
"""A single file of a first run may take so many times more or less than guessed."""
KNOWN_FACTOR: Final = 2.0
"""The same of a file of which an earlier version kept only a mean."""

_ENOUGH_NEIGHBOURS: Final = 3
_SAMPLE: Final = 1000
"""Units that tell how well neighbours are guessed: more would only cost time."""
_SMALLEST_FILE: Final = 100
"""Bytes that a file counts for at least: the rate of an empty one would be boundless."""


class _Guess(NamedTuple):
    seconds: float
    low_s: float
    high_s: float


def predict(
    units: Sequence[Unit], history: Mapping[str, UnitHistory], profile: str | None = None
) -> list[PlannedUnit]:
    """Expected seconds of each unit, in the order given, each inside its interval of 80 %.

    Never zero, negative or NaN. `profile` is where the units will run: what they took elsewhere is
    scaled by how the suite's runs there compare. None is where the last run was.
    """
    pace = suite_pace(history, profile)
    planned = [_from_past(unit.id, history.get(unit.id), pace) for unit in units]
    if all(planned):
        return [one for one in planned if one is not None]
    guess = _Guesses(units, {one.id: one.predicted_s for one in planned if one is not None})
    return [
        one or _from_guess(unit.id, guess.of(unit))
        for unit, one in zip(units, planned, strict=True)
    ]


def _from_past(unit: str, past: UnitHistory | None, pace: float) -> PlannedUnit | None:
    if past is None or not usable(past):
        return None
    scale = pace / past.pace
    seconds = max(past.duration_s * scale, MIN_UNIT_S)
    if past.low_s is None or past.high_s is None:
        low, high = seconds / KNOWN_FACTOR, seconds * KNOWN_FACTOR
    else:
        low, high = min(seconds, past.low_s * scale), max(seconds, past.high_s * scale)
    return PlannedUnit(
        id=unit,
        predicted_s=seconds,
        known=True,
        low_s=low,
        high_s=high,
        memory_mb=past.memory_mb,
    )


def _from_guess(unit: str, guess: _Guess) -> PlannedUnit:
    seconds = max(guess.seconds, MIN_UNIT_S)
    return PlannedUnit(
        id=unit,
        predicted_s=seconds,
        known=False,
        low_s=min(seconds, guess.low_s),
        high_s=max(seconds, guess.high_s),
    )


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
        self._spread = self._errors(measured, known)

    def of(self, unit: Unit) -> _Guess:
        rates = self._folders.get(dirname(unit.id)) or self._suite
        if rates is None:
            seconds = UNKNOWN_FILE_S + UNKNOWN_TEST_S * unit.tests_estimate
            return _Guess(seconds, seconds / UNKNOWN_FACTOR, seconds * UNKNOWN_FACTOR)
        seconds = rates.predict(unit)
        low, high = self._spread
        return _Guess(seconds, seconds * low, seconds * high)

    def _errors(self, measured: Sequence[Unit], known: Mapping[str, float]) -> tuple[float, float]:
        """Between which ratios of truth to guess four of five known units lie."""
        step = max(len(measured) // _SAMPLE, 1)
        ratios = sorted(
            known[unit.id] / max(rates.predict(unit), MIN_UNIT_S)
            for unit in measured[::step]
            if (rates := self._folders.get(dirname(unit.id)) or self._suite) is not None
        )
        if len(ratios) < _ENOUGH_NEIGHBOURS:
            return 1 / UNKNOWN_FACTOR, UNKNOWN_FACTOR
        tenth = len(ratios) // 10
        return ratios[tenth], ratios[-1 - tenth]


def _rates(units: Sequence[Unit], known: Mapping[str, float]) -> _Rates | None:
    """Medians, so that one very slow or empty file does not spoil the guess for the others."""
    if not units:
        return None
    per_byte = median([known[unit.id] / max(unit.size_bytes, _SMALLEST_FILE) for unit in units])
    tested = [known[unit.id] / unit.tests_estimate for unit in units if unit.tests_estimate > 0]
    return _Rates(median(tested) if tested else UNKNOWN_TEST_S, per_byte)
