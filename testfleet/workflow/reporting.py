"""The end of a run: from its records to report, JUnit file, list of runs and history."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from time import monotonic

from pydantic import TypeAdapter

from testfleet.config import Environment
from testfleet.contracts.failure import Classification, Judgement
from testfleet.contracts.plan import Plan, Shard, file_of
from testfleet.contracts.report import RunReport, RunStatus
from testfleet.contracts.result import UnitStatus, WorkerError
from testfleet.costs.metering import CostInput, run_cost
from testfleet.planning.placement.place import Place
from testfleet.planning.placement.promises import broken_promises
from testfleet.planning.prediction.remember import remember
from testfleet.planning.prediction.single_tests import remember_tests
from testfleet.results.aggregate import Aggregate, AggregateInput
from testfleet.results.junit import junit_xml
from testfleet.results.report import ReportInput, build_report, rejected_report
from testfleet.triage.classify import Chain
from testfleet.workflow.coverage_memory import CoverageMemory
from testfleet.workflow.diagnosis import Diagnosis
from testfleet.workflow.investigation import Investigation
from testfleet.workflow.memory import runs_of_tests, runs_of_units
from testfleet.workflow.overrides import chain_of
from testfleet.workflow.placement_memory import PlacementMemory
from testfleet.workflow.ports import HistoryStore, RunStore
from testfleet.workflow.prepared import PreparedRun
from testfleet.workflow.question import Question
from testfleet.workflow.records import RunRecords
from testfleet.workflow.reruns import alone_again, investigation_shards

_SHARDS = TypeAdapter(tuple[Shard, ...])


def place_of(environment: Environment, prepared: PreparedRun) -> Place:
    """Where the run's shards may run."""
    suite = prepared.suite
    forced = None if prepared.reuse else environment.fleet.untrusted_profile
    asked = forced or (suite.profile if suite else None)
    needs = suite.needs if suite else None
    return Place.of(environment, asked, needs, is_bound=forced is not None)


def confirm_shards_of(records: RunRecords) -> tuple[Shard, ...]:
    """The shards that ran failed tests again."""
    body = records.objects.get(records.keys.confirmation)
    return _SHARDS.validate_json(body) if body else ()


def aggregate_so_far(records: RunRecords) -> Aggregate:
    """All tests of all rounds, judged with whatever confirmations there are."""
    plans = records.plans()
    shards = [shard for plan in plans for shard in plan.shards]
    return records.aggregate(
        AggregateInput(
            run_id=records.run_id,
            plans=plans,
            results=records.results(shards),
            losses=records.losses(shards),
            confirmations=records.results(_alone_or_as_at_home(records)),
            cancelled=records.is_cancelled(),
            fail_fast=not records.request().keep_going,
            notes=(*records.prepared().notes, *_left_out(plans)),
        )
    )


def _alone_or_as_at_home(records: RunRecords) -> list[Shard]:
    """Reruns whose outcome counts. What fails after chosen tests only is no result of the suite."""
    return [*confirm_shards_of(records), *alone_again(investigation_shards(records))]


def _left_out(plans: Sequence[Plan]) -> list[str]:
    skipped = len(plans[0].skipped) if plans else 0
    if not skipped:
        return []
    files = "1 file was" if skipped == 1 else f"{skipped} files were"
    return [f"{files} not run: what changed cannot reach them"]


@dataclass(frozen=True)
class Reporter:
    """Writes the end of one run."""

    environment: Environment
    records: RunRecords
    runs: RunStore
    history: HistoryStore
    now: Callable[[], datetime]

    def report(self, failure: WorkerError | None = None) -> RunReport:
        """Write report and JUnit file, finish the run's row, and remember the durations.

        `failure` is what broke the workflow itself, if something did; it makes the run
        incomplete. A run that has its report already keeps it.
        """
        keys = self.records.keys
        written = self.records.objects.get(keys.report)
        if written is not None:
            return RunReport.model_validate_json(written)
        rejection = self.records.rejection()
        report = self._rejected(rejection) if rejection else self._diagnosed(failure)
        self.records.objects.put(keys.junit, junit_xml(report))
        self.runs.finish(report)
        # Last of what a client waits for; history is the next run's concern.
        self.records.objects.put(keys.report, report.model_dump_json().encode())
        if not rejection:
            self._remember()
            self._diagnosis.remember(report)
        return report

    @property
    def investigation(self) -> Investigation:
        """Of the failures that were run again."""
        past = self.history.details(self.records.prepared().history_key).tests
        return Investigation(
            records=self.records,
            tests=aggregate_so_far(self.records).tests,
            confirming=confirm_shards_of(self.records),
            classify=self._classify,
            rounds=self.environment.fleet.investigation_rounds,
            was_flaky=[test for test, known in past.items() if known.flaky],
        )

    @property
    def _diagnosis(self) -> Diagnosis:
        return Diagnosis(self.records, self.history, self._classify, monotonic, self._judgements)

    @cached_property
    def _chain(self) -> Chain:
        told = Question(self.records.objects, self.records.run_id).told()
        return chain_of(self.records.objects, (told,) if told else ())

    def _classify(self, texts: Sequence[str]) -> Sequence[Classification | None]:
        """Nothing is loaded for a run in which nothing failed."""
        return self._chain.classify(texts) if texts else ()

    def _judgements(self) -> dict[str, Judgement]:
        return self.investigation.judgements()

    def _diagnosed(self, failure: WorkerError | None) -> RunReport:
        units = aggregate_so_far(self.records).units
        is_cut_short = any(unit.status is UnitStatus.STOPPED for unit in units)
        return self._diagnosis.of(self._full(failure), is_cut_short=is_cut_short)

    def _rejected(self, rejection: WorkerError) -> RunReport:
        request = self.records.request()
        return rejected_report(
            request,
            suite=request.suite or "",
            error=rejection,
            finished_at=self.now(),
        )

    def _full(self, failure: WorkerError | None) -> RunReport:
        request, plans = self.records.request(), self.records.plans()
        shards = [shard for plan in plans for shard in plan.shards]
        confirming = (*confirm_shards_of(self.records), *investigation_shards(self.records))
        results = self.records.results(shards)
        confirmations = self.records.results(confirming)
        found = aggregate_so_far(self.records)
        broken = broken_promises(shards, results, self.environment.profiles)
        cost = run_cost(
            CostInput(
                shards=[*shards, *confirming],
                results=[*results, *confirmations],
                profiles=self.environment.profiles,
                rounds=max(1, len(plans)),
            )
        )
        report = build_report(
            ReportInput(
                request=request,
                suite=plans[0].suite if plans else request.suite or "",
                aggregate=replace(found, notes=(*found.notes, *broken)),
                plans=plans,
                results=results,
                started_at=request.requested_at,
                finished_at=self.now(),
                cost=cost,
                workers=plans[0].workers if plans else 0,
                reruns=confirming,
                rerun_results=confirmations,
            )
        )
        if failure is None:
            return report
        return report.model_copy(
            update={"status": RunStatus.INCOMPLETE, "errors": (failure, *report.errors)}
        )

    def _remember(self) -> None:
        request, prepared = self.records.request(), self.records.prepared()
        if request.framework_args or not self.records.plans():
            return  # A run of some of the tests would teach that the others are gone or quick.
        key, store = prepared.history_key, self.history
        plans, found, now = self.records.plans(), aggregate_so_far(self.records), self.now()
        # A run of what a change can reach leaves out files that are still there.
        is_whole = prepared.changes is None
        old = store.load(key)
        files = {file_of(unit.id) for unit in found.units} if is_whole else None
        store.save(key, remember(old, runs_of_units(found, plans, old), now, existing=files))
        kept = store.details(key)
        tests = remember_tests(kept.tests, runs_of_tests(found), now, complete=is_whole)
        if tests != kept.tests:
            store.save_details(key, kept.model_copy(update={"tests": tests}))
        shards = [shard for plan in plans for shard in plan.shards]
        memory = PlacementMemory(self.records.objects, key)
        results = self.records.results(shards)
        memory.remember(shards, results, self.environment.profiles)
        CoverageMemory(self.records.objects, key).remember(prepared.archive_key, results)
