"""Keeps capacity warm: history to forecast, forecast to target, target to whoever provides it."""

from __future__ import annotations

import calendar
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from testfleet.contracts.scaling import Scaling
from testfleet.costs.budget import Month, affordable_units
from testfleet.errors import FleetError, UsageError
from testfleet.planning.scaling.load import SLOT, Busy, History, forecast, hourly
from testfleet.planning.scaling.provisioning import Bounds, Target, target
from testfleet.scm.pulls import PullRequest, open_at
from testfleet.workflow.ports import Provisioner, RunRow, RunStore

_log = logging.getLogger(__name__)

_LOOK_BACK: Final = timedelta(weeks=6)
_HOURS_AHEAD: Final = 2
_COOL_DOWN_HOURS: Final = 2
_REPOSITORIES: Final = 5
"""Code hosts are asked about as many: each is a request in every tick."""
_CONFIDENCE: Final = 0.6
"""The interval ends where one hour in five is busier: more warmth would mostly wait in vain."""


@dataclass(frozen=True)
class Unit:
    """Something that can be kept warm."""

    provisioner: Provisioner
    most: int
    """Units at most, from the configuration."""
    usd_per_hour: float
    load_per_unit: int = 1


@dataclass(frozen=True)
class Provided:
    """What became of one kind of unit."""

    name: str
    before: int
    after: int
    reason: str


@dataclass(frozen=True)
class WarmCapacity:
    """All that is kept warm in one environment."""

    runs: RunStore
    units: Sequence[Unit]
    scaling: Scaling
    spent_usd: float
    """What the month has cost so far."""
    limit_usd: float
    """The month's budget."""
    pulls: Callable[[str], Sequence[PullRequest]] | None = None
    """Asks the code host for a repository's pull requests. None: they explain no load."""

    def provide(self, now: datetime) -> list[Provided]:
        """Bring everything to what the next hours need. May be called at any time."""
        rows = self.runs.since(now - _LOOK_BACK)
        start = min((row.started_at for row in rows), default=now)
        history = self._with_pulls(hourly(map(busy, rows), start, now), rows)
        # The present hour is the first that is not over; the ones after it are ahead.
        coming = forecast(history, 1 + _HOURS_AHEAD, _CONFIDENCE)
        recent = [*history.loads[-_COOL_DOWN_HOURS:], *_present(rows, now)]
        found = []
        for unit in self.units:
            before = unit.provisioner.capacity()
            bounds = Bounds(unit.most, self._affordable(unit, now), unit.load_per_unit)
            wanted = target(coming, recent, before, bounds)
            found.append(_apply(unit.provisioner, before.provisioned, wanted))
        return found

    def _with_pulls(self, history: History, rows: Sequence[RunRow]) -> History:
        """The history with the open pull requests of the repositories that load the fleet most."""
        weights: Counter[str] = Counter()
        for row in rows:
            if "/" in row.repository:
                weights[row.repository] += round((row.wall_s or 0.0) * (row.workers or 1))
        busiest = sorted(weights, key=lambda name: (-weights[name], name))[:_REPOSITORIES]
        if self.pulls is None or not busiest:
            return history
        try:
            pulls = [pull for name in busiest for pull in self.pulls(name)]
        except (FleetError, UsageError) as exc:
            # A forecast without them is a little worse; none at all would be much worse.
            _log.warning("open pull requests are not known: %s", exc)
            return history
        hours = [history.start + step * SLOT for step in range(len(history.loads) + 1)]
        return replace(history, open_pull_requests=tuple(open_at(pulls, hours)))

    def _affordable(self, unit: Unit, now: datetime) -> int:
        month = Month(
            limit_usd=self.limit_usd,
            spent_usd=self.spent_usd,
            hours_left=_hours_left(now),
        )
        # Each kind gets an equal part of what warm capacity may cost.
        share = self.scaling.budget_share / len(self.units)
        return affordable_units(month, share, unit.usd_per_hour)


def busy(row: RunRow) -> Busy:
    """The workers of a run that has ended; one that has not counts for nothing yet."""
    length = timedelta(seconds=row.wall_s or 0.0)
    return Busy(row.started_at, row.started_at + length, row.workers or 1)


def _present(rows: Sequence[RunRow], now: datetime) -> list[float]:
    """Workers of runs that have not ended: they are known to run, not how long."""
    running = [row for row in rows if row.status is None and now - row.started_at < 2 * SLOT]
    return [float(sum(row.workers or 1 for row in running))]


def _apply(provisioner: Provisioner, before: int, wanted: Target) -> Provided:
    after = before if wanted.units == before else provisioner.apply(wanted.units)
    return Provided(provisioner.name, before, after, wanted.reason)


def _hours_left(now: datetime) -> float:
    days = calendar.monthrange(now.year, now.month)[1]
    end = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0) + timedelta(days=days)
    return (end - now) / timedelta(hours=1)
