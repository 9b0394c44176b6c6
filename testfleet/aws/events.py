"""The stream of events: a table on DynamoDB that keeps it, a bus of EventBridge that spreads it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError

from testfleet.contracts.base import utc_now
from testfleet.contracts.event import RunEvent
from testfleet.errors import FleetError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef
    from mypy_boto3_events import EventBridgeClient

SOURCE: Final = "testfleet"
_MARK: Final = "0"
"""The number below all events: there lies how much was published."""
_ENTRIES: Final = 10
"""That one request to EventBridge may hold."""


@dataclass(frozen=True)
class DynamoEventStore:
    """One item an event: `run_id`, `sequence`, the event as JSON, and when it may be forgotten."""

    client: DynamoDBClient
    table: str
    keep: timedelta

    def after(self, run_id: str, sequence: int) -> list[RunEvent]:
        """Events with higher numbers, in their order."""
        try:
            pages = self.client.get_paginator("query").paginate(
                TableName=self.table,
                KeyConditionExpression="run_id = :run AND #sequence > :last",
                ExpressionAttributeNames={"#sequence": "sequence"},
                ExpressionAttributeValues={":run": {"S": run_id}, ":last": {"N": str(sequence)}},
                # Or a recorder would not see what another has just written, and spin.
                ConsistentRead=True,
            )
            items = [item for page in pages for item in page["Items"]]
        except (ClientError, BotoCoreError) as exc:
            raise _unreadable(self.table, exc) from exc
        return [RunEvent.model_validate_json(item["event"]["S"]) for item in items]

    def append(self, events: Sequence[RunEvent]) -> bool:
        """Add them all. False, and nothing is added, when a number is taken."""
        try:
            self.client.transact_write_items(TransactItems=[self._put(event) for event in events])
        except self.client.exceptions.TransactionCanceledException:
            return False
        except (ClientError, BotoCoreError) as exc:
            raise _unreadable(self.table, exc) from exc
        return True

    def published(self, run_id: str) -> int:
        """Number of the last event that was surely published; 0 when none was."""
        try:
            item = self.client.get_item(
                TableName=self.table,
                Key={"run_id": {"S": run_id}, "sequence": {"N": _MARK}},
                ConsistentRead=True,
            ).get("Item")
        except (ClientError, BotoCoreError) as exc:
            raise _unreadable(self.table, exc) from exc
        return int(item["published"]["N"]) if item else 0

    def note_published(self, run_id: str, sequence: int) -> None:
        """Remember it, unless more is known."""
        try:
            self.client.put_item(
                TableName=self.table,
                Item={
                    "run_id": {"S": run_id},
                    "sequence": {"N": _MARK},
                    "published": {"N": str(sequence)},
                    "expires_at": self._expiry(),
                },
                ConditionExpression="attribute_not_exists(published) OR published < :now",
                ExpressionAttributeValues={":now": {"N": str(sequence)}},
            )
        except self.client.exceptions.ConditionalCheckFailedException:
            return
        except (ClientError, BotoCoreError) as exc:
            raise _unreadable(self.table, exc) from exc

    def _put(self, event: RunEvent) -> TransactWriteItemTypeDef:
        return {
            "Put": {
                "TableName": self.table,
                "Item": {
                    "run_id": {"S": event.run_id},
                    "sequence": {"N": str(event.sequence)},
                    "event": {"S": event.model_dump_json(exclude_defaults=True)},
                    "expires_at": self._expiry(),
                },
                "ConditionExpression": "attribute_not_exists(run_id)",
            }
        }

    def _expiry(self) -> dict[str, str]:
        return {"N": str(int((utc_now() + self.keep).timestamp()))}


@dataclass(frozen=True)
class EventBridgeBus:
    """Entries of the source `testfleet`; an event's kind is their type, and it their detail."""

    client: EventBridgeClient
    name: str

    def publish(self, events: Sequence[RunEvent]) -> None:
        """Hand all over, in their order. Raises FleetError when one was not taken."""
        for at in range(0, len(events), _ENTRIES):
            try:
                answer = self.client.put_events(
                    Entries=[
                        {
                            "EventBusName": self.name,
                            "Source": SOURCE,
                            "DetailType": event.kind.value,
                            "Detail": event.model_dump_json(exclude_defaults=True),
                            "Time": event.at,
                        }
                        for event in events[at : at + _ENTRIES]
                    ]
                )
            except (ClientError, BotoCoreError) as exc:
                raise FleetError(f"the event bus {self.name} did not answer: {exc}") from exc
            if answer["FailedEntryCount"]:
                count = answer["FailedEntryCount"]
                raise FleetError(f"the event bus {self.name} has refused {count} events")


def _unreadable(table: str, error: Exception) -> FleetError:
    return FleetError(
        f"the table {table} of events did not answer: {error}",
        hint="try again; if it stays so, look at the table and at this role's rights to it",
    )
