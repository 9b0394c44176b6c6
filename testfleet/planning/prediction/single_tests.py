"""What is kept of single tests: those that are slow, and those that have failed.

All others are quick and never failed, which is what a test is taken for that nothing is kept of.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from testfleet.contracts.history import RECENT, TestHistory, Verdict
from testfleet.contracts.plan import scope_of
from testfleet.planning.prediction.remember import is_duration

KEPT_S: Final = 0.25
"""Tests from this length on are kept. In most public suites that is one in fifty, and most of the
time."""
MOST_TESTS: Final = 20_000
"""Tests kept of a suite: what has failed goes before what is slow."""
_ALPHA: Final = 0.4
"""Weight of the newest run in a test's mean."""
_BAD: Final = (Verdict.FAILED, Verdict.FLAKY)


@dataclass(frozen=True, slots=True)
class TestRun:
    """One test in one run."""

    __test__ = False

    id: str
    duration_s: float | None
    verdict: Verdict = Verdict.PASSED


def remember_tests(
    tests: Mapping[str, TestHistory],
    runs: Iterable[TestRun],
    at: datetime | None,
    *,
    complete: bool = True,
) -> dict[str, TestHistory]:
    """Kept tests after one run, `at` its end. With `complete`, those that did not run leave."""
    after: dict[str, TestHistory] = {} if complete else dict(tests)
    for run in runs:
        past = tests.get(run.id)
        if past is None and not _is_kept(run):
            continue
        now = _after(past, run, at)
        if _is_worth(now):
            after[run.id] = now
        else:
            after.pop(run.id, None)
    return _bounded(after)


def by_scope(tests: Iterable[tuple[str, float]]) -> dict[str, float]:
    """Seconds of each class and function at the top of a file, from (test id, seconds) in order."""
    seconds: dict[str, float] = {}
    for test, took_s in tests:
        name = scope_of(test)
        if name:
            seconds[name] = seconds.get(name, 0.0) + took_s
    return seconds


def _is_kept(run: TestRun) -> bool:
    return run.verdict in _BAD or (run.duration_s or 0.0) >= KEPT_S


def _after(past: TestHistory | None, run: TestRun, at: datetime | None) -> TestHistory:
    failed, flaky = run.verdict is Verdict.FAILED, run.verdict is Verdict.FLAKY
    seconds = run.duration_s if run.duration_s is not None and is_duration(run.duration_s) else None
    if past is None:
        return TestHistory(
            duration_s=round(seconds or 0.0, 4),
            runs=1,
            failed=int(failed),
            flaky=int(flaky),
            recent=run.verdict.value,
            last_failed=at if failed else None,
        )
    mean = past.duration_s if seconds is None else _ALPHA * seconds + (1 - _ALPHA) * past.duration_s
    return TestHistory(
        duration_s=round(mean, 4),
        runs=past.runs + 1,
        failed=past.failed + failed,
        flaky=past.flaky + flaky,
        recent=(past.recent + run.verdict.value)[-RECENT:],
        last_failed=at if failed and at is not None else past.last_failed,
    )


def _is_worth(test: TestHistory) -> bool:
    """A quick test that has not failed for as many runs as are kept is like any other again."""
    return test.duration_s >= KEPT_S or len(test.recent) < RECENT or _badness(test) > 0


def _badness(test: TestHistory) -> int:
    return sum(letter in _BAD for letter in test.recent)


def _bounded(tests: dict[str, TestHistory]) -> dict[str, TestHistory]:
    if len(tests) <= MOST_TESTS:
        return tests
    names: Collection[str] = sorted(
        tests, key=lambda name: (-_badness(tests[name]), -tests[name].duration_s, name)
    )[:MOST_TESTS]
    return {name: tests[name] for name in names}
