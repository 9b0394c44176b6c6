"""Asynchronous SageMaker endpoints, and the states of Step Functions that wait for them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError

from testfleet.errors import FleetError

if TYPE_CHECKING:
    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient
    from mypy_boto3_stepfunctions import SFNClient

_QUEUED_S: Final = 900
"""A question that is older wakes no instance any more: its run has gone on."""
_OVER: Final = ("TaskDoesNotExist", "TaskTimedOut", "InvalidToken")


@dataclass(frozen=True)
class SageMakerEndpoint:
    """One asynchronous endpoint, whose questions lie in one bucket."""

    client: SageMakerRuntimeClient
    endpoint: str
    bucket: str

    def submit(self, key: str, inference_id: str) -> None:
        """Ask about what lies at the key. Raises FleetError when the endpoint does not take it."""
        try:
            self.client.invoke_endpoint_async(
                EndpointName=self.endpoint,
                InputLocation=f"s3://{self.bucket}/{key}",
                InferenceId=inference_id,
                ContentType="application/json",
                Accept="application/json",
                RequestTTLSeconds=_QUEUED_S,
            )
        except (ClientError, BotoCoreError) as exc:
            raise FleetError(f"endpoint {self.endpoint} takes no question: {exc}") from exc


@dataclass(frozen=True)
class StepFunctionsTokens:
    """States that wait for a token."""

    client: SFNClient

    def succeed(self, token: str) -> None:
        """Let the state go on, if it still waits. Raises FleetError."""
        try:
            self.client.send_task_success(taskToken=token, output=json.dumps({}))
        except (ClientError, BotoCoreError) as exc:
            _ignore_late(exc)

    def fail(self, token: str, error: str, cause: str) -> None:
        """Let the state fail, if it still waits. Raises FleetError."""
        try:
            self.client.send_task_failure(taskToken=token, error=error, cause=cause)
        except (ClientError, BotoCoreError) as exc:
            _ignore_late(exc)


def _ignore_late(error: ClientError | BotoCoreError) -> None:
    code = error.response["Error"]["Code"] if isinstance(error, ClientError) else ""
    if code not in _OVER:
        raise FleetError(f"a task token could not be given back: {error}") from error
