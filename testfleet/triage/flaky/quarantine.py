"""Quarantine: a flaky test is reported and does not block, for a while, and somebody owns it.

An entry of testfleet.toml names the tests, the owner and the last day. After that day it holds no
more, so nothing is forgotten there. A test that has passed often enough should leave earlier.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from testfleet.contracts.failure import FlakeRate
from testfleet.contracts.history import TestHistory, Verdict
from testfleet.contracts.quarantine import QuarantineConfig
from testfleet.triage.flaky.rate import flake_rate

ENTER_FLAKY: Final = 2
"""One flaky run is an accident."""
ENTER_RATE: Final = 0.01
"""A test is proposed when its rate is above this with a chance of 95 %."""


@dataclass(frozen=True)
class Standing:
    """A test in quarantine."""

    test: str
    entry: QuarantineConfig
    days_left: int
    """Negative: expired, the test blocks again."""
    passed: int
    """Newest runs in a row that it passed."""
    should_leave: bool

    @property
    def holds(self) -> bool:
        """Whether a failure of it does not block."""
        return self.days_left >= 0


@dataclass(frozen=True)
class Proposal:
    """A test that belongs into quarantine."""

    test: str
    rate: FlakeRate
    reason: str


def entry_of(
    test: str, entries: Sequence[QuarantineConfig], today: date
) -> QuarantineConfig | None:
    """The first entry that holds for the test today."""
    return next((each for each in entries if today <= each.until and covers(each, test)), None)


def covers(entry: QuarantineConfig, test: str) -> bool:
    """Whether the entry names the test: by its id, without its parameters, or by `*`."""
    if entry.test in (test, test.partition("[")[0]):
        return True
    first, *middle, last = entry.test.split("*") if "*" in entry.test else (entry.test, entry.test)
    if len(test) < len(first) + len(last) or not test.startswith(first) or not test.endswith(last):
        return False
    at, end = len(first), len(test) - len(last)
    for part in middle:
        at = test.find(part, at, end) + len(part)
        if at < len(part):
            return False
    return "*" in entry.test


def standings(
    entries: Sequence[QuarantineConfig], tests: Mapping[str, TestHistory], today: date
) -> list[Standing]:
    """Every known test that an entry names, those that should leave first, then by days left."""
    found = []
    for test, past in sorted(tests.items()):
        for entry in entries:
            if covers(entry, test):
                passed = _passed_in_a_row(past)
                leave = passed >= entry.back_after
                days = (entry.until - today).days
                found.append(Standing(test, entry, days, passed, leave))
                break
    return sorted(found, key=lambda each: (not each.should_leave, each.days_left, each.test))


def proposals(
    entries: Sequence[QuarantineConfig], tests: Mapping[str, TestHistory], today: date
) -> list[Proposal]:
    """Tests that are surely flaky and in no quarantine, the flakiest first."""
    found = []
    for test, past in sorted(tests.items()):
        if past.flaky < ENTER_FLAKY or entry_of(test, entries, today) is not None:
            continue
        rate = flake_rate(past.flaky, past.failed, past.runs)
        if rate.low > ENTER_RATE:
            reason = f"{past.flaky} of {past.runs} runs were flaky"
            found.append(Proposal(test, rate, reason))
    return sorted(found, key=lambda each: (-each.rate.mean, each.test))


def _passed_in_a_row(past: TestHistory) -> int:
    newest = past.recent[::-1]
    return len(newest) - len(newest.lstrip(Verdict.PASSED.value))
