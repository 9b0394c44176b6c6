"""How the repair of one cluster ends: its verdict, what is remembered, and the pull request.

A worker runs hostile code, so nothing of its answer is believed that can be checked: the patch must
change files of the tree that was tested, and no test.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pydantic import TypeAdapter

from testfleet.contracts.pull_request import ChangedFile, PullRequest
from testfleet.contracts.repair import CandidateCounts, FixReport, FixStatus, Suggestion
from testfleet.contracts.repair_work import JUDGE, RepairPlan, RepairVerdict, SliceResult
from testfleet.errors import UsageError
from testfleet.mask import mask
from testfleet.planning.source_tree import ArchiveTree
from testfleet.repair.memory.past import remembered
from testfleet.repair.patch import diff_of_files
from testfleet.repair.permitted import why_not_permitted
from testfleet.repair.pull_request import Occasion, draft_pull_request
from testfleet.scm.code_host import CodeHost
from testfleet.workflow.prepared import PreparedRun
from testfleet.workflow.repairs.budget import repair_usd
from testfleet.workflow.repairs.memory import FixMemory
from testfleet.workflow.repairs.orders import slice_names
from testfleet.workflow.repairs.world import RepairRecords, RepairWorld

_FILES: Final = TypeAdapter(tuple[ChangedFile, ...])


@dataclass(frozen=True)
class Ending:
    """The end of one cluster's repair."""

    world: RepairWorld
    records: RepairRecords
    prepared: PreparedRun
    plan: RepairPlan

    def without_candidates(self, results: Mapping[str, SliceResult | None]) -> RepairVerdict:
        """No slice has found anything."""
        told = [each.report for each in results.values() if each and each.report]
        reasons = dict.fromkeys(report.reason for report in told if report.reason)
        errors = [error.message for each in results.values() if each for error in each.errors]
        lost = [name for name, each in results.items() if each is None]
        if lost:
            reasons[f"{len(lost)} of {len(results)} workers were lost with their share"] = None
        reasons |= dict.fromkeys(errors)
        if told and all(report.status is FixStatus.NOTHING_FAILED for report in told):
            reason = "its tests pass on a worker that runs them alone"
            return self.write(FixReport(status=FixStatus.NOTHING_FAILED, reason=reason))
        longest = max(told, key=lambda report: report.candidates.tried, default=None)
        base = longest or FixReport(status=FixStatus.NOT_FIXED)
        report = base.model_copy(
            update={
                "status": FixStatus.NOT_FIXED,
                "reason": "; ".join(reasons) or "the repair was cancelled",
            }
        )
        return self.write(report)

    def with_judgement(self, result: SliceResult | None) -> RepairVerdict:
        """The judge has spoken, or is lost for good."""
        if result is None or result.report is None:
            errors = [error.message for error in result.errors] if result else []
            reason = "; ".join(["nobody could decide between the candidates", *errors])
            return self.write(FixReport(status=FixStatus.NOT_FIXED, reason=reason))
        report = result.report.model_copy(update={"candidates": self._counts(result.report)})
        if report.status is FixStatus.FIXED:
            problem = result.whole_suite or self._disbelief(result.files)
            report = _doubted(report, problem) if problem else self._take(report, result)
        return self.write(report)

    def write(self, report: FixReport) -> RepairVerdict:
        """Write the verdict, with what it cost."""
        plan, profile = self.plan, self.world.environment.profiles[self.plan.profile]
        names = [*slice_names(plan), JUDGE]
        results = [each for name in names if (each := self.records.result(plan.cluster, name))]
        spans = [(each.started_at, each.finished_at) for each in results]
        lost = sum(len(self.records.losses(plan.cluster, name)) for name in names)
        usd = repair_usd(spans, profile)
        verdict = RepairVerdict(
            repair_id=plan.repair_id,
            run_id=self.records.request().run_id,
            cluster=plan.cluster,
            title=plan.title,
            priority=plan.priority,
            report=report.model_copy(update={"cost": usd, "reason": mask(report.reason)}),
            slices=plan.budget.slices,
            lost=lost,
            deciding_s=_deciding_s(results),
        )
        self.records.save_verdict(verdict)
        return verdict

    def publish(self, host: CodeHost | None) -> None:
        """Open the pull request, or write it down where there is no code host to tell."""
        verdict = self.records.verdict(self.plan.cluster)
        body = self.world.objects.get(self.records.keys.files(self.plan.cluster))
        if verdict is None or body is None:
            raise UsageError(f"cluster {self.plan.cluster} has no proved patch")
        files = {file.path: file.contents for file in _FILES.validate_json(body)}
        run = self.records.run_report()
        cluster = next(each for each in run.clusters if each.id == self.plan.cluster)
        occasion = Occasion(cluster.title, cluster.text, run.run_id, run.commit)
        draft = draft_pull_request(verdict.report, files, occasion, host)
        self.records.save_draft(self.plan.cluster, draft)
        pull = (
            host.open(draft)
            if host is not None
            else PullRequest(
                state="draft",
                branch=draft.branch,
                address=self.records.keys.pull_request(self.plan.cluster),
                title=draft.title,
                labels=draft.labels,
            )
        )
        self.records.save_verdict(verdict.model_copy(update={"pull_request": pull}))

    def _take(self, report: FixReport, result: SliceResult) -> FixReport:
        """A believed fix: its files are kept, and it is remembered. The patch is made here, of the
        files: what the worker calls the patch may be anything."""
        files = {file.path: file.contents for file in result.files}
        self.world.objects.put(
            self.records.keys.files(self.plan.cluster), _FILES.dump_json(tuple(result.files))
        )
        memory = FixMemory(self.world.objects, self.prepared.history_key)
        what = (self.plan.fingerprints, report.engine, report.template)
        when = (self.world.now(), self.records.request().run_id)
        memory.remember(remembered(memory.recall(), files, what, when))
        paths = tuple(sorted(files))
        return report.model_copy(update={"patch": diff_of_files(files), "files": paths})

    def _counts(self, report: FixReport) -> CandidateCounts:
        """What all slices have tried, and what the judge makes of it."""
        names = slice_names(self.plan)
        found = [each for name in names if (each := self.records.result(self.plan.cluster, name))]
        tried = [each.report.candidates for each in found if each.report]
        return report.candidates.model_copy(
            update={
                "generated": sum(each.generated for each in tried),
                "tried": sum(each.tried for each in tried),
            }
        )

    def _disbelief(self, files: tuple[ChangedFile, ...]) -> str:
        """What is wrong with the files that a worker wants to have changed; empty if nothing."""
        archive = self.world.objects.get(self.prepared.archive_key)
        if archive is None or not files:
            return "the source archive has expired" if files else "it changes nothing"
        tests = {test.partition("::")[0] for test in self.plan.tests}
        with ArchiveTree(archive) as tree:
            for file in files:
                try:
                    there = tree.read(file.path)
                except KeyError:
                    return f"{file.path} is not in the source"
                if there != file.contents[0]:
                    return f"{file.path} is not as it was tested"
                if file.path in tests or not file.path.endswith(".py"):
                    return f"{file.path} is a test, or no source in Python"
                if reason := why_not_permitted(file.path):
                    return f"{file.path}: {reason}"
        return ""


def _doubted(report: FixReport, problem: str) -> FixReport:
    """A fix that the last gate has refused is a suggestion."""
    refused = Suggestion(
        patch=report.patch,
        engine=report.engine,
        template=report.template,
        share=report.consensus,
        concerns=(problem,),
    )
    return report.model_copy(
        update={
            "status": FixStatus.SUGGESTED,
            "reason": problem,
            "patch": "",
            "files": (),
            "suggestions": (refused, *report.suggestions),
        }
    )


def _deciding_s(results: list[SliceResult]) -> float:
    """Seconds from the end of the last search to the decision."""
    searched: list[datetime] = [each.finished_at for each in results if each.slice != JUDGE]
    judged = [each.finished_at for each in results if each.slice == JUDGE]
    if not searched or not judged:
        return 0.0
    return round(max(0.0, (judged[0] - max(searched)).total_seconds()), 3)
