"""The steps of `repair-failure`, one function a state. None of them runs the project's code: what
does is left to workers, and what workers answer is checked.

A step answers with ids, numbers and a few addresses; a cluster's child execution holds no list that
grows with the tests.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Final

from testfleet.contracts.repair import Candidate, FixReport, FixStatus
from testfleet.contracts.repair_work import (
    JUDGE,
    RepairPlan,
    RepairSummary,
    RepairVerdict,
    SliceResult,
)
from testfleet.errors import UsageError
from testfleet.planning.placement.place import Place
from testfleet.workflow.losses import describe_cause, describe_loss
from testfleet.workflow.prepared import PreparedRun
from testfleet.workflow.repairs.choosing import Choice
from testfleet.workflow.repairs.ending import Ending
from testfleet.workflow.repairs.orders import Orders, slice_names
from testfleet.workflow.repairs.world import RepairPlans, RepairRecords, RepairWorld
from testfleet.workflow.reporting import place_of

StepAnswer = dict[str, Any]

MOST_ROUNDS: Final = 2
"""Times that a slice, or the decision, is handed out before it is given up. Counted by the state
machine, so no worker that leaves nothing to read, and no loss that nobody noted, can go on."""
MOST_CANDIDATES: Final = 60
"""That the judge hears, the likeliest of all slices."""


class RepairSteps:
    """The steps of one repair."""

    def __init__(self, world: RepairWorld, repair_id: str) -> None:
        self._world = world
        self._records = RepairRecords(repair_id, world.objects)

    def plan_repairs(self) -> StepAnswer:
        """Decide which clusters are repaired, and write the Map's input, critical ones first."""
        plans = self._records.plans() or self._choose()
        self._records.save_plans(plans)
        lines = [
            json.dumps({"repair_id": plan.repair_id, "cluster": plan.cluster})
            for plan in plans.plans
        ]
        keys = self._records.keys
        self._world.objects.put(keys.items, "".join(f"{line}\n" for line in lines).encode())
        limits = self._world.environment.repair
        return self._answer(repairs=len(lines), items_key=keys.items, at_once=limits.at_once)

    def plan_slices(self, cluster: str) -> StepAnswer:
        """Write the orders of a cluster's search."""
        plan = self._records.plan(cluster)
        return self._search(plan, slice_names(plan), 1)

    def record_loss(self, cluster: str, name: str, error: Mapping[str, str]) -> StepAnswer:
        """Note that a worker ended without a result, so that its slice is given to another."""
        self._records.record_loss(cluster, name, describe_loss(error))
        return self._answer(cluster=cluster)

    def merge(self, cluster: str, turn: int) -> StepAnswer:
        """What comes next after the search's round `turn`, from 1 on: lost slices once more, the
        decision, or the end."""
        plan = self._records.plan(cluster)
        names = slice_names(plan)
        results = {name: self._records.result(cluster, name) for name in names}
        candidates = _likeliest([each for each in results.values() if each is not None])
        lost = [name for name, result in results.items() if result is None]
        is_over = self._is_cancelled()
        if lost and not candidates and turn < MOST_ROUNDS and not is_over:
            return self._search(plan, lost, turn + 1)
        if candidates and not is_over:
            return self._judge(plan, candidates, 1)
        self._end(plan).without_candidates(results)
        return self._answer(cluster=cluster, next="done")

    def decide(self, cluster: str, turn: int) -> StepAnswer:
        """Take the word of judge number `turn`, or ask another one when it was lost."""
        plan = self._records.plan(cluster)
        result = self._records.result(cluster, JUDGE)
        if result is None and turn < MOST_ROUNDS and not self._is_cancelled():
            # Whoever hands out work no more than once cannot tell bad luck from a bad job.
            names = slice_names(plan)
            found = [each for name in names if (each := self._records.result(cluster, name))]
            return self._judge(plan, _likeliest(found), turn + 1)
        verdict = self._end(plan).with_judgement(result)
        is_due = self._records.request().pull_request and self._prepared.reuse
        is_fixed = verdict.report.status is FixStatus.FIXED
        return self._answer(cluster=cluster, next="publish" if is_fixed and is_due else "done")

    def open_pull_request(self, cluster: str) -> StepAnswer:
        """Push the branch and ask for its merge."""
        self._end(self._records.plan(cluster)).publish(self._world.host_of(self._prepared))
        return self._answer(cluster=cluster)

    def record_failure(self, cluster: str, error: Mapping[str, str]) -> StepAnswer:
        """Write down that a step of this cluster failed. A verdict that there is stays."""
        cause = describe_cause(error)
        known = self._records.verdict(cluster)
        if known is not None:
            notes = (*known.notes, f"no pull request was opened: {cause}")
            self._records.save_verdict(known.model_copy(update={"notes": notes}))
        else:
            plan = self._records.plan(cluster)
            reason = f"the workflow failed: {cause}; repair it once more"
            self._end(plan).write(FixReport(status=FixStatus.NOT_FIXED, reason=reason))
        return self._answer(cluster=cluster)

    def summarise(self, error: Mapping[str, str] | None = None) -> StepAnswer:
        """Write the summary: the last thing of a repair."""
        request, plans = self._records.request(), self._records.plans()
        planned = plans or RepairPlans(started_at=request.requested_at)
        verdicts = [self._records.verdict(plan.cluster) for plan in planned.plans]
        found = tuple(verdict for verdict in verdicts if verdict is not None)
        summary = RepairSummary(
            repair_id=request.repair_id,
            run_id=request.run_id,
            started_at=planned.started_at,
            finished_at=self._world.now(),
            verdicts=found,
            left_out=planned.left_out,
            usd=sum(verdict.report.cost for verdict in found),
            problem=describe_cause(error) if error else _without_verdict(planned, found),
        )
        body = summary.model_dump_json().encode()
        self._world.objects.put(self._records.keys.summary, body)
        fixed = sum(verdict.report.status is FixStatus.FIXED for verdict in found)
        return self._answer(repairs=len(found), fixed=fixed)

    def _choose(self) -> RepairPlans:
        now = self._world.now()
        try:
            choice = Choice(
                request=self._records.request(),
                report=self._records.run_report(),
                prepared=self._prepared,
                routing=self._world.routing,
                place=self._place,
            )
            plans, left_out = choice.plans()
        except UsageError as exc:
            return RepairPlans(started_at=now, left_out=(str(exc),))
        return RepairPlans(started_at=now, plans=tuple(plans), left_out=tuple(left_out))

    def _search(self, plan: RepairPlan, names: Sequence[str], turn: int) -> StepAnswer:
        items = self._orders(plan).search(names, self._profile(plan, names), turn)
        slices = [item.model_dump(mode="json") for item in items]
        return self._answer(cluster=plan.cluster, next="search", round=turn, slices=slices)

    def _judge(self, plan: RepairPlan, candidates: Sequence[Candidate], turn: int) -> StepAnswer:
        order = self._orders(plan).judge(candidates, self._profile(plan, [JUDGE]))
        item = order.model_dump(mode="json")
        return self._answer(cluster=plan.cluster, next="judge", round=turn, item=item)

    def _profile(self, plan: RepairPlan, names: Sequence[str]) -> str:
        """Where a worker was lost, the next one runs on the profile for such cases."""
        lost = any(self._records.losses(plan.cluster, name) for name in names)
        return self._place.fallback if lost else plan.profile

    def _orders(self, plan: RepairPlan) -> Orders:
        request = self._records.run().request()
        world = self._world
        return Orders(world.environment, world.objects, request, self._prepared, plan)

    def _end(self, plan: RepairPlan) -> Ending:
        return Ending(self._world, self._records, self._prepared, plan)

    @cached_property
    def _prepared(self) -> PreparedRun:
        return self._records.run().prepared()

    @property
    def _place(self) -> Place:
        return place_of(self._world.environment, self._prepared)

    def _is_cancelled(self) -> bool:
        return self._world.objects.exists(self._records.keys.cancel)

    def _answer(self, **values: object) -> StepAnswer:
        return {"repair_id": self._records.repair_id, **values}


def _without_verdict(planned: RepairPlans, found: Sequence[RepairVerdict]) -> str:
    """That clusters are missing among the verdicts, so that nobody takes the rest for all."""
    known = {verdict.cluster for verdict in found}
    missing = [plan.cluster for plan in planned.plans if plan.cluster not in known]
    if not missing:
        return ""
    count = f"{len(missing)} of {len(planned.plans)} repairs left no verdict"
    return f"{count}, among them that of {missing[0]}; repair once more"


def _likeliest(results: Sequence[SliceResult]) -> list[Candidate]:
    """Candidates of all slices without those that two have found, the likeliest first."""
    known = {each.edits: each for result in results for each in reversed(result.candidates)}
    ordered = sorted(
        known.values(), key=lambda each: (-each.suspiciousness * each.prior, each.path, each.line)
    )
    return ordered[:MOST_CANDIDATES]


__all__ = ["RepairSteps", "RepairVerdict", "StepAnswer"]
