"""The dead letter queue on SQS: what runs have given up, until somebody runs it again."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import ValidationError

from testfleet.contracts.event import GivenUp
from testfleet.errors import FleetError

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_BATCH: Final = 10
_HIDDEN_S: Final = 60
"""While somebody looks at the letters: nobody else sees them for so long."""


@dataclass(frozen=True)
class Letter:
    """One message, and what takes it off the queue."""

    given_up: GivenUp | None
    """None: it is none of ours, or of a newer version."""
    receipt: str


@dataclass(frozen=True)
class SqsDeadLetters:
    """A queue without an order. A message may come twice."""

    client: SQSClient
    url: str

    def send(self, given_up: GivenUp) -> None:
        """Put one onto the queue. Raises FleetError."""
        try:
            self.client.send_message(QueueUrl=self.url, MessageBody=given_up.model_dump_json())
        except (ClientError, BotoCoreError) as exc:
            raise self._silent(exc) from exc

    def take(self, limit: int) -> list[Letter]:
        """So many of them at most, hidden from others for a minute. Raises FleetError."""
        return list(itertools.islice(self._receive(), limit))

    def put_back(self, letters: Sequence[Letter]) -> None:
        """Let others see them again, at once. Raises FleetError."""
        for batch in _batches(letters):
            entries = [
                {"Id": str(at), "ReceiptHandle": letter.receipt, "VisibilityTimeout": 0}
                for at, letter in enumerate(batch)
            ]
            try:
                self.client.change_message_visibility_batch(QueueUrl=self.url, Entries=entries)  # type: ignore[arg-type]  # a plain dictionary is what it is
            except (ClientError, BotoCoreError) as exc:
                raise self._silent(exc) from exc

    def remove(self, letters: Sequence[Letter]) -> None:
        """Take them off the queue. Raises FleetError."""
        for batch in _batches(letters):
            entries = [
                {"Id": str(at), "ReceiptHandle": letter.receipt} for at, letter in enumerate(batch)
            ]
            try:
                self.client.delete_message_batch(QueueUrl=self.url, Entries=entries)  # type: ignore[arg-type]  # as above
            except (ClientError, BotoCoreError) as exc:
                raise self._silent(exc) from exc

    def _receive(self) -> Iterator[Letter]:
        while True:
            try:
                messages = self.client.receive_message(
                    QueueUrl=self.url,
                    MaxNumberOfMessages=_BATCH,
                    VisibilityTimeout=_HIDDEN_S,
                    WaitTimeSeconds=1,  # or only some of the queue's servers are asked
                ).get("Messages", [])
            except (ClientError, BotoCoreError) as exc:
                raise self._silent(exc) from exc
            if not messages:
                return
            for message in messages:
                yield Letter(_read(message["Body"]), message["ReceiptHandle"])

    def _silent(self, error: Exception) -> FleetError:
        return FleetError(
            f"the dead letter queue {self.url} did not answer: {error}",
            hint="try again; if it stays so, look at the queue and at this role's rights to it",
        )


def _read(body: str) -> GivenUp | None:
    try:
        return GivenUp.model_validate_json(body)
    except ValidationError:
        return None


def _batches(letters: Sequence[Letter]) -> Iterator[Sequence[Letter]]:
    return (letters[at : at + _BATCH] for at in range(0, len(letters), _BATCH))
