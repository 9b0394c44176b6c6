"""What every step of a repair has at hand, and the records of one repair."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from pydantic import TypeAdapter, ValidationError

from testfleet.config import Environment
from testfleet.contracts.base import Contract
from testfleet.contracts.pull_request import PullRequestDraft
from testfleet.contracts.repair_work import (
    RepairPlan,
    RepairRequest,
    RepairVerdict,
    SliceResult,
)
from testfleet.contracts.report import RunReport
from testfleet.contracts.result import WorkerError
from testfleet.contracts.routing import Routing
from testfleet.errors import UsageError
from testfleet.scm.code_host import CodeHost
from testfleet.workflow.ports import ObjectStore
from testfleet.workflow.prepared import PreparedRun
from testfleet.workflow.records import RunRecords
from testfleet.workflow.repairs.keys import RepairKeys

_LOSSES = TypeAdapter(tuple[WorkerError, ...])


class RepairPlans(Contract):
    """What a repair is going to do."""

    started_at: datetime
    plans: tuple[RepairPlan, ...] = ()
    """The most urgent first."""
    left_out: tuple[str, ...] = ()


HostOf = Callable[[PreparedRun], CodeHost | None]
"""The code host that a run's source came from; None where no one can be told."""


@dataclass(frozen=True)
class RepairWorld:
    """What the steps act upon."""

    environment: Environment
    objects: ObjectStore
    routing: Routing
    now: Callable[[], datetime]
    host_of: HostOf


@dataclass(frozen=True)
class RepairRecords:
    """One repair's records."""

    repair_id: str
    objects: ObjectStore

    @property
    def keys(self) -> RepairKeys:
        """Where they lie."""
        return RepairKeys(self.repair_id)

    def request(self) -> RepairRequest:
        """What was asked for. Raises UsageError when there is no such request."""
        body = self.objects.get(self.keys.request)
        if body is None:
            raise UsageError(f"repair {self.repair_id}: {self.keys.request} is missing")
        return RepairRequest.model_validate_json(body)

    def run(self) -> RunRecords:
        """Records of the run whose failures are repaired."""
        return RunRecords(self.request().run_id, self.objects)

    def run_report(self) -> RunReport:
        """Its report. Raises UsageError when it has none."""
        run = self.run()
        body = self.objects.get(run.keys.report)
        if body is None:
            raise UsageError(f"run {run.run_id} has no report: it is unknown, expired, or goes on")
        return RunReport.model_validate_json(body)

    def plans(self) -> RepairPlans | None:
        """What is going to be done; None before it is known."""
        body = self.objects.get(self.keys.plans)
        return RepairPlans.model_validate_json(body) if body else None

    def save_plans(self, plans: RepairPlans) -> None:
        """Keep them for the later steps."""
        self.objects.put(self.keys.plans, plans.model_dump_json().encode())

    def plan(self, cluster: str) -> RepairPlan:
        """The plan of one cluster. Raises UsageError."""
        plans = self.plans()
        for plan in plans.plans if plans else ():
            if plan.cluster == cluster:
                return plan
        raise UsageError(f"repair {self.repair_id} has no plan for cluster {cluster}")

    def result(self, cluster: str, name: str) -> SliceResult | None:
        """A worker's result. It is untrusted: what cannot be read, or names another, is none."""
        body = self.objects.get(self.keys.result(cluster, name))
        if body is None:
            return None
        try:
            found = SliceResult.model_validate_json(body)
        except ValidationError:
            return None
        own = (self.repair_id, cluster, name)
        return found if (found.repair_id, found.cluster, found.slice) == own else None

    def losses(self, cluster: str, name: str) -> tuple[WorkerError, ...]:
        """How often a worker was lost with this slice, and how."""
        body = self.objects.get(self.keys.loss(cluster, name))
        return _LOSSES.validate_json(body) if body else ()

    def record_loss(self, cluster: str, name: str, error: WorkerError) -> None:
        """Note one more."""
        losses = (*self.losses(cluster, name), error)
        self.objects.put(self.keys.loss(cluster, name), _LOSSES.dump_json(losses))

    def verdict(self, cluster: str) -> RepairVerdict | None:
        """How the cluster's repair ended, once it has."""
        body = self.objects.get(self.keys.verdict(cluster))
        return RepairVerdict.model_validate_json(body) if body else None

    def save_verdict(self, verdict: RepairVerdict) -> None:
        """Write it down."""
        body = verdict.model_dump_json().encode()
        self.objects.put(self.keys.verdict(verdict.cluster), body)

    def save_draft(self, cluster: str, draft: PullRequestDraft) -> None:
        """Keep a pull request that no code host takes."""
        self.objects.put(self.keys.pull_request(cluster), draft.model_dump_json().encode())
