"""QuotaStore on DynamoDB: one item with a version, exchanged on the condition that it still holds.

All that a decision depends on lies in one item, so a condition on its version makes every exchange
atomic (optimistic concurrency control: Kung and Robinson, ACM TODS 6(2), 1981). A lease takes about
300 bytes; DynamoDB's 400 KB an item hold over a thousand runs at the same time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError
from pydantic import ValidationError

from testfleet.contracts.quota import QuotaState
from testfleet.errors import FleetError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_KEY: Final = {"document": {"S": "quotas"}}


@dataclass(frozen=True)
class DynamoQuotaStore:
    """The use of the quotas."""

    client: DynamoDBClient
    table: str

    def load(self) -> tuple[QuotaState, int]:
        """The state and its version; an empty one with version 0 before anybody used a quota.

        Raises FleetError when a newer Testfleet has written it: guessing would break the quotas.
        """
        answer: Any = self.client.get_item(TableName=self.table, Key=_KEY, ConsistentRead=True)
        item = answer.get("Item")
        if item is None:
            return QuotaState(), 0
        try:
            return QuotaState.model_validate_json(item["state"]["S"]), int(item["version"]["N"])
        except ValidationError as exc:
            raise FleetError(
                f"the use of the quotas in table {self.table} cannot be read: "
                f"{exc.error_count()} problems, the first: {exc.errors()[0]['msg']}",
                hint="deploy one version of the application everywhere; or delete the item "
                "`quotas` of the table, and counting begins anew",
            ) from None

    def exchange(self, state: QuotaState, version: int) -> bool:
        """Replace the state, if it still has this version. False when it has another."""
        try:
            self.client.put_item(
                TableName=self.table,
                Item={
                    **_KEY,
                    "state": {"S": state.model_dump_json()},
                    "version": {"N": str(version + 1)},
                },
                ConditionExpression="attribute_not_exists(#version) OR #version = :version",
                ExpressionAttributeNames={"#version": "version"},
                ExpressionAttributeValues={":version": {"N": str(version)}},
            )
        except ClientError as exc:
            if exc.response["Error"]["Code"] == "ConditionalCheckFailedException":
                return False
            raise
        return True
