"""What the quarantine of a project changes in a run's report: what blocks, and who is told what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from testfleet.contracts.history import TestHistory
from testfleet.contracts.quarantine import QuarantineConfig
from testfleet.contracts.report import RunReport, RunStatus
from testfleet.contracts.result import Outcome
from testfleet.triage.flaky.quarantine import covers, entry_of, standings

_RED: Final = (Outcome.FAILED, Outcome.ERROR)
_NOTES: Final = 10


@dataclass(frozen=True)
class Quarantine:
    """The entries of a project's testfleet.toml, on one day."""

    entries: Sequence[QuarantineConfig]
    today: date

    def judge(self, report: RunReport, *, is_cut_short: bool) -> RunReport:
        """The report, not failed any more when each of its failures is in quarantine.

        `is_cut_short`: something was left out because of a failure, so that nobody knows whether
        it would have passed.
        """
        if report.status is not RunStatus.FAILED:
            return report
        red = [test.id for test in report.tests if test.outcome in _RED]
        if not all(entry_of(test, self.entries, self.today) for test in red):
            return report
        if not is_cut_short:
            return report.model_copy(update={"status": RunStatus.PASSED_WITH_QUARANTINED})
        note = "tests were left out after a failure that is in quarantine"
        changed = {"status": RunStatus.INCOMPLETE, "notes": (*report.notes, note)}
        return report.model_copy(update=changed)

    def notes(self, report: RunReport, tests: Mapping[str, TestHistory]) -> list[str]:
        """Whose quarantine has expired though it fails, and who has passed often enough to leave.

        `tests` is what history has of single tests: all others have never failed.
        """
        red = [test.id for test in report.tests if test.outcome in _RED]
        notes = [f"{test}: {told}" for test in red if (told := self._expired(test))]
        notes += [
            f"{each.test}: passed {each.passed} times in a row, take it out of quarantine "
            f"(owner {each.entry.owner})"
            for each in standings(self.entries, tests, self.today)
            if each.should_leave and each.test not in red
        ]
        more = [f"and {len(notes) - _NOTES} more of the quarantine: `testfleet flaky`"]
        return notes[:_NOTES] + (more if len(notes) > _NOTES else [])

    def _expired(self, test: str) -> str:
        if entry_of(test, self.entries, self.today):
            return ""
        over = next((each for each in self.entries if covers(each, test)), None)
        return (
            f"its quarantine ended on {over.until}, owner {over.owner}: it blocks" if over else ""
        )
