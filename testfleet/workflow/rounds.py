"""The steps that plan: the first round, and what the rounds so far have lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter

from testfleet.contracts.coverage import SuiteCoverage
from testfleet.contracts.plan import Plan
from testfleet.contracts.result import Outcome, WorkerError
from testfleet.contracts.run import Fallback
from testfleet.errors import UsageError
from testfleet.planning.rounds.replan import replan
from testfleet.planning.rounds.standing import Rounds
from testfleet.workflow.coverage_memory import CoverageMemory
from testfleet.workflow.losses import describe_loss
from testfleet.workflow.placement_memory import PlacementMemory
from testfleet.workflow.planner import PlanRequest, plan_suite
from testfleet.workflow.prepared import PreparedRun
from testfleet.workflow.reporting import aggregate_so_far
from testfleet.workflow.step import Step, StepAnswer
from testfleet.workflow.tasks import PREPARE_SHARD


class PlanRounds(Step):
    """Rounds of shards, until nothing is left to run."""

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

    def record_loss(self, shard_id: str, error: Mapping[str, str]) -> StepAnswer:
        """Note that a worker ended without a result, so that what it had is planned again."""
        loss = describe_loss(error)
        self._world.objects.put(self._records.keys.loss(shard_id), loss.model_dump_json().encode())
        return self._answer(shard_id=shard_id)

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
                    coverage=self._coverage(prepared),
                    known=PlacementMemory(self._world.objects, prepared.history_key).recall(),
                )
            )
        key = self._writer(prepared).write_round(1, plan)
        return self._answer_map(plan.shards, admitted=True, round=1, items_key=key)

    def _coverage(self, prepared: PreparedRun) -> SuiteCoverage | None:
        """Read only where it may leave something out."""
        if prepared.changes is None or self._records.request().reached is not None:
            return None
        return CoverageMemory(self._world.objects, prepared.history_key).recall()

    def _refuse_broken_environment(self) -> None:
        preparation = self._world.objects.get(self._records.keys.result(PREPARE_SHARD))
        if preparation is None:
            return
        errors = TypeAdapter(dict[str, Any]).validate_json(preparation).get("errors", [])
        for error in TypeAdapter(list[WorkerError]).validate_python(errors):
            raise UsageError(f"the tests' environment could not be built: {error.message}")

    def _failed_files(self, plans: Sequence[Plan]) -> frozenset[str]:
        """Files that others may have to wait for in vain."""
        if not plans or not plans[0].dependencies:
            return frozenset()
        failed = (Outcome.FAILED, Outcome.ERROR)
        tests = aggregate_so_far(self._records).tests
        return frozenset(test.file for test in tests if test.outcome in failed)
