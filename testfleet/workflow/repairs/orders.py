"""From a plan to the orders of its workers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from testfleet.config import Environment
from testfleet.contracts.plan import Shard
from testfleet.contracts.repair import Candidate
from testfleet.contracts.repair_work import JUDGE, RepairItem, RepairPlan, RepairTask
from testfleet.contracts.run import RunRequest
from testfleet.contracts.task import Uploads, WorkerTask
from testfleet.repair.memory.past import matching
from testfleet.workflow.ports import ObjectStore
from testfleet.workflow.prepared import PreparedRun
from testfleet.workflow.repairs.keys import RepairKeys
from testfleet.workflow.repairs.memory import FixMemory
from testfleet.workflow.tasks import TaskWriter

LEAST_JUDGE_S: Final = 60.0


def slice_names(plan: RepairPlan) -> list[str]:
    """Of all slices of the search."""
    return [f"s{number}" for number in range(plan.budget.slices)]


@dataclass(frozen=True)
class Orders:
    """Writes the orders of one cluster's workers, and the items that point to them."""

    environment: Environment
    objects: ObjectStore
    request: RunRequest
    prepared: PreparedRun
    plan: RepairPlan

    def search(self, names: Sequence[str], profile: str, turn: int) -> list[RepairItem]:
        """For these slices, in round `turn` of the search."""
        past = matching(FixMemory(self.objects, self.prepared.history_key).recall(), self._prints)
        return [
            self._write(
                RepairTask(
                    slice=name,
                    share=(int(name[1:]), self.plan.budget.slices),
                    past=past,
                    **self._common(name, profile, self._keys.found(self.plan.cluster, turn)),
                ),
                profile,
            )
            for name in names
        ]

    def judge(self, candidates: Sequence[Candidate], profile: str) -> RepairItem:
        """For the decision between these."""
        common = self._common(JUDGE, profile)
        # It tries few candidates, but runs the suite before and after, however short the search.
        common["budget_s"] = max(self.plan.budget.seconds, LEAST_JUDGE_S)
        task = RepairTask(slice=JUDGE, candidates=tuple(candidates), **common)
        return self._write(task, profile)

    @property
    def _prints(self) -> Sequence[str]:
        return self.plan.fingerprints

    @property
    def _keys(self) -> RepairKeys:
        return RepairKeys(self.plan.repair_id)

    def _common(self, name: str, profile: str, found: str | None = None) -> dict[str, Any]:
        return {
            "repair_id": self.plan.repair_id,
            "cluster": self.plan.cluster,
            "work": self._work(name, profile, found),
            "tests": self.plan.tests,
            "engines": self.plan.engines,
            "budget_s": self.plan.budget.seconds,
            "changes": self.prepared.changes or (),
        }

    def _work(self, name: str, profile: str, found: str | None) -> WorkerTask:
        compute = self.environment.profiles[profile].compute
        writer = TaskWriter(self.environment, self.objects, self.request, self.prepared)
        task = writer.task_of(Shard(id=name, profile=profile, compute=compute, units=()))
        keys, cluster = self._keys, self.plan.cluster
        return task.model_copy(
            update={
                "fail_fast": False,
                "cancel_url": self.objects.get_url(keys.cancel),
                "stop_url": self.objects.get_url(found) if found else None,
                "uploads": Uploads(
                    result=self.objects.put_url(keys.result(cluster, name)),
                    progress=self.objects.put_url(keys.progress(cluster, name)),
                    log=self.objects.put_url(keys.log(cluster, name)),
                    stop=self.objects.put_url(found) if found else None,
                ),
            }
        )

    def _write(self, task: RepairTask, profile: str) -> RepairItem:
        key = self._keys.task(task.cluster, task.slice)
        self.objects.put(key, task.model_dump_json().encode())
        chosen = self.environment.profiles[profile]
        return RepairItem(
            repair_id=task.repair_id,
            cluster=task.cluster,
            slice=task.slice,
            compute=chosen.compute.value,
            capacity_provider=chosen.capacity_provider.value,
            task_url=self.objects.get_url(key),
        )
