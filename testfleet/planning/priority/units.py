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

from testfleet.contracts.history import UnitHistory, Verdict
from testfleet.contracts.plan import PlannedUnit, file_of
from testfleet.planning.priority.prior import FEATURES, PRIOR

_FAST: Final = 0.3
_SLOW: Final = 0.1
_BASE: Final = 0.02
_SMALLEST: Final = 1e-4
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
_WORTH: Final = {Verdict.PASSED: 0.0, Verdict.FLAKY: 0.5, Verdict.FAILED: 1.0}
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


@dataclass(frozen=True)
class _Past:
    """What a unit's newest verdicts come to."""

    verdicts: tuple[float, ...] = ()
    """Oldest first: 1 failed, 0.5 flaky, 0 passed."""
    runs: int = 0
    failures: float = 0.0

    @staticmethod
    def of(history: UnitHistory | None) -> _Past:
        if history is None:
            return _Past()
        verdicts = tuple(_WORTH[Verdict(one)] for one in history.recent if one in _KNOWN)
        runs = max(history.runs, len(verdicts), history.failed)
        return _Past(verdicts, runs, max(history.failed, sum(verdicts)))

    def rate(self, alpha: float) -> tuple[float, float]:
        """Exponentially weighted rate of failure, and its weight."""
        rate = weight = 0.0
        for verdict in self.verdicts:
            rate += alpha * (verdict - rate)
            weight += alpha * (1 - weight)
        return rate, weight

    @property
    def passes(self) -> int | None:
        """Runs since the last failure; None when none is known."""
        for count, verdict in enumerate(reversed(self.verdicts)):
            if verdict:
                return count
        return self.runs if self.failures else None

    @property
    def streak(self) -> int:
        passed = [at for at, verdict in enumerate(reversed(self.verdicts)) if not verdict]
        return passed[0] if passed else len(self.verdicts)


_KNOWN: Final = frozenset(verdict.value for verdict in _WORTH)


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
    pasts = [_Past.of(history.get(unit.id) or history.get(file_of(unit.id))) for unit in units]
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


def _scores(units: Sequence[PlannedUnit], pasts: Sequence[_Past]) -> list[float]:
    usual = median(_seconds(unit) for unit in units)
    mean = 0.1 * fmean(_seconds(unit) for unit in units) + 1e-9
    folders: defaultdict[str, list[float]] = defaultdict(list)
    for unit, past in zip(units, pasts, strict=True):
        folders[dirname(unit.id)].append(past.rate(_FAST)[0])
    rates = {folder: fmean(values) for folder, values in folders.items()}
    return [
        _score(past)
        + _WEIGHTS["duration"] * math.log((_seconds(unit) + mean) / (usual + mean))
        + _WEIGHTS["folder rate"] * _log((rates[dirname(unit.id)] + 0.3 * _BASE) / 1.3)
        for unit, past in zip(units, pasts, strict=True)
    ]


def _score(past: _Past) -> float:
    fast, fast_weight = past.rate(_FAST)
    slow, slow_weight = past.rate(_SLOW)
    passes = past.passes
    since = math.log1p(passes) if passes is not None else 0.0
    recent = _log((fast + 0.15 * _BASE) / (fast_weight + 0.15))
    values = {
        "recent rate": recent,
        "recent rate, while fresh": recent,
        "slow rate": _log((slow + 0.15 * _BASE) / (slow_weight + 0.15)),
        "lifetime rate": _log((past.failures + 2 * _BASE) / (past.runs + 2)),
        "runs since failure": since,
        "cycles since failure": since,
        "never failed": float(passes is None and past.runs > 0),
        "new": float(past.runs == 0),
        "runs": math.log1p(past.runs),
        "failures in a row": math.log1p(past.streak),
        "failed last": float(passes == 0),
    }
    return sum(_WEIGHTS[name] * value for name, value in values.items())


def _words(path: str) -> frozenset[str]:
    stem = splitext(basename(path))[0]
    return frozenset(word.lower() for word in _WORDS.findall(stem)) - _COMMON_WORDS


def _reasons(unit: PlannedUnit, past: _Past) -> tuple[str, str]:
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


def _log(rate: float) -> float:
    return math.log(max(rate, _SMALLEST))
