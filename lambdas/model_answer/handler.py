"""From a model's notification to the state that waits for its answer."""

from __future__ import annotations

import os
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel

from lambdas.settings import read_settings
from testfleet.aws import clients
from testfleet.aws.inference import StepFunctionsTokens
from testfleet.aws.objects import S3ObjectStore
from testfleet.contracts.inference import InferenceNotification
from testfleet.workflow.question import answered

logger = Logger(service="model-answer")


class Settings(BaseModel):
    """The function's environment variables."""

    DATA_BUCKET: str


@logger.inject_lambda_context
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, int]:
    """Give back the token of each answer in an SNS event. What cannot be read ends in the dead
    letter queue."""
    records = event["Records"]
    for record in records:
        message = InferenceNotification.model_validate_json(record["Sns"]["Message"])
        logger.info("answer", extra={"inference": message.inferenceId[:100]})
        answered(_objects(), StepFunctionsTokens(clients.stepfunctions()), message)
    return {"answers": len(records)}


@cache
def _objects() -> S3ObjectStore:
    return S3ObjectStore(clients.s3(), read_settings(Settings, os.environ).DATA_BUCKET)
