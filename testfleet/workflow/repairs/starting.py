"""How repairs begin: somebody asks for them, or a run has ended red and its project wants them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from testfleet.contracts.repair_config import RepairConfig
from testfleet.contracts.repair_work import RepairRequest
from testfleet.contracts.report import RunReport, RunStatus
from testfleet.contracts.run import RUN_ID_PATTERN
from testfleet.errors import UsageError
from testfleet.planning.project import load_project
from testfleet.planning.source_tree import ArchiveTree
from testfleet.workflow.ports import Executions, ObjectStore
from testfleet.workflow.records import RunRecords
from testfleet.workflow.repairs.keys import RepairKeys

AUTOMATIC: Final = "auto"
_RUN_ID_LENGTH: Final = 22


@dataclass(frozen=True)
class RepairLauncher:
    """Stores requests and starts their repairs."""

    objects: ObjectStore
    executions: Executions

    def launch(self, request: RepairRequest) -> None:
        """Store the request and start its execution, once per repair id. Raises FleetError."""
        key = RepairKeys(request.repair_id).request
        self.objects.put(key, request.model_dump_json().encode())
        self.executions.start(request.repair_id)


def run_of(execution: str) -> str:
    """Id of the run that an execution of `run-tests` is named by. Raises UsageError."""
    run_id = execution[:_RUN_ID_LENGTH]
    if not RUN_ID_PATTERN.match(run_id):
        raise UsageError(f"expected the execution of a run, got {execution[:80]!r}")
    return run_id


def project_wants(objects: ObjectStore, run_id: str) -> RepairConfig:
    """`[repair]` of the tree that was tested. Raises UsageError when it is gone."""
    prepared = RunRecords(run_id, objects).prepared()
    archive = objects.get(prepared.archive_key)
    if archive is None:
        raise UsageError(
            f"the source of run {run_id} has expired: {prepared.archive_key} is not in the bucket",
            hint="run the tests again",
        )
    with ArchiveTree(archive) as tree:
        return load_project(tree).repair


def automatic_request(objects: ObjectStore, run_id: str, now: datetime) -> RepairRequest | None:
    """What a run that has ended asks for by itself; None when it is not red, comes from a fork, or
    its project does not want it."""
    records = RunRecords(run_id, objects)
    body = objects.get(records.keys.report)
    report = RunReport.model_validate_json(body) if body else None
    if report is None or report.status is not RunStatus.FAILED or not report.clusters:
        return None
    if not records.prepared().reuse:  # What a stranger has written decides nothing here.
        return None
    wants = project_wants(objects, run_id)
    if not wants.automatic:
        return None
    return RepairRequest(
        repair_id=f"{run_id}-{AUTOMATIC}",
        run_id=run_id,
        requested_at=now,
        engines=wants.engines,
        budget=wants.budget,
        pull_request=wants.pull_request,
    )
