"""The steps of `run-tests`, one function a state. Each reads and writes the run's records.

A step answers with ids, keys and numbers only. What the user did wrong does not fail the
workflow: it rejects the run, and the report says why.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from pydantic import TypeAdapter

from testfleet.config import Environment
from testfleet.contracts.change import FileChange
from testfleet.contracts.plan import Plan, Shard
from testfleet.contracts.report import TestReport
from testfleet.contracts.result import Outcome, WorkerError, WorkerErrorType
from testfleet.contracts.run import Fallback, RepositorySource, RunRequest
from testfleet.errors import NothingToRunError, TestfleetError, UsageError
from testfleet.planning.discovery.suites import with_detected
from testfleet.planning.impact.tree_changes import changed_files
from testfleet.planning.placement.place import Place
from testfleet.planning.project import load_project, resolve_suite
from testfleet.planning.quotas.admission import Verdict
from testfleet.planning.rounds.confirmation import Failures
from testfleet.planning.rounds.replan import replan
from testfleet.planning.rounds.standing import Rounds
from testfleet.planning.source_tree import ArchiveTree
from testfleet.workflow.admission import Admission, with_workers
from testfleet.workflow.diagnosis import MAX_FAILURES, tests_without_secrets
from testfleet.workflow.environment import plan_environment
from testfleet.workflow.keys import environment_key, source_key
from testfleet.workflow.placement_memory import PlacementMemory
from testfleet.workflow.planner import PlanRequest, plan_suite
from testfleet.workflow.ports import HistoryStore, ObjectStore, QuotaStore, RunRow, RunStore
from testfleet.workflow.prepared import FoundInterpreter, PreparedRun, project_key
from testfleet.workflow.question import Model, Question
from testfleet.workflow.records import RunRecords
from testfleet.workflow.reporting import (
    Reporter,
    aggregate_so_far,
    confirm_shards_of,
    place_of,
)
from testfleet.workflow.risk_report import risk_notes
from testfleet.workflow.tasks import PREPARE_SHARD, TaskWriter

StepAnswer = dict[str, Any]

_SHARDS = TypeAdapter(tuple[Shard, ...])
_MESSAGE_LIMIT = 500
_RED = (Outcome.FAILED, Outcome.ERROR, Outcome.FLAKY)
_HINT_QUOTAS = "`testfleet quotas` shows who uses what; quotas stand in config/"


@dataclass(frozen=True)
class World:
    """What the steps act upon."""

    environment: Environment
    objects: ObjectStore
    runs: RunStore
    history: HistoryStore
    fetch_tarball: Callable[[str], bytes]
    """From a code host's address to a source archive."""
    now: Callable[[], datetime]
    image: str
    """Identity of the worker's image: environments built in another are not valid in this one."""
    quotas: QuotaStore | None = None
    """Without it no quota limits a run."""
    model: Model | None = None
    """The classifier's endpoint, where there is one."""


class RunTests:
    """The steps of one run."""

    def __init__(self, world: World, run_id: str) -> None:
        self._world = world
        self._records = RunRecords(run_id, world.objects)

    @property
    def run_id(self) -> str:
        """The run that the steps are of."""
        return self._records.run_id

    def admit(self) -> StepAnswer:
        """Take the run in, or say why not."""
        return self._guard(self._admit)

    def fetch_source(self) -> StepAnswer:
        """Have the source archive in the bucket, and know the suite that it holds."""
        return self._guard(self._fetch_source)

    def prepare_environment(self) -> StepAnswer:
        """Know the tests' environment; `build` tells whether a worker has to make it first."""
        return self._guard(self._prepare_environment)

    def plan(self) -> StepAnswer:
        """Plan the first round."""
        return self._guard(self._plan)

    def replan(self, round_number: int) -> StepAnswer:
        """Plan what the rounds so far have lost, and what waited for them; `shards` is 0 when there
        is no next round."""
        prepared, plans = self._records.prepared(), self._records.plans()
        shards = [shard for plan in plans for shard in plan.shards]
        results = self._records.results(shards)
        again = replan(
            Rounds(
                plans=plans,
                results=results,
                losses=self._records.losses(shards),
                place=self._place(prepared),
                cancelled=self._records.is_cancelled(),
                failed=self._failed_files(plans),
                stopped=self._world.objects.exists(self._records.keys.stop),
                resumed_after=max(self._records.resumptions(), default=0),
                on_one_worker=self._records.request().fallback is Fallback.SINGLE,
            )
        )
        if again is None:
            return self._answer(shards=0, round=round_number)
        key = self._writer(prepared).write_round(round_number + 1, again, plans, results)
        return self._answer_map(again.shards, round=round_number + 1, items_key=key)

    def aggregate(self) -> StepAnswer:
        """Put the rounds together; `shards` is the number that confirm failures, `blocked` that of
        the files that may run after all if these turn out to be chance."""
        prepared = self._records.prepared()
        found, plans = aggregate_so_far(self._records), self._records.plans()
        earlier = confirm_shards_of(self._records)
        shards = Failures(
            tests=found.tests,
            earlier=earlier,
            place=self._place(prepared),
            cut_files={file for plan in plans for file in plan.splits},
            has_parts=sum(len(plan.shards) for plan in plans) > 1,
            framework=prepared.suite.framework if prepared.suite else "pytest",
        ).shards()
        ask = self._asks_model(found.tests)
        if not shards or self._records.is_cancelled():
            return self._answer(shards=0, ask=ask)
        everything = (*earlier, *shards)
        self._world.objects.put(self._records.keys.confirmation, _SHARDS.dump_json(everything))
        key = self._writer(prepared).write_confirmation(shards)
        return self._answer_map(
            shards, items_key=key, round=len(plans), blocked=len(found.blocked), ask=ask
        )

    def investigate(self) -> StepAnswer:
        """Look into failures that passed alone; `shards` is the number that run some of them again,
        alone or after the tests before them."""
        shards = () if self._records.is_cancelled() else self._reporter().investigation.next_round()
        ask = self._asks_model(aggregate_so_far(self._records).tests)
        if not shards:
            return self._answer(shards=0, ask=ask)
        plans = self._records.plans()
        writer = self._writer(self._records.prepared())
        key = writer.write_confirmation(shards, ordered=plans[0].ordered)
        return self._answer_map(shards, items_key=key, round=len(plans), blocked=0, ask=ask)

    def ask_model(self, token: str) -> StepAnswer:
        """Ask the classifier's endpoint about the failures; it gives the token back."""
        tests = tests_without_secrets(aggregate_so_far(self._records).tests)
        if self._world.model is not None:
            question = Question(self._world.objects, self.run_id)
            question.ask(tests[:MAX_FAILURES], token, self._world.model)
        return self._answer()

    def report(self) -> StepAnswer:
        """Write the report, tell history, and give the share of the quotas back."""
        return self._end(None)

    def report_failure(self, error: Mapping[str, str]) -> StepAnswer:
        """Write a report although the workflow itself failed."""
        cause = describe_cause(error)
        failure = WorkerError(
            type=WorkerErrorType.INTERNAL,
            message=f"the workflow failed: {cause}; nothing of this run is in doubt but what is "
            "missing from its report: run it again",
        )
        return self._end(failure)

    def record_loss(self, shard_id: str, error: Mapping[str, str]) -> StepAnswer:
        """Note that a worker ended without a result, so that what it had is planned again."""
        loss = describe_loss(error)
        self._world.objects.put(self._records.keys.loss(shard_id), loss.model_dump_json().encode())
        return self._answer(shard_id=shard_id)

    @cached_property
    def _admission(self) -> Admission:
        world = self._world
        return Admission(world.environment, world.quotas, self._records.request(), world.now)

    def _asks_model(self, tests: Sequence[TestReport]) -> bool:
        if self._world.model is None or self._records.is_cancelled():
            return False
        return any(test.outcome in _RED for test in tests)

    def _place(self, prepared: PreparedRun) -> Place:
        workers = self._admission.workers
        return place_of(with_workers(self._world.environment, workers), prepared)

    def _end(self, failure: WorkerError | None) -> StepAnswer:
        report = self._reporter().report(failure)
        self._admission.give_back(report.cost.usd)
        return self._answer(status=report.status.value)

    def _failed_files(self, plans: Sequence[Plan]) -> frozenset[str]:
        """Files that others may have to wait for in vain."""
        if not plans or not plans[0].dependencies:
            return frozenset()
        failed = (Outcome.FAILED, Outcome.ERROR)
        tests = aggregate_so_far(self._records).tests
        return frozenset(test.file for test in tests if test.outcome in failed)

    def _admit(self) -> StepAnswer:
        request = self._records.request()
        self._world.runs.start(
            RunRow(
                run_id=request.run_id,
                repository=request.repository,
                suite=request.suite or "",
                status=None,
                started_at=request.requested_at,
            )
        )
        most = self._world.environment.fleet.max_shards
        if request.shards != "auto" and not 1 <= request.shards <= most:
            raise UsageError(
                f"shards must be 1 to {most} in {self._world.environment.name}, "
                f"got {request.shards}; leave it out to let the planner choose"
            )
        decision = self._admission.decide()
        if decision.verdict is Verdict.REJECT:
            raise UsageError(f"not admitted: {decision.reason}", hint=_HINT_QUOTAS)
        if decision.verdict is Verdict.ADMIT:
            return self._answer(admitted=True, wait_s=0)
        if self._records.is_cancelled():
            raise UsageError(f"cancelled while it waited for its quota: {decision.reason}")
        self._world.objects.put(self._records.keys.waiting, decision.reason.encode())
        return self._answer(admitted=False, wait_s=decision.wait_s)

    def _fetch_source(self) -> StepAnswer:
        request = self._records.request()
        prepared = self._prepare_source(request)
        with self._open_tree(prepared) as tree:
            project = with_detected(load_project(tree), tree)
            suite = resolve_suite(project, request.suite, request.mode)
        notes = (*prepared.notes, *risk_notes(prepared.changes, project.risk))
        found = {"suite": suite, "notes": notes, "quarantine": project.quarantine}
        self._records.save_prepared(prepared.model_copy(update=found))
        return self._answer(admitted=True)

    def _prepare_source(self, request: RunRequest) -> PreparedRun:
        source = request.source
        if isinstance(source, RepositorySource):
            archive = self._world.fetch_tarball(source.tarball_url)
            sha256 = hashlib.sha256(archive).hexdigest()
            archive_key, root, reuse = source_key(sha256), None, source.trusted
            self._world.objects.put(archive_key, archive)
            changes = self._compare(source.base_tarball_url, archive)
        else:
            archive_key, sha256 = source.key, source.sha256
            root, reuse = source.original_root, True
            changes = (request.changes, ())
            if not self._world.objects.exists(archive_key):
                raise UsageError(f"the source archive {archive_key} is not in the bucket")
        return PreparedRun(
            started_at=request.requested_at,
            archive_key=archive_key,
            sha256=sha256,
            original_root=root,
            reuse=reuse,
            project_key=project_key(request.repository, root),
            changes=changes[0],
            notes=changes[1],
        )

    def _compare(
        self, base_url: str | None, archive: bytes
    ) -> tuple[tuple[FileChange, ...] | None, tuple[str, ...]]:
        """What a pull request changes. Its base may be gone: then everything is to be tested."""
        if base_url is None:
            return None, ()
        try:
            base = self._world.fetch_tarball(base_url)
        except UsageError as exc:
            return None, (f"all tests run: the base of the change could not be had: {exc}",)
        with ArchiveTree(base) as old, ArchiveTree(archive) as new:
            return changed_files(old, new), ()

    def _prepare_environment(self) -> StepAnswer:
        request, prepared = self._records.request(), self._records.prepared()
        # Only a worker on the client's own machine has the client's interpreter.
        if request.python is not None and self._world.environment.embedded:
            found = FoundInterpreter(python=request.python)
            self._records.save_prepared(prepared.model_copy(update={"environment": found}))
            return self._answer(admitted=True, build=False)
        with self._open_tree(prepared) as tree:
            config = load_project(tree).environment
            # What a fork's set-up leaves behind must never be what a trusted run starts from.
            image = f"{self._world.image}{'' if prepared.reuse else '!fork'}"
            framework = prepared.suite.framework if prepared.suite else "pytest"
            commands = plan_environment(tree, config, image, framework)
        prepared = prepared.model_copy(update={"environment": commands})
        self._records.save_prepared(prepared)
        if self._world.objects.exists(environment_key(commands.key)):
            return self._answer(admitted=True, build=False)
        item = self._writer(prepared).write_preparation()
        return self._answer(admitted=True, build=True, item=item.model_dump(mode="json"))

    def _plan(self) -> StepAnswer:
        request, prepared = self._records.request(), self._records.prepared()
        self._refuse_broken_environment()
        earlier = len(self._records.plans())
        if earlier and self._records.resumptions():
            again = self.replan(earlier)
            return {**again, "admitted": again["shards"] > 0}
        suite = prepared.suite
        if suite is None:
            raise UsageError(f"run {request.run_id}: the source was not fetched")
        history = self._world.history.load(prepared.history_key)
        with self._open_tree(prepared) as tree:
            plan = plan_suite(
                PlanRequest(
                    tree=tree,
                    suite=suite,
                    place=self._place(prepared),
                    history=history,
                    shards=request.shards,
                    framework_args=request.framework_args,
                    objectives=request.objectives,
                    changes=prepared.changes,
                    reached=request.reached,
                    known=PlacementMemory(self._world.objects, prepared.history_key).recall(),
                )
            )
        key = self._writer(prepared).write_round(1, plan)
        return self._answer_map(plan.shards, admitted=True, round=1, items_key=key)

    def _refuse_broken_environment(self) -> None:
        preparation = self._world.objects.get(self._records.keys.result(PREPARE_SHARD))
        if preparation is None:
            return
        errors = TypeAdapter(dict[str, Any]).validate_json(preparation).get("errors", [])
        for error in TypeAdapter(list[WorkerError]).validate_python(errors):
            raise UsageError(f"the tests' environment could not be built: {error.message}")

    def _open_tree(self, prepared: PreparedRun) -> ArchiveTree:
        archive = self._world.objects.get(prepared.archive_key)
        if archive is None:
            raise UsageError(f"the source archive {prepared.archive_key} is not in the bucket")
        return ArchiveTree(archive)

    def _writer(self, prepared: PreparedRun) -> TaskWriter:
        world = self._world
        return TaskWriter(world.environment, world.objects, self._records.request(), prepared)

    def _reporter(self) -> Reporter:
        world = self._world
        return Reporter(world.environment, self._records, world.runs, world.history, world.now)

    def _guard(self, step: Callable[[], StepAnswer]) -> StepAnswer:
        try:
            return step()
        except (UsageError, NothingToRunError) as exc:
            self._records.reject(_rejection(exc))
            return self._answer(admitted=False, build=False, shards=0, wait_s=0)

    def _answer_map(self, shards: Sequence[Shard], **values: object) -> StepAnswer:
        """What a Map needs to know; the share of the quotas lasts until it is through."""
        self._admission.extend(shards)
        return self._answer(shards=len(shards), workers=self._admission.workers, **values)

    def _answer(self, **values: object) -> StepAnswer:
        return {"run_id": self._records.run_id, **values}


def _rejection(error: TestfleetError) -> WorkerError:
    kind = (
        WorkerErrorType.NOTHING_TO_RUN
        if isinstance(error, NothingToRunError)
        else WorkerErrorType.CONFIGURATION
    )
    hint = f"; {error.hint}" if error.hint else ""
    return WorkerError(type=kind, message=f"{error}{hint}")


def describe_cause(error: Mapping[str, str]) -> str:
    """One bounded line from what Step Functions hands to a catcher."""
    cause = " ".join(_innermost(str(error.get("Cause", ""))).split())
    return f"{error.get('Error', 'unknown error')}: {cause[:_MESSAGE_LIMIT]}"


def _innermost(cause: str) -> str:
    """Lambda wraps what happened in JSON."""
    try:
        return str(json.loads(cause)["errorMessage"])
    except (ValueError, KeyError, TypeError):
        return cause


def describe_loss(error: Mapping[str, str]) -> WorkerError:
    """Which kind of loss an error of the fan-out means. Equal for equal causes, to be grouped."""
    text = describe_cause(error)
    if "TooManyRequests" in text or "Throttl" in text or "Rate exceeded" in text:
        kind = WorkerErrorType.THROTTLED
    elif "imeout" in text or "timed out" in text or "Timedout" in text:
        kind = WorkerErrorType.TIMED_OUT
    else:
        kind = WorkerErrorType.WORKER_LOST
    return WorkerError(type=kind, message=f"a worker left no result: {text}")
