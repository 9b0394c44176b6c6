"""Code models behind asynchronous SageMaker endpoints: the question and its answer lie in S3."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import ValidationError

from testfleet.contracts.chat import MAX_ANSWER_BYTES, ChatRequest, ChatResponse
from testfleet.errors import FleetError
from testfleet.repair.model.conversation import Patience

if TYPE_CHECKING:
    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient

_POLL_S: Final = 0.5
_FIRST_POLL_S: Final = 0.05
_LEAST_TTL_S: Final = 60
_MAX_REASON: Final = 300


class Bucket(Protocol):
    """Where questions and answers lie."""

    def get(self, key: str) -> bytes | None:
        """The object's bytes, or None."""
        ...

    def put(self, key: str, body: bytes) -> None:
        """Write the object."""
        ...


@dataclass(frozen=True)
class _Ticket:
    output: str
    failure: str | None


@dataclass(frozen=True)
class AsynchronousModels:
    """Endpoints `PREFIX-NAME`, whose files lie in the bucket below `inference/NAME/`.

    The answer is looked for at the two places that the endpoint names when it takes the question,
    one for good and one for bad ends: who waits at home hears no notification.
    """

    client: SageMakerRuntimeClient
    objects: Bucket
    bucket: str
    prefix: str

    def __call__(self, endpoint: str, request: ChatRequest, patience: Patience) -> ChatResponse:
        """The answers. Raises FleetError when none come."""
        key = f"inference/{endpoint}/input/{uuid.uuid4()}.json"
        self.objects.put(key, request.model_dump_json().encode())
        ticket = self._submit(endpoint, key, patience)
        return self._collect(endpoint, ticket, patience)

    def _submit(self, endpoint: str, key: str, patience: Patience) -> _Ticket:
        try:
            taken = self.client.invoke_endpoint_async(
                EndpointName=f"{self.prefix}-{endpoint}",
                InputLocation=f"s3://{self.bucket}/{key}",
                ContentType="application/json",
                Accept="application/json",
                # What nobody waits for any more is not to wake an instance.
                RequestTTLSeconds=max(_LEAST_TTL_S, int(patience.limit_s)),
            )
        except (ClientError, BotoCoreError) as exc:
            raise FleetError(f"endpoint {self.prefix}-{endpoint} takes no question: {exc}") from exc
        failure = taken.get("FailureLocation")
        return _Ticket(self._key(taken["OutputLocation"]), self._key(failure) if failure else None)

    def _key(self, location: str) -> str:
        place = urlsplit(location)
        if place.netloc != self.bucket:
            raise FleetError(f"the endpoint answers in {location}: expected s3://{self.bucket}/")
        return place.path.lstrip("/")

    def _collect(self, endpoint: str, ticket: _Ticket, patience: Patience) -> ChatResponse:
        until, pause = time.monotonic() + patience.limit_s, _FIRST_POLL_S
        while time.monotonic() < until:
            body = self.objects.get(ticket.output)
            if body is not None:
                return _read(endpoint, body)
            failed = self.objects.get(ticket.failure) if ticket.failure else None
            if failed is not None:
                reason = failed[:_MAX_REASON].decode("utf-8", "replace")
                raise FleetError(f"endpoint {endpoint} failed: {reason}")
            if patience.given_up.wait(min(pause, max(0.0, until - time.monotonic()))):
                raise FleetError(f"the answer of endpoint {endpoint} is not needed any more")
            pause = min(_POLL_S, pause * 2)
        raise FleetError(
            f"endpoint {endpoint} has not answered within {patience.limit_s:.0f} s",
            hint="an endpoint without instances needs minutes to start the first",
        )


def _read(endpoint: str, body: bytes) -> ChatResponse:
    if len(body) > MAX_ANSWER_BYTES:
        raise FleetError(
            f"endpoint {endpoint} answers with {len(body)} bytes: expected {MAX_ANSWER_BYTES}"
            " at most"
        )
    try:
        return ChatResponse.model_validate_json(body)
    except ValidationError as exc:
        problem = exc.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, problem["loc"])) or "the whole"
        raise FleetError(
            f"endpoint {endpoint} answers with no chat completion: {place}: {problem['msg']}"
        ) from exc
