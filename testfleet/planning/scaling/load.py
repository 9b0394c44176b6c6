"""The load of the coming hours, from the load of the past weeks.

Double seasonal exponential smoothing (Taylor, Short-term electricity demand forecasting using
double seasonal exponential smoothing, JORS 54, 2003): a level, a profile of the day, a profile of
the week on top of it, and an autoregressive term for what is unusual just now. Loads of test runs
are bursts above zero, so the model works on square roots, which make the spread of counts
independent of their size (Bartlett, 1936). Open pull requests, where they are known, explain a part
of what the profiles leave (ridge regression: Hoerl and Kennard, Technometrics 12, 1970).

The interval comes from the model's own errors of one hour ahead, so it needs no assumption on their
shape. With less than a week of history the profiles say nothing: then a plain exponential mean
answers, and without any history zero does.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from testfleet.errors import UsageError

SLOT: Final = timedelta(hours=1)
DAY: Final = 24
WEEK: Final = 7 * DAY

_LEVEL: Final = 0.02
_DAILY: Final = 0.05
_WEEKLY: Final = 0.15
_UNUSUAL: Final = 0.4
"""Share of a surprise that is still there an hour later."""
_FIRST_WEEK: Final = 0.5
"""How far the week's profile follows the first week, the only one when it begins."""
_PLAIN: Final = 0.3
"""Weight of the latest hour where there are no profiles."""
_RIDGE: Final = 50.0
_ERRORS_KEPT: Final = 4 * WEEK


@dataclass(frozen=True)
class Busy:
    """Workers that were busy from one moment to another: one run."""

    start: datetime
    end: datetime
    workers: int


@dataclass(frozen=True)
class Forecast:
    """The load of one hour: mean number of busy workers."""

    at: datetime
    expected: float
    low: float
    high: float
    reason: str
    """What it is made from."""


@dataclass(frozen=True)
class History:
    """Load by the hour, without gaps, up to the last hour that is over."""

    start: datetime
    loads: tuple[float, ...]
    open_pull_requests: tuple[int, ...] = ()
    """For each of the hours and for the present one; empty where it is not known."""

    def __post_init__(self) -> None:
        bad = next((load for load in self.loads if not (math.isfinite(load) and load >= 0)), None)
        if bad is not None:
            raise UsageError(f"a load of {bad} workers: expected a number from 0")
        counts = len(self.open_pull_requests)
        if counts not in (0, len(self.loads) + 1):
            raise UsageError(
                f"{counts} numbers of open pull requests for {len(self.loads)} hours: expected "
                "one for each and one for the present hour, or none"
            )

    @property
    def end(self) -> datetime:
        """The first hour that is not known."""
        return self.start + len(self.loads) * SLOT


def hourly(runs: Iterable[Busy], start: datetime, end: datetime) -> History:
    """Mean number of busy workers in each whole hour between the two moments.

    Runs that overlap add up; what lies outside is left out.
    """
    first = start.replace(minute=0, second=0, microsecond=0)
    hours = max(int((end - first) / SLOT), 0)
    loads = [0.0] * hours
    for run in runs:
        at = max(int((run.start - first) / SLOT), 0)
        while at < hours and first + at * SLOT < run.end:
            begin = max(run.start, first + at * SLOT)
            until = min(run.end, first + (at + 1) * SLOT)
            loads[at] += run.workers * max((until - begin) / SLOT, 0.0)
            at += 1
    return History(first, tuple(loads))


def forecast(history: History, hours: int, confidence: float = 0.9) -> list[Forecast]:
    """The load of the next hours. `confidence` is the share of loads inside the interval.

    Raises UsageError for a confidence outside of 0 to 1.
    """
    if not 0 < confidence < 1:
        raise UsageError(f"confidence {confidence}: expected a share between 0 and 1")
    if not history.loads:
        return [
            Forecast(history.end + step * SLOT, 0.0, 0.0, 0.0, "no history")
            for step in range(hours)
        ]
    model = _Model(history)
    for load in history.loads:
        model.learn(math.sqrt(load))
    tail = (1 - confidence) / 2
    low, high = model.error_quantile(tail), model.error_quantile(1 - tail)
    spread = model.error_variance()
    found = []
    for step in range(hours):
        root = model.ahead(step)
        found.append(
            Forecast(
                at=history.end + step * SLOT,
                # The mean of a square is the square of the mean and the variance.
                expected=max(root, 0.0) ** 2 + spread,
                low=max(root + low, 0.0) ** 2,
                high=max(root + high, 0.0) ** 2,
                reason=model.reason,
            )
        )
    return found


@dataclass
class _Model:
    """The state of the smoothing after some hours, on the scale of square roots."""

    history: History
    seen: int = 0
    level: float = 0.0
    day: list[float] = field(default_factory=lambda: [0.0] * DAY)
    week: list[float] = field(default_factory=lambda: [0.0] * WEEK)
    surprise: float = 0.0
    errors: list[float] = field(default_factory=list)
    usual_count: float = 0.0
    products: float = 0.0
    squares: float = 0.0

    def __post_init__(self) -> None:
        self.phase = self.history.start.weekday() * DAY + self.history.start.hour
        self.has_profiles = len(self.history.loads) >= WEEK
        roots = [math.sqrt(load) for load in self.history.loads[:WEEK]]
        self.level = sum(roots) / len(roots) if self.has_profiles else roots[0]
        if self.has_profiles:
            self._begin_profiles(roots)
        if self.history.open_pull_requests:
            self.usual_count = float(self.history.open_pull_requests[0])

    @property
    def reason(self) -> str:
        """What the forecasts are made from."""
        hours = len(self.history.loads)
        if not self.has_profiles:
            return f"mean of {hours} hours: profiles need a week"
        extra = " and open pull requests" if self.history.open_pull_requests else ""
        return f"profiles of day and week{extra} from {hours} hours"

    def learn(self, root: float) -> None:
        """Take in the next hour."""
        base, excess = self._base(self.seen), self._excess()
        error = root - base
        # The first week is what the profiles were begun with: it shows no errors.
        if self.seen >= WEEK or (not self.has_profiles and self.seen):
            self.errors.append(root - self.ahead(0))
            self._learn_counts(error - _UNUSUAL * self.surprise, excess)
        self._smooth(error - self._counts_effect(excess))
        self.surprise = error - self._counts_effect(excess)
        self._follow_counts()
        self.seen += 1

    def ahead(self, step: int) -> float:
        """The hour after so many more, before it is known."""
        value = self._base(self.seen + step) + self._counts_effect(self._excess())
        if not self.has_profiles:
            return value
        return value + _UNUSUAL ** (step + 1) * self.surprise

    def error_quantile(self, share: float) -> float:
        """Empirical quantile of the errors, widened outwards where there are few."""
        errors = sorted(self.errors[-_ERRORS_KEPT:])
        if not errors:
            return math.copysign(math.sqrt(max(self.level, 1.0)), share - 0.5)
        place = share * (len(errors) + 1) - 1
        at = math.ceil(place) if share > _MIDDLE else math.floor(place)
        return errors[min(max(at, 0), len(errors) - 1)]

    def error_variance(self) -> float:
        """Mean square of the errors."""
        errors = self.errors[-_ERRORS_KEPT:]
        return sum(error * error for error in errors) / len(errors) if errors else 0.0

    def _begin_profiles(self, roots: Sequence[float]) -> None:
        for hour in range(DAY):
            same = [roots[at] for at in range(WEEK) if (self.phase + at) % DAY == hour]
            self.day[hour] = sum(same) / len(same) - self.level
        for at, root in enumerate(roots):
            hour = self.phase + at
            rest = root - self.level - self.day[hour % DAY]
            self.week[hour % WEEK] = _FIRST_WEEK * rest

    def _base(self, at: int) -> float:
        if not self.has_profiles:
            return self.level
        hour = self.phase + at
        return self.level + self.day[hour % DAY] + self.week[hour % WEEK]

    def _smooth(self, error: float) -> None:
        if not self.has_profiles:
            self.level += _PLAIN * error
            return
        fresh, hour = error - _UNUSUAL * self.surprise, self.phase + self.seen
        self.level += _LEVEL * fresh
        self.day[hour % DAY] += _DAILY * fresh
        self.week[hour % WEEK] += _WEEKLY * fresh

    def _excess(self) -> float:
        """Open pull requests beyond the usual number."""
        counts = self.history.open_pull_requests
        return counts[min(self.seen, len(counts) - 1)] - self.usual_count if counts else 0.0

    def _counts_effect(self, excess: float) -> float:
        return self.products / (self.squares + _RIDGE) * excess

    def _learn_counts(self, error: float, excess: float) -> None:
        self.products += error * excess
        self.squares += excess * excess

    def _follow_counts(self) -> None:
        self.usual_count += _LEVEL * self._excess()


_MIDDLE: Final = 0.5
