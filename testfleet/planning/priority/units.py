"""Which units of a run first, from the history that the fleet keeps, and why.

The learner's prior on what a unit's newest verdicts tell, in plain Python: a control function must
start in a blink. Order by chance of failure per second (Smith, Various optimizers for single-stage
production, 1956), which has the expected failures as early as any order can.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from posixpath import basename, dirname, splitext
from statistics import fmean, median
from typing import Final

from testfleet.contracts.history import UnitHistory
from testfleet.contracts.plan import PlannedUnit, file_of
from testfleet.planning.priority.pasts import BASE, FAST, Past, Suite, log_rate
from testfleet.planning.priority.prior import FEATURES, PRIOR

_SHORTEST: Final = 1e-3
"""Share of the mean duration that every unit counts for at least."""
_CHANGED: Final = 2.0
"""A changed test file fails about seven times as often as others: odds of e squared."""
_NAMED: Final = 1.0
"""So much for a test named after a changed file."""
_UNREACHED: Final = -4.0
"""What no change can reach fails for other reasons, e.g. because it is flaky, but seldom."""
_SHOWN: Final = 5
_WEIGHTS: Final = dict(zip(FEATURES, PRIOR.means, strict=True))
_WORDS: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_COMMON_WORDS: Final = frozenset({"test", "tests", "spec", "init", "main", "index", "conftest"})


@dataclass(frozen=True)
class Ranked:
    """One unit in the order."""

    unit: str
    share: float
    """Expected share of the failures of a run that has any; all shares add up to 1."""
    priority: float
    """The share per second, for WorkUnit.priority: higher is sooner."""
    predicted_s: float
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Change:
    """What is known of what the run is for."""

    paths: Collection[str] = ()
    """Files that changed, as paths of the tree."""
    unreached: Collection[str] = ()
    """Units that no change can reach, as `planning.selection` has them."""

    def odds(self, unit: str) -> float:
        """To add to the score of a unit."""
        path = file_of(unit)
        if path in self.paths:
            return _CHANGED
        if unit in self.unreached:
            return _UNREACHED
        return _NAMED if self._namesake(path) else 0.0

    def reasons(self, unit: str) -> list[str]:
        """The same as sentences."""
        path = file_of(unit)
        if path in self.paths:
            return ["changed"]
        if unit in self.unreached:
            return ["no change can reach it"]
        namesake = self._namesake(path)
        return [f"named like {namesake}, which changed"] if namesake else []

    def _namesake(self, path: str) -> str | None:
        """The changed file all of whose words the test's name contains."""
        own = _words(path)
        return next((other for other, its in self._names.items() if its <= own), None)

    @cached_property
    def _names(self) -> dict[str, frozenset[str]]:
        return {path: words for path in self.paths if (words := _words(path))}


NO_CHANGE: Final = Change()


def priorities(
    units: Sequence[PlannedUnit],
    history: Mapping[str, UnitHistory],
    change: Change = NO_CHANGE,
) -> dict[str, float]:
    """Higher is sooner, by unit id. See `ranked`."""
    return {one.unit: one.priority for one in ranked(units, history, change)}


def ranked(
    units: Sequence[PlannedUnit],
    history: Mapping[str, UnitHistory],
    change: Change = NO_CHANGE,
) -> list[Ranked]:
    """All units, first to run first.

    Without history: changed tests and those named after changed files, then the shortest. Equal
    units stand in the order given. Pure and deterministic.
    """
    if not units:
        return []
    pasts = [Past.of(history.get(unit.id) or history.get(file_of(unit.id))) for unit in units]
    known = _scores(units, pasts)
    scores = [score + change.odds(unit.id) for unit, score in zip(units, known, strict=True)]
    top = max(scores)
    odds = [math.exp(score - top) for score in scores]
    total = math.fsum(odds)
    shortest = max(_SHORTEST * fmean(_seconds(unit) for unit in units), 1e-9)
    found = [
        Ranked(
            unit=unit.id,
            share=odd / total,
            priority=odd / total / max(_seconds(unit), shortest),
            predicted_s=_seconds(unit),
            reasons=(*change.reasons(unit.id), *_reasons(unit, past)),
        )
        for unit, odd, past in zip(units, odds, pasts, strict=True)
    ]
    return sorted(found, key=lambda one: -one.priority)


def _scores(units: Sequence[PlannedUnit], pasts: Sequence[Past]) -> list[float]:
    usual = median(_seconds(unit) for unit in units)
    mean = 0.1 * fmean(_seconds(unit) for unit in units) + 1e-9
    folders: defaultdict[str, list[float]] = defaultdict(list)
    for unit, past in zip(units, pasts, strict=True):
        folders[dirname(unit.id)].append(past.rate(FAST)[0])
    rates = {folder: fmean(values) for folder, values in folders.items()}
    suite = Suite(pasts)
    return [
        sum(_WEIGHTS[name] * value for name, value in suite.features(past).items())
        + _WEIGHTS["duration"] * math.log((_seconds(unit) + mean) / (usual + mean))
        + _WEIGHTS["folder rate"] * log_rate((rates[dirname(unit.id)] + 0.3 * BASE) / 1.3)
        for unit, past in zip(units, pasts, strict=True)
    ]


def _words(path: str) -> frozenset[str]:
    stem = splitext(basename(path))[0]
    return frozenset(word.lower() for word in _WORDS.findall(stem)) - _COMMON_WORDS


def _reasons(unit: PlannedUnit, past: Past) -> tuple[str, str]:
    newest = past.verdicts[-_SHOWN:]
    bad = sum(verdict > 0 for verdict in newest)
    if bad:
        told = f"failed {bad} of the last {len(newest)} runs"
    elif past.failures:
        told = f"failed before, not in the last {past.passes} runs"
    elif past.runs:
        told = f"never failed in {past.runs} runs"
    else:
        told = "no history"
    return told, f"{_seconds(unit):.1f} s{'' if unit.known else ', guessed'}"


def _seconds(unit: PlannedUnit) -> float:
    seconds = unit.predicted_s
    return seconds if math.isfinite(seconds) and seconds > 0 else 0.0
