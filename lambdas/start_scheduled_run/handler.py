"""The schedules' function: from a tick of the clock to a run."""

from __future__ import annotations

import os
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel, Field

from lambdas.settings import read_settings
from testfleet.aws import clients
from testfleet.aws.executions import RunLauncher, StepFunctionsExecutions
from testfleet.aws.objects import S3ObjectStore
from testfleet.contracts.base import utc_now
from testfleet.scm.github import GITHUB_API
from testfleet.scm.schedule import read_schedule

logger = Logger(service="start-scheduled-run")


class Settings(BaseModel):
    """The function's environment variables."""

    DATA_BUCKET: str = Field(min_length=3)
    STATE_MACHINE_ARN: str = Field(pattern=r":stateMachine:")
    CODE_HOST_API: str = Field(default=GITHUB_API, pattern=r"^https?://[!-~]+$")


@logger.inject_lambda_context
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, str]:
    """Start the run that the tick asks for; the same tick starts it once."""
    settings, launcher = _launcher()
    request = read_schedule(event, settings.CODE_HOST_API, utc_now())
    launcher.launch(request)
    logger.info("started", run_id=request.run_id, repository=request.repository)
    return {"run_id": request.run_id}


@cache
def _launcher() -> tuple[Settings, RunLauncher]:
    settings = read_settings(Settings, os.environ)
    objects = S3ObjectStore(clients.s3(), settings.DATA_BUCKET)
    executions = StepFunctionsExecutions(clients.stepfunctions(), settings.STATE_MACHINE_ARN)
    return settings, RunLauncher(objects, executions)
