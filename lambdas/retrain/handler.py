"""Every step of `retrain-classifier` that is not the training itself."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel, Field

from lambdas.settings import read_settings
from testfleet.aws import clients
from testfleet.aws.models import SageMakerModels
from testfleet.aws.objects import S3ObjectStore
from testfleet.workflow.retraining import Retraining, StepAnswer

logger = Logger(service="retrain")


class Settings(BaseModel):
    """The function's environment variables."""

    DATA_BUCKET: str = Field(min_length=3)
    CLASSIFIER_ENDPOINT: str = Field(min_length=1)
    FIRST_MODEL: str = Field(pattern="^s3://")


@logger.inject_lambda_context
def handler(event: dict[str, Any], _context: LambdaContext) -> StepAnswer:
    """Run the step that `event` names and answer with its small result."""
    work = _retraining()
    steps: dict[str, Callable[[], StepAnswer]] = {
        "Prepare": lambda: work.prepare(event["execution"]),
        "Judge": lambda: work.judge(event),
        "Promote": lambda: work.promote(event),
        "RecordFailure": lambda: work.record_failure(event["execution"], event["error"]),
    }
    answer = steps[event["step"]]()
    logger.info("step", extra={"step": event["step"], "answer": answer})
    return answer


@cache
def _retraining() -> Retraining:
    settings = read_settings(Settings, os.environ)
    return Retraining(
        S3ObjectStore(clients.s3(), settings.DATA_BUCKET),
        SageMakerModels(clients.sagemaker(), settings.CLASSIFIER_ENDPOINT),
        settings.FIRST_MODEL,
    )
