"""The memory of webhook deliveries on DynamoDB."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from testfleet.errors import FleetError
from testfleet.scm.webhook import Delivery

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef


@dataclass(frozen=True)
class DynamoDeliveries:
    """One item a key: `delivery` is the key, `expires_at` (epoch seconds) the table's TTL."""

    client: DynamoDBClient
    table: str

    def claim(self, delivery: Delivery) -> bool:
        """Remember all keys, or nothing when one of them belongs to a run that has started."""
        try:
            self.client.transact_write_items(
                TransactItems=[self._put(key, delivery) for key in delivery.keys]
            )
        except self.client.exceptions.TransactionCanceledException as exc:
            if _is_taken(exc):
                return False
            raise _unwell("remember", exc) from exc
        except (ClientError, BotoCoreError) as exc:
            raise _unwell("remember", exc) from exc
        return True

    def confirm(self, delivery: Delivery) -> None:
        """Note that the run has started."""
        try:
            self.client.transact_write_items(
                TransactItems=[self._mark_started(key) for key in delivery.keys]
            )
        except (ClientError, BotoCoreError) as exc:
            raise _unwell("confirm", exc) from exc

    def _put(self, key: str, delivery: Delivery) -> TransactWriteItemTypeDef:
        return {
            "Put": {
                "TableName": self.table,
                "Item": {
                    "delivery": {"S": key},
                    "run_id": {"S": delivery.run_id},
                    "started": {"BOOL": False},
                    "expires_at": {"N": str(math.ceil(delivery.expires_at.timestamp()))},
                },
                "ConditionExpression": "attribute_not_exists(delivery) OR started = :no",
                "ExpressionAttributeValues": {":no": {"BOOL": False}},
            }
        }

    def _mark_started(self, key: str) -> TransactWriteItemTypeDef:
        return {
            "Update": {
                "TableName": self.table,
                "Key": {"delivery": {"S": key}},
                "UpdateExpression": "SET started = :yes",
                "ExpressionAttributeValues": {":yes": {"BOOL": True}},
            }
        }


def _is_taken(error: ClientError) -> bool:
    reasons = error.response.get("CancellationReasons", [])
    return any(reason.get("Code") == "ConditionalCheckFailed" for reason in reasons)


def _unwell(verb: str, error: Exception) -> FleetError:
    return FleetError(f"cannot {verb} the delivery: {error}")
