"""Entries for tests that have no result: lost, or left out on purpose."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from testfleet.contracts.plan import file_of
from testfleet.contracts.report import TestReport
from testfleet.contracts.result import Outcome, UnitStatus, WorkerError
from testfleet.results.claims import JudgedUnit

_MESSAGE_LENGTH: Final = 500


@dataclass(frozen=True)
class MissingTests:
    """Why things are missing in this run, and what is known of them."""

    causes: Mapping[str, WorkerError]
    """By shard id."""
    known_tests: Mapping[str, tuple[str, ...]]
    cancelled: bool
    fail_fast: bool

    def reports(self, judged: JudgedUnit) -> Iterator[TestReport]:
        """One entry for each test that is known to be missing, or one for the whole unit."""
        unit = judged.unit.id
        seen = {test.result.id for test in judged.tests if test.result.outcome is not Outcome.LOST}
        listed = [test.result.id for test in judged.tests if test.result.outcome is Outcome.LOST]
        known = [*listed, *self.known_tests.get(unit, ())]
        missing = [test for test in dict.fromkeys(known) if test not in seen]
        # The unit's own id may be taken, by an error of its collection.
        whole = unit if unit not in seen else f"{unit}::(not finished)"
        for test in missing or [whole]:
            yield self._report(judged, test)

    def _report(self, judged: JudgedUnit, test: str) -> TestReport:
        outcome, message = self._reason(judged)
        return TestReport(
            id=test,
            file=file_of(judged.unit.id),
            outcome=outcome,
            duration_s=0.0,
            shard=judged.shard_id,
            attempts=0,
            message=message[:_MESSAGE_LENGTH],
            longrepr="",
        )

    def _reason(self, judged: JudgedUnit) -> tuple[Outcome, str]:
        stopped = judged.unit.status is UnitStatus.STOPPED
        if stopped and self.fail_fast and not self.cancelled:
            return Outcome.SKIPPED, "not run: an earlier failure stopped the run (--fail-fast)"
        if self.cancelled:
            return Outcome.LOST, "not run: the run was cancelled"
        cause = self.causes.get(judged.shard_id)
        if cause is None:
            return Outcome.LOST, f"shard {judged.shard_id} ended without a result for it"
        return Outcome.LOST, f"{cause.type}: {' '.join(cause.message.split())}"
