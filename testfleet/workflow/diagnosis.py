"""The failures of a run, read before a person reads them: by cause, judged, routed, remembered."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from testfleet.config import load_routing
from testfleet.contracts.failure import Classification, Judgement, PastClusters, Sighting
from testfleet.contracts.history import TestHistory
from testfleet.contracts.report import RunReport, RunStatus, TestReport
from testfleet.contracts.result import Outcome
from testfleet.contracts.run import RepositorySource, RunRequest, Trigger
from testfleet.mask import mask
from testfleet.triage.clusters.memory import remember
from testfleet.triage.clusters.report import Classify, Scene, triage, usual_judgement
from testfleet.triage.flaky.rate import flake_rate
from testfleet.triage.route import Branch
from testfleet.workflow.cluster_memory import ClusterMemory
from testfleet.workflow.ports import HistoryStore
from testfleet.workflow.quarantine import Quarantine
from testfleet.workflow.records import RunRecords
from testfleet.workflow.suspected import commits_of

MAX_FAILURES: Final = 10_000
"""Grouped within 10 s. More of them tell nothing new."""
CLASSIFY_LIMIT_S: Final = 20.0
"""The causes with the most failures are classified first."""
MAX_TEXT: Final = 200_000
"""Characters of one failure that are read."""
_AT_A_TIME: Final = 32
_RED: Final = (Outcome.FAILED, Outcome.ERROR, Outcome.FLAKY)
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Diagnosis:
    """What triage makes of one run."""

    records: RunRecords
    history: HistoryStore
    classify: Classify
    clock: Callable[[], float]
    """Seconds, monotonic."""
    judge: Callable[[], Mapping[str, Judgement]]
    """By test id what is said of failures that were run again."""

    def of(self, report: RunReport, *, is_cut_short: bool) -> RunReport:
        """The report with its failures, their causes, and no secrets.

        `is_cut_short`: something was left out because of a failure.
        """
        report = without_secrets(report)
        prepared = self.records.prepared()
        quarantine = Quarantine(prepared.quarantine, report.finished_at.date())
        try:
            tests = self._past_of_tests(report, is_asked=bool(quarantine.entries))
            notes = (*report.notes, *quarantine.notes(report, tests))
            report = report.model_copy(update={"notes": notes})
            found = self._triage(report, tests)
        except Exception as exc:  # noqa: BLE001  whatever a hostile text does: a report is due
            _log.exception("triage of run %s failed", report.run_id)
            note = f"failures are not grouped: {type(exc).__name__}: {mask(str(exc))[:200]}"
            found = report.model_copy(update={"notes": (*report.notes, note)})
        return quarantine.judge(found, is_cut_short=is_cut_short)

    def remember(self, report: RunReport) -> None:
        """Keep what the next run has to know of this one's causes. The run is over by then."""
        try:
            self._remember(report)
        except Exception:  # noqa: BLE001  a date is lost: a run that has its report has not failed
            _log.exception("the causes of run %s are not remembered", report.run_id)

    def _remember(self, report: RunReport) -> None:
        memory = ClusterMemory(self.records.objects, self.records.prepared().history_key)
        now = _sighting(report)
        is_good = report.status is RunStatus.PASSED and self._is_whole()
        if not report.clusters and not is_good:
            return
        past = memory.recall()
        clusters = remember(past.clusters, report.clusters, now)
        memory.remember(PastClusters(clusters=clusters, passed=now if is_good else past.passed))

    def _is_whole(self) -> bool:
        return not self.records.request().framework_args and bool(self.records.plans())

    def _triage(self, report: RunReport, tests: Mapping[str, TestHistory]) -> RunReport:
        red = [test for test in report.tests if test.outcome in _RED]
        if not red:
            return report
        prepared, request = self.records.prepared(), self.records.request()
        past = ClusterMemory(self.records.objects, prepared.history_key).recall()
        judged = self.judge()
        scene = Scene(
            now=_sighting(report),
            tests=len(report.tests),
            branch=branch_of(request),
            is_blocking=request.trigger is not Trigger.CLI or "CI" in request.env,
            past=past.clusters,
            commits=commits_of(request, prepared.changes, past.passed),
            judgements={
                test.id: _with_rate(
                    judged.get(test.id) or usual_judgement(test), tests.get(test.id)
                )
                for test in red
            },
            quarantine=prepared.quarantine,
        )
        found = triage(red[:MAX_FAILURES], scene, self._classify, load_routing())
        notes = report.notes
        if len(red) > MAX_FAILURES:
            notes = (*notes, f"{MAX_FAILURES} of {len(red)} failures are grouped by cause")
        grouped = {"failures": found.failures, "clusters": found.clusters, "notes": notes}
        return report.model_copy(update=grouped)

    def _past_of_tests(self, report: RunReport, *, is_asked: bool) -> Mapping[str, TestHistory]:
        """One query, and none for a run in which all is well."""
        if not is_asked and not any(test.outcome in _RED for test in report.tests):
            return {}
        return self.history.details(self.records.prepared().history_key).tests

    def _classify(self, texts: Sequence[str]) -> list[Classification | None]:
        end, found = self.clock() + CLASSIFY_LIMIT_S, list[Classification | None]()
        for at in range(0, len(texts), _AT_A_TIME):
            if self.clock() > end:
                break
            found.extend(self.classify([text[:MAX_TEXT] for text in texts[at : at + _AT_A_TIME]]))
        return found + [None] * (len(texts) - len(found))


def _with_rate(judged: Judgement, past: TestHistory | None) -> Judgement:
    if past is None or past.runs <= 0:
        return judged
    rate = flake_rate(past.flaky, past.failed, past.runs)
    return judged.model_copy(update={"rate": rate, "reason": mask(judged.reason)})


def without_secrets(report: RunReport) -> RunReport:
    """The report as it may be kept: secrets in what tests, errors and notes say are masked."""
    errors = tuple(
        each.model_copy(update={"message": mask(each.message)}) for each in report.errors
    )
    tests = tests_without_secrets(report.tests)
    notes = tuple(map(mask, report.notes))
    return report.model_copy(update={"tests": tests, "errors": errors, "notes": notes})


def tests_without_secrets(tests: Sequence[TestReport]) -> tuple[TestReport, ...]:
    """The tests as they may be kept, and sent to a model."""
    return tuple(_masked(test) for test in tests)


def _masked(test: TestReport) -> TestReport:
    message, longrepr = mask(test.message), mask(test.longrepr)
    if (message, longrepr) == (test.message, test.longrepr):
        return test
    return test.model_copy(update={"message": message, "longrepr": longrepr})


def branch_of(request: RunRequest) -> Branch:
    """Where the tested commit stands, as far as the request tells."""
    if isinstance(request.source, RepositorySource) and request.source.base_tarball_url:
        return Branch.PULL_REQUEST
    return Branch.DEFAULT if request.trigger is Trigger.SCHEDULE else Branch.OTHER


def _sighting(report: RunReport) -> Sighting:
    return Sighting(run_id=report.run_id, commit=report.commit, at=report.finished_at)
