"""The HTTP API's function: from a request of the code host to an answer, and maybe a run."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel, Field

from lambdas.settings import read_settings
from testfleet.aws import clients
from testfleet.aws.deliveries import DynamoDeliveries
from testfleet.aws.executions import RunLauncher, StepFunctionsExecutions
from testfleet.aws.objects import S3ObjectStore
from testfleet.aws.secrets import SecretReader
from testfleet.contracts.base import utc_now
from testfleet.errors import TestfleetError
from testfleet.scm.github import GITHUB_API
from testfleet.scm.intake import Intake
from testfleet.scm.signature import check_secret
from testfleet.scm.webhook import Answer, WebhookPolicy

logger = Logger(service="webhook")


class Settings(BaseModel):
    """The function's environment variables."""

    DATA_BUCKET: str = Field(min_length=3)
    STATE_MACHINE_ARN: str = Field(pattern=r":stateMachine:")
    DELIVERIES_TABLE: str = Field(min_length=3)
    WEBHOOK_SECRET_ID: str = Field(min_length=1)
    REPLAY_WINDOW_S: int = Field(default=3 * 86400, ge=60)
    MAX_BODY_BYTES: int = Field(default=1024 * 1024, ge=1024, le=6 * 1024 * 1024)
    RUN_TAGS: bool = False
    CODE_HOST_API: str = Field(default=GITHUB_API, pattern=r"^https?://[!-~]+$")


# The event holds the body, so it is never logged, whatever the environment says.
@logger.inject_lambda_context(log_event=False)
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Answer one request in API Gateway's payload format 2.0."""
    try:
        intake, read_key = _intake()
        answer = intake.receive(event, read_key(), utc_now())
    except TestfleetError as exc:
        answer = Answer(500, "the webhook is not set up, its log says why", detail=_explain(exc))
    _log(answer)
    body = {"message": answer.message} | ({"run_id": answer.run_id} if answer.run_id else {})
    return {
        "statusCode": answer.status,
        "headers": {"content-type": "application/json"},
        "body": json.dumps(body),
    }


@cache
def _intake() -> tuple[Intake, Callable[[], bytes]]:
    settings = read_settings(Settings, os.environ)
    secrets = SecretReader(clients.secretsmanager(), time.monotonic)
    intake = Intake(
        deliveries=DynamoDeliveries(clients.dynamodb(), settings.DELIVERIES_TABLE),
        launcher=RunLauncher(
            S3ObjectStore(clients.s3(), settings.DATA_BUCKET),
            StepFunctionsExecutions(clients.stepfunctions(), settings.STATE_MACHINE_ARN),
        ),
        policy=WebhookPolicy(
            max_body_bytes=settings.MAX_BODY_BYTES,
            replay_window=timedelta(seconds=settings.REPLAY_WINDOW_S),
            tags=settings.RUN_TAGS,
            api=settings.CODE_HOST_API,
        ),
    )
    return intake, lambda: check_secret(secrets.read(settings.WEBHOOK_SECRET_ID))


def _explain(error: TestfleetError) -> str:
    return f"{error}; {error.hint}" if error.hint else str(error)


def _log(answer: Answer) -> None:
    log = logger.error if answer.status >= 500 else logger.info  # noqa: PLR2004  server errors
    log(answer.message, status=answer.status, run_id=answer.run_id, detail=answer.detail)
