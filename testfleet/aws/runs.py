"""RunStore on DynamoDB."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from testfleet.contracts.report import RunReport
from testfleet.workflow.ports import RunRow

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

LISTING_INDEX = "listing"
_LISTING = "run"


@dataclass(frozen=True)
class DynamoRunStore:
    """The list of runs: one item a run, newest first through the `listing` index."""

    client: DynamoDBClient
    table: str
    keep: timedelta
    """How long a run stays in the list."""

    def start(self, row: RunRow) -> None:
        """Record that a run was admitted. A second call with the same id changes nothing."""
        item = {
            "run_id": {"S": row.run_id},
            "listing": {"S": _LISTING},
            "started_at": {"S": row.started_at.isoformat()},
            "expires_at": {"N": str(int((row.started_at + self.keep).timestamp()))},
            "row": {"S": row.model_dump_json()},
        }
        try:
            self.client.put_item(
                TableName=self.table,
                Item=item,
                ConditionExpression="attribute_not_exists(run_id)",
            )
        except ClientError as exc:
            if exc.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise

    def finish(self, report: RunReport) -> None:
        """Record how it ended."""
        self.client.update_item(
            TableName=self.table,
            Key={"run_id": {"S": report.run_id}},
            UpdateExpression="SET #row = :row, listing = :listing, started_at = :started_at",
            ExpressionAttributeNames={"#row": "row"},
            ExpressionAttributeValues={
                ":row": {"S": RunRow.of(report).model_dump_json()},
                ":listing": {"S": _LISTING},
                ":started_at": {"S": report.started_at.isoformat()},
            },
        )

    def recent(self, limit: int) -> list[RunRow]:
        """The newest runs, newest first."""
        answer = self.client.query(
            TableName=self.table,
            IndexName=LISTING_INDEX,
            KeyConditionExpression="listing = :listing",
            ExpressionAttributeValues={":listing": {"S": _LISTING}},
            ScanIndexForward=False,
            Limit=limit,
        )
        return [RunRow.model_validate(json.loads(item["row"]["S"])) for item in answer["Items"]]

    def since(self, moment: datetime) -> list[RunRow]:
        """All runs that have started since then, oldest first."""
        pages = self.client.get_paginator("query").paginate(
            TableName=self.table,
            IndexName=LISTING_INDEX,
            KeyConditionExpression="listing = :listing AND started_at >= :moment",
            ExpressionAttributeValues={
                ":listing": {"S": _LISTING},
                ":moment": {"S": moment.isoformat()},
            },
        )
        items = [item for page in pages for item in page["Items"]]
        return [RunRow.model_validate(json.loads(item["row"]["S"])) for item in items]
