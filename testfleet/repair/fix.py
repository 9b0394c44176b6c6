"""From failing tests to a proved patch: baseline, localisation, search and vote for each fault."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from testfleet.contracts.repair import FixReport, FixStatus
from testfleet.errors import UsageError
from testfleet.repair.baseline import Baseline, find_baseline, sort_out_flaky
from testfleet.repair.job import FixJob
from testfleet.repair.one_fault import MOST_TESTS, OneFault, Workshop
from testfleet.repair.report import Ledger, Outcome
from testfleet.repair.scope import editable_sources
from testfleet.repair.search import Repair
from testfleet.repair.validate.copy import working_copy
from testfleet.repair.validate.crew import Crew
from testfleet.repair.validate.server import ForkServer

__all__ = ["FixJob", "FixResult", "fix"]

BASELINE_SHARE = 0.5
"""Of the budget, at most, for the suite as it is."""


@dataclass(frozen=True)
class FixResult:
    """The report, and what the patch makes of the files: (old, new) content by path."""

    report: FixReport
    files: Mapping[str, tuple[bytes, bytes]]
    failed_before: frozenset[str] = frozenset()
    """Tests that failed, at least once, before anything was changed."""


def fix(job: FixJob) -> FixResult:
    """Search for a repair. Never touches the project's tree. Raises UsageError, FleetError."""
    began = time.monotonic()
    with (
        working_copy(job.project) as copy,
        ForkServer(job.project, copy) as server,
        Crew(job.project, server) as crew,
    ):
        job.progress("running the tests as they are")
        baseline = find_baseline(server, job.project, job.budget_s * BASELINE_SHARE)
        if baseline.stopped and not baseline.tests and not baseline.broken:
            raise UsageError(
                f"pytest ends before it runs a test: {server.said or baseline.stopped.strip()}",
                hint="mend what `python -m pytest` says, then run the command again",
            )
        targets = _targets(job, baseline)
        if not targets:
            return FixResult(_nothing(baseline, time.monotonic() - began), {})
        sort_out_flaky(server, baseline, targets)
        run = _Run(job, crew, baseline, began + job.budget_s)
        run.repair_all([test for test in targets if test not in baseline.flaky])
        run.ledger.notes += [server.confinement_gap] if server.confinement_gap else []
    run.ledger.notes += [note for each in job.engines for note in getattr(each, "notes", ())]
    cost = sum(getattr(each, "usd", 0.0) for each in job.engines)
    report = run.ledger.report(time.monotonic() - began).model_copy(update={"cost": cost})
    files = run.changed_files() if report.status is FixStatus.FIXED else {}
    return FixResult(report, files, frozenset({*baseline.failing, *baseline.flaky}))


def _targets(job: FixJob, baseline: Baseline) -> list[str]:
    if not job.tests:
        return baseline.failing
    known = {*baseline.tests, *baseline.broken}
    chosen: set[str] = set()
    for wanted in job.tests:
        found = {test for test in known if test == wanted or _is_below(test, wanted)}
        if not found and wanted.partition("::")[0] in baseline.broken:
            found = {wanted.partition("::")[0]}
        if not found:
            raise UsageError(
                f"no test {wanted!r} among the {len(known)} tests of {job.project.root}",
                hint="ids are as pytest prints them, e.g. tests/test_a.py::test_b[1-2]",
            )
        chosen |= found
    return [test for test in baseline.failing if test in chosen]


def _is_below(test: str, wanted: str) -> bool:
    return test.startswith((f"{wanted}::", f"{wanted}["))


def _nothing(baseline: Baseline, time_s: float) -> FixReport:
    count = len(baseline.passing)
    return FixReport(
        status=FixStatus.NOTHING_FAILED,
        reason=f"none of the tests fails; {count} pass" if count else "no tests were found",
        time_s=round(time_s, 3),
    )


class _Run:
    """One command: repairs one fault after the other, each on top of those before."""

    def __init__(self, job: FixJob, crew: Crew, baseline: Baseline, deadline: float) -> None:
        paths = [path for path in job.project.files if path.endswith(".py")]
        test_files = baseline.test_files(paths)
        self._originals = editable_sources(job.project, baseline, test_files)
        self._shop = Workshop(
            job, crew, baseline, deadline, test_files, sources=dict(self._originals)
        )
        self.ledger = Ledger(self._originals, notes=[_flaky(test) for test in baseline.flaky])

    def changed_files(self) -> dict[str, tuple[bytes, bytes]]:
        """Old and new content of what the chosen patches change."""
        return {
            path: (self._originals[path].encode(self._originals[path].text), content)
            for path, content in self._shop.base.items()
        }

    def repair_all(self, tests: Sequence[str]) -> None:
        """Until all is repaired, or nothing more is found."""
        left = list(tests)
        while left:
            outcome = OneFault(self._shop, left[:MOST_TESTS], self.ledger.tally).repair()
            self.ledger.outcomes.append(outcome)
            if not outcome.fixed or outcome.group is None:
                outcome.tests = left
                return
            self._settle(outcome.group.best.repair)
            left = self._still_failing(left, outcome)

    def _settle(self, repair: Repair) -> None:
        for path, text in repair.texts.items():
            source = self._shop.sources[path]
            self._shop.base[path] = repair.files[path]
            self._shop.sources[path] = type(source)(text, source.encoding)
            self.ledger.texts[path] = text

    def _still_failing(self, tests: Sequence[str], outcome: Outcome) -> list[str]:
        left = [test for test in tests if test not in set(outcome.tests)]
        if not left:
            return []
        passed = self._shop.trials(left[:MOST_TESTS]).run({}, patient=True, thorough=True).passed
        outcome.tests = [*outcome.tests, *(test for test in left if test in passed)]
        return [test for test in left if test not in passed]


def _flaky(test: str) -> str:
    return (
        f"{test} is flaky: it failed and then passed without a change, so no repair can be proved"
        " by it; see `testfleet flaky`"
    )
