"""From the end of a red run to its repairs, where the project wants that."""

from __future__ import annotations

import os
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel, Field

from lambdas.settings import read_settings
from testfleet.aws import clients
from testfleet.aws.executions import StepFunctionsExecutions
from testfleet.aws.objects import S3ObjectStore
from testfleet.contracts.base import utc_now
from testfleet.workflow.repairs.starting import RepairLauncher, automatic_request, run_of

logger = Logger(service="start-repair")


class Settings(BaseModel):
    """The function's environment variables."""

    DATA_BUCKET: str = Field(min_length=3)
    STATE_MACHINE_ARN: str = Field(pattern=r":stateMachine:")


@logger.inject_lambda_context
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, str]:
    """Start the repairs of the run that has ended; an event that comes twice starts them once."""
    launcher = _launcher()
    run_id = run_of(event["detail"]["name"])
    request = automatic_request(launcher.objects, run_id, utc_now())
    if request is None:
        return {"run_id": run_id, "repair_id": ""}
    launcher.launch(request)
    logger.info("started", repair_id=request.repair_id)
    return {"run_id": run_id, "repair_id": request.repair_id}


@cache
def _launcher() -> RepairLauncher:
    settings = read_settings(Settings, os.environ)
    executions = StepFunctionsExecutions(
        clients.stepfunctions(), settings.STATE_MACHINE_ARN, subject="repair_id"
    )
    return RepairLauncher(S3ObjectStore(clients.s3(), settings.DATA_BUCKET), executions)
