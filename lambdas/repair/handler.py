"""Every control step of `repair-failure`."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel

from lambdas.settings import read_settings
from testfleet.aws import clients
from testfleet.aws.objects import S3ObjectStore
from testfleet.config import load_environment, load_routing
from testfleet.contracts.base import PAYLOAD_LIMIT_BYTES, utc_now
from testfleet.scm.code_host import CodeHost
from testfleet.scm.git_host import GitRemoteHost
from testfleet.workflow.prepared import PreparedRun
from testfleet.workflow.repairs.steps import RepairSteps, StepAnswer
from testfleet.workflow.repairs.world import RepairWorld

logger = Logger(service="repair")


class Settings(BaseModel):
    """The function's environment variables."""

    DATA_BUCKET: str
    TESTFLEET_ENVIRONMENT: str
    TESTFLEET_PULLS: Path | None = None
    """On the embedded AWS: folder of the bare repositories that stand in for a code host."""


@logger.inject_lambda_context
def handler(event: dict[str, Any], _context: LambdaContext) -> StepAnswer:
    """Run the step that `event` names and answer with its small result."""
    step, repair_id = event["step"], event["repair_id"]
    logger.append_keys(step=step, repair_id=repair_id)
    answer = _step(RepairSteps(_world(), repair_id), event)()
    size = len(json.dumps(answer).encode())
    if size >= PAYLOAD_LIMIT_BYTES:
        raise ValueError(f"a step's answer of {size} bytes exceeds the limit of a state's payload")
    return answer


def _step(steps: RepairSteps, event: dict[str, Any]) -> Callable[[], StepAnswer]:
    cluster = event.get("cluster", "")
    known: dict[str, Callable[[], StepAnswer]] = {
        "PlanRepairs": steps.plan_repairs,
        "PlanSlices": lambda: steps.plan_slices(cluster),
        "RecordLoss": lambda: steps.record_loss(cluster, event["slice"], event["error"]),
        "Merge": lambda: steps.merge(cluster, event["round"]),
        "Decide": lambda: steps.decide(cluster, event["round"]),
        "OpenPullRequest": lambda: steps.open_pull_request(cluster),
        "RecordFailure": lambda: steps.record_failure(cluster, event["error"]),
        "Summarise": steps.summarise,
        "SummariseFailure": lambda: steps.summarise(event["error"]),
    }
    return known[event["step"]]


@cache
def _world() -> RepairWorld:
    settings = read_settings(Settings, os.environ)
    return RepairWorld(
        environment=load_environment(settings.TESTFLEET_ENVIRONMENT),
        objects=S3ObjectStore(clients.s3(), settings.DATA_BUCKET),
        routing=load_routing(),
        now=utc_now,
        host_of=_host_of,
    )


def _host_of(prepared: PreparedRun) -> CodeHost | None:
    """Only the embedded AWS shares a machine with the user's repository."""
    folder = read_settings(Settings, os.environ).TESTFLEET_PULLS
    root = prepared.original_root
    if folder is None or root is None or not Path(root).is_dir():
        return None
    return GitRemoteHost(Path(root), folder, prepared.project_key)
