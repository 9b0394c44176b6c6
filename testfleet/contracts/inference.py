"""What travels to a classifier's endpoint and back, and what SageMaker says of it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from testfleet.contracts.base import SCHEMA_VERSION, Contract
from testfleet.contracts.failure import Cause, Domain

MAX_TEXTS = 500
"""Causes of one run that a model is asked about."""


class InferenceRequest(Contract):
    """Failures to classify."""

    schema_version: Literal["1"] = SCHEMA_VERSION
    texts: Annotated[tuple[str, ...], Field(max_length=MAX_TEXTS)]
    """The lines that are the failure, without secrets."""


class InferenceAnswer(Contract):
    """What a model says of one."""

    domain: Domain
    cause: Cause
    confidence: Annotated[float, Field(ge=0.0, le=1.0)]


class InferenceResponse(Contract):
    """Answers in the order of the texts."""

    schema_version: Literal["1"] = SCHEMA_VERSION
    model: Annotated[str, Field(max_length=100)]
    """Name and version."""
    answers: Annotated[tuple[InferenceAnswer | None, ...], Field(max_length=MAX_TEXTS)]


class _Theirs(BaseModel):
    """AWS may add keys at any time."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class ResponseParameters(_Theirs):
    """Where the answer lies."""

    outputLocation: str = ""  # noqa: N815  as AWS writes it


class InferenceNotification(_Theirs):
    """What an asynchronous endpoint publishes when a request has ended."""

    inferenceId: str  # noqa: N815  as AWS writes it
    invocationStatus: Literal["Completed", "Failed"]  # noqa: N815
    failureReason: str = ""  # noqa: N815
    responseParameters: ResponseParameters | None = None  # noqa: N815
