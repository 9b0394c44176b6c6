"""HistoryStore on DynamoDB: a suite's units in a few compressed items, read by one query.

An item per unit would cost a write per unit and run; DynamoDB's limit of 400 KB an item and the
units' small size make a chunk of units the better record.
"""

from __future__ import annotations

import gzip
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from testfleet.contracts.history import UnitHistory

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_UNITS_PER_CHUNK = 2000
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class DynamoHistoryStore:
    """Durations of past runs."""

    client: DynamoDBClient
    table: str

    def load(self, suite_key: str) -> dict[str, UnitHistory]:
        """History by unit id. Empty when there is none or it cannot be read."""
        history: dict[str, UnitHistory] = {}
        for chunk in self._chunks(suite_key):
            try:
                history |= _decode(chunk["units"]["B"])
            except (OSError, EOFError, ValueError, TypeError, KeyError, AttributeError) as exc:
                # A run without history is slower, a run that fails for it is useless.
                _log.warning("history of %s: unreadable chunk ignored: %s", suite_key, exc)
        return history

    def save(self, suite_key: str, history: Mapping[str, UnitHistory]) -> None:
        """Replace the suite's history."""
        units = sorted(history)
        old = [chunk["chunk"]["S"] for chunk in self._chunks(suite_key)]
        new = []
        for start in range(0, len(units), _UNITS_PER_CHUNK):
            name = f"{start // _UNITS_PER_CHUNK:06}"
            new.append(name)
            part = {unit: history[unit] for unit in units[start : start + _UNITS_PER_CHUNK]}
            self.client.put_item(
                TableName=self.table,
                Item={**_key(suite_key, name), "units": {"B": _encode(part)}},
            )
        for name in set(old) - set(new):
            self.client.delete_item(TableName=self.table, Key=_key(suite_key, name))

    def _chunks(self, suite_key: str) -> list[dict[str, Any]]:
        pages = self.client.get_paginator("query").paginate(
            TableName=self.table,
            KeyConditionExpression="suite = :suite",
            ExpressionAttributeValues={":suite": {"S": suite_key}},
        )
        return [item for page in pages for item in page["Items"]]


def _key(suite_key: str, chunk: str) -> dict[str, Any]:
    return {"suite": {"S": suite_key}, "chunk": {"S": chunk}}


def _encode(part: Mapping[str, UnitHistory]) -> bytes:
    rows = {unit: [round(h.duration_s, 4), h.tests, h.runs] for unit, h in part.items()}
    return gzip.compress(json.dumps(rows).encode(), compresslevel=1, mtime=0)


def _decode(blob: bytes) -> dict[str, UnitHistory]:
    rows = json.loads(gzip.decompress(blob))
    return {
        unit: UnitHistory(duration_s=seconds, tests=tests, runs=runs)
        for unit, (seconds, tests, runs) in rows.items()
    }
