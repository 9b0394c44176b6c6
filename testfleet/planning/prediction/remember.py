"""What a suite's history is after a run: for each unit its newest runs, and what they make likely.

All work is done when a run ends, so that a plan only reads.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from testfleet.contracts.history import RECENT, UnitHistory, Verdict
from testfleet.planning.prediction.level import interval_of, level_of
from testfleet.planning.prediction.pace import next_pace, pace_of, usual_pace

LONGEST_S: Final = 30 * 24 * 3600.0
"""Anything longer is a broken clock."""
SCOPED_S: Final = 5.0
"""Files shorter than this are never worth a cut, so the seconds of their parts are not kept."""
MOST_SCOPES: Final = 2000
_DIGITS: Final = 4
_CLOCK_S: Final = 0.005
"""Half the width that an interval has at least: clocks of test reports tick in milliseconds."""

Scopes = tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class UnitRun:
    """One unit in one run."""

    id: str
    duration_s: float | None
    """None where it is not known or not to be trusted."""
    tests: int
    verdict: Verdict = Verdict.PASSED
    profile: str = ""
    memory_mb: int | None = None
    scopes: Scopes = ()
    bound: tuple[str, ...] = ()


def remember(
    history: Mapping[str, UnitHistory],
    runs: Iterable[UnitRun],
    at: datetime | None,
    existing: Collection[str] | None = None,
) -> dict[str, UnitHistory]:
    """History after one run, `at` its end.

    A duration that is not a number, negative or longer than a month counts as not known; zero is a
    duration. A unit that has never had one does not enter. With `existing`, units that are no
    longer in the tree leave. The input is not changed.
    """
    after = {unit: past for unit, past in history.items() if existing is None or unit in existing}
    by_profile: defaultdict[str, list[UnitRun]] = defaultdict(list)
    for run in runs:
        by_profile[run.profile].append(run)
    paces = {profile: _pace(after, profile, there) for profile, there in by_profile.items()}
    for profile, there in by_profile.items():
        for run in there:
            entry = _after(after.get(run.id), run, paces[profile], at)
            if entry is not None:
                after[run.id] = entry
    return after


def is_duration(seconds: float | None) -> bool:
    """Whether a number can be a unit's duration at all."""
    return seconds is not None and 0 <= seconds <= LONGEST_S


def usable(past: UnitHistory | None) -> bool:
    """Whether a unit's past says how long it takes. What was stored may be anything."""
    # NaN is never between two numbers.
    return past is not None and 0 <= past.duration_s <= LONGEST_S and past.pace > 0


def _pace(history: Mapping[str, UnitHistory], profile: str, runs: Iterable[UnitRun]) -> float:
    measured = [
        (run.duration_s, past.duration_s / past.pace)
        for run in runs
        if run.duration_s is not None and is_duration(run.duration_s)
        if (past := history.get(run.id)) is not None and usable(past)
    ]
    # The very first run is what all others are compared with.
    usual = usual_pace(history, profile) if measured else 1.0
    return round(pace_of(measured, usual), _DIGITS)


def _after(
    past: UnitHistory | None, run: UnitRun, pace: float, at: datetime | None
) -> UnitHistory | None:
    known = past if past is not None and usable(past) else None
    if run.duration_s is None or not is_duration(run.duration_s):
        return _judged(known, run, at) if known else None
    ring = ring_of(known)
    seconds = (*ring.seconds, round(run.duration_s, _DIGITS))[-RECENT:]
    paces = (*ring.paces, pace)[-RECENT:]
    profiles = (*ring.profiles, run.profile)[-RECENT:]
    counted = known or UnitHistory(duration_s=0.0, tests=0, runs=0)
    return expect(_judged(counted, run, at), Ring(seconds, paces, profiles))


@dataclass(frozen=True, slots=True)
class Ring:
    """The newest runs of a unit, oldest first."""

    seconds: tuple[float, ...] = ()
    paces: tuple[float, ...] = ()
    profiles: tuple[str, ...] = ()


def ring_of(past: UnitHistory | None) -> Ring:
    """The newest runs as they are kept; of what an earlier version kept, its mean as one run."""
    if past is None:
        return Ring()
    if len(past.recent_s) == len(past.recent_paces) == len(past.recent_profiles) > 0:
        return Ring(past.recent_s, past.recent_paces, past.recent_profiles)
    return Ring((past.duration_s,), (past.pace,), ("",))


def _judged(past: UnitHistory, run: UnitRun, at: datetime | None) -> UnitHistory:
    """The past with one more run counted; its seconds are as they were."""
    failed = run.verdict is Verdict.FAILED
    peaks = [peak for peak in (past.memory_mb, run.memory_mb) if peak is not None]
    return past.model_copy(
        update={
            "tests": run.tests,
            "runs": past.runs + 1,
            "recent": (past.recent + run.verdict)[-RECENT:],
            "failed": past.failed + failed,
            "flaky": past.flaky + (run.verdict is Verdict.FLAKY),
            "memory_mb": max(peaks, default=None),
            "last_run": at or past.last_run,
            "last_failed": (at if failed else None) or past.last_failed,
            "scopes": _scopes(past.scopes, run),
            "bound": tuple(dict.fromkeys((*past.bound, *run.bound))),
        }
    )


def _scopes(past: Scopes, run: UnitRun) -> Scopes:
    if run.duration_s is None or run.duration_s < SCOPED_S or len(run.scopes) > MOST_SCOPES:
        return ()
    before = dict(past)
    # The mean of this run and what was: one slow moment does not move a cut.
    return tuple(
        (name, round((seconds + before.get(name, seconds)) / 2, _DIGITS))
        for name, seconds in run.scopes
    )


def expect(past: UnitHistory, ring: Ring) -> UnitHistory:
    """The past with these newest runs, at least one, and what to expect after them."""
    usual = [second / pace for second, pace in zip(ring.seconds, ring.paces, strict=True)]
    level = level_of(usual)
    profile = ring.profiles[-1]
    pace = next_pace(ring.paces, ring.profiles, profile)
    # Where the machine was another, only what remains after its pace is like the next run.
    ratios = [
        (second / pace if name == profile else like) / max(level.seconds, _CLOCK_S)
        for second, like, name in zip(
            ring.seconds[level.since :],
            usual[level.since :],
            ring.profiles[level.since :],
            strict=True,
        )
    ]
    low, high = interval_of(ratios)
    expected = level.seconds * pace
    return past.model_copy(
        update={
            "duration_s": round(expected, _DIGITS),
            "low_s": round(max(min(expected * low, expected - _CLOCK_S), 0.0), _DIGITS),
            "high_s": round(max(expected * high, expected + _CLOCK_S), _DIGITS),
            "pace": pace,
            "recent_s": ring.seconds,
            "recent_paces": ring.paces,
            "recent_profiles": ring.profiles,
        }
    )
