"""How fast a run was as a whole: what all its units share says nothing about any one of them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

from testfleet.contracts.history import UnitHistory
from testfleet.planning.prediction.level import weighted_median

_DECAY: Final = 0.8
_PRIOR_UNITS: Final = 4.0
"""A run counts as usual as if so many units had said so: when one unit alone is slow, it is rather
the unit than the machine."""
_NEW_UNITS: Final = 1.0
"""The same where the kind of worker is new, and nothing usual there."""
_FAR: Final = 2.0
_CLOCK_S: Final = 0.002
_FASTEST: Final = 0.02
_SLOWEST: Final = 50.0


def pace_of(measured: Iterable[tuple[float, float]], usual: float | None = 1.0) -> float:
    """How many times as long as at pace 1 a run took, from (seconds now, then) of its units.

    Their weighted mean ratio, of which those far from the median count as not so far; drawn to
    what is `usual` where few units say it, and hardly where nothing is. Their number counts as
    L. Kish has it (Survey Sampling, 1965), so that one giant is one unit. A mean, because a median
    of skewed noise would make each run seem faster than the one before.
    """
    ratios = [((now + _CLOCK_S) / (then + _CLOCK_S), then + _CLOCK_S) for now, then in measured]
    if not ratios:
        return usual or 1.0
    middle = weighted_median(ratios)
    low, high = middle / _FAR, middle * _FAR
    total = sum(weight for _, weight in ratios)
    ratio = sum(min(max(value, low), high) * weight for value, weight in ratios) / total
    units = total**2 / sum(weight * weight for _, weight in ratios)
    trust = units / (units + (_PRIOR_UNITS if usual else _NEW_UNITS))
    pace = math.exp(math.log(ratio) * trust + math.log(usual or 1.0) * (1 - trust))
    return min(max(pace, _FASTEST), _SLOWEST)


@lru_cache(maxsize=4096)
def next_pace(paces: tuple[float, ...], profiles: tuple[str, ...], profile: str) -> float:
    """The pace to expect of the next run on a profile, from those of past runs, oldest first.

    Where none was on that profile, it is the pace of all. Cached: units of a suite share runs.
    """
    there = [pace for pace, name in zip(paces, profiles, strict=False) if name == profile]
    chosen = there or list(paces)
    if not chosen:
        return 1.0
    return weighted_median(
        [(pace, _DECAY ** (len(chosen) - at)) for at, pace in enumerate(chosen, start=1)]
    )


def suite_pace(history: Mapping[str, UnitHistory], profile: str | None = None) -> float:
    """The pace to expect of the suite's next run; without a profile, on that of the last run.

    Where none was on that profile, it is that of the last run. 1 where no run is known.
    """
    known = usual_pace(history, profile) if profile is not None else None
    if known is not None:
        return known
    newest = _newest([past for past in history.values() if past.recent_profiles])
    if newest is None:
        return 1.0
    return next_pace(newest.recent_paces, newest.recent_profiles, newest.recent_profiles[-1])


def usual_pace(history: Mapping[str, UnitHistory], profile: str) -> float | None:
    """The pace to expect on a profile; None when no run on it is known."""
    newest = _newest([past for past in history.values() if profile in past.recent_profiles])
    if newest is None:
        return None
    return next_pace(newest.recent_paces, newest.recent_profiles, profile)


def _newest(paced: list[UnitHistory]) -> UnitHistory | None:
    """The unit that has seen the newest runs.

    Most units ran last at the same moment; only few need the longer comparison.
    """
    moments = {past.last_run for past in paced}
    last = max((moment for moment in moments if moment is not None), default=None)
    latest = [past for past in paced if past.last_run == last]
    return max(latest, key=lambda past: (len(past.recent_paces), past.recent_paces), default=None)
