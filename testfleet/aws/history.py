"""HistoryStore on DynamoDB: a suite in a few compressed items, read by one query.

An item per unit would cost a write per unit and run; DynamoDB's limit of 400 KB an item and the
units' small size make a chunk of units the better record. Items are named KIND/vVERSION/NUMBER. A
version reads its own and those of the first, which had only a number, and converts them; it never
touches those of a later one.
"""

from __future__ import annotations

import gzip
import json
import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

from pydantic import TypeAdapter

from testfleet.contracts.history import HistoryDetails, TestHistory, UnitHistory

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

VERSION: Final = 2
LARGEST_ITEM: Final = 380_000
"""Bytes of a body: with its key, the item stays below DynamoDB's 400 KB."""
_ENTRIES: Final = 2000
"""Units or tests in an item, unless they are too large."""
_FIRST: Final = "0"
_UNITS: Final = "files/"
_DETAILS: Final = "tests/"
_NAME: Final = re.compile(r"(?:\w+/v(?P<version>\d+)/)?\d+")
_UNITS_BODY: Final = TypeAdapter(dict[str, UnitHistory])
_log = logging.getLogger(__name__)

_Entry = TypeVar("_Entry")
_Items = Iterator[tuple[str, dict[str, Any]]]


@dataclass(frozen=True)
class DynamoHistoryStore:
    """What past runs leave."""

    client: DynamoDBClient
    table: str

    def load(self, suite_key: str) -> dict[str, UnitHistory]:
        """History by unit id. Empty when there is none or it cannot be read."""
        history: dict[str, UnitHistory] = {}
        for part in self._parts(suite_key, (_FIRST, _UNITS), _units_of):
            history |= part
        return history

    def save(self, suite_key: str, history: Mapping[str, UnitHistory]) -> None:
        """Replace the suite's history."""
        units = [(unit, history[unit]) for unit in sorted(history)]
        bodies = _bodies(
            units, lambda part: _UNITS_BODY.dump_json(part, exclude_defaults=True, warnings=False)
        )
        self._replace(suite_key, (_FIRST, _UNITS), bodies)

    def details(self, suite_key: str) -> HistoryDetails:
        """Single tests, and which runs were imported. Empty when it cannot be read."""
        tests: dict[str, TestHistory] = {}
        imported: list[str] = []
        for part in self._parts(suite_key, (_DETAILS, _DETAILS), _details_of):
            tests |= part.tests
            imported += part.imported
        return HistoryDetails(tests=tests, imported=tuple(imported))

    def save_details(self, suite_key: str, details: HistoryDetails) -> None:
        """Replace the suite's details."""
        tests = [(test, details.tests[test]) for test in sorted(details.tests)]
        digests = [(digest, None) for digest in details.imported]
        bodies = [
            *_bodies(digests, lambda part: _details_body(HistoryDetails(imported=tuple(part)))),
            *_bodies(tests, lambda part: _details_body(HistoryDetails(tests=part))),
        ]
        self._replace(suite_key, (_DETAILS, _DETAILS), iter(bodies))

    def _parts(
        self, suite_key: str, kinds: tuple[str, str], decode: Callable[[dict[str, Any]], _Entry]
    ) -> Iterator[_Entry]:
        for name, item in self._items(suite_key, kinds):
            if _version(name) > VERSION:
                _log.warning("history of %s: %s is of a later version: ignored", suite_key, name)
                continue
            try:
                part = decode(item)
            except (OSError, EOFError, ValueError, TypeError, KeyError, AttributeError) as exc:
                # A run without history is slower, a run that fails for it is useless.
                _log.warning("history of %s: unreadable %s ignored: %s", suite_key, name, exc)
            else:
                yield part

    def _replace(self, suite_key: str, kinds: tuple[str, str], bodies: Iterator[bytes]) -> None:
        old = {name for name, _ in self._items(suite_key, kinds) if _version(name) <= VERSION}
        for number, body in enumerate(bodies):
            name = f"{kinds[1]}v{VERSION}/{number:06}"
            self.client.put_item(
                TableName=self.table, Item={**_key(suite_key, name), "body": {"B": body}}
            )
            old.discard(name)
        for name in sorted(old):
            self.client.delete_item(TableName=self.table, Key=_key(suite_key, name))

    def _items(self, suite_key: str, kinds: tuple[str, str]) -> _Items:
        """Items from the first kind to the last, in the order of their names."""
        pages = self.client.get_paginator("query").paginate(
            TableName=self.table,
            KeyConditionExpression="suite = :suite AND chunk BETWEEN :first AND :last",
            ExpressionAttributeValues={
                ":suite": {"S": suite_key},
                ":first": {"S": kinds[0]},
                ":last": {"S": f"{kinds[1]}~"},
            },
        )
        for page in pages:
            yield from ((item["chunk"]["S"], dict(item)) for item in page["Items"])


def _key(suite_key: str, chunk: str) -> dict[str, Any]:
    return {"suite": {"S": suite_key}, "chunk": {"S": chunk}}


def _version(name: str) -> int:
    """Of the item's name; what looks like none of ours is somebody else's, and so a later one."""
    match = _NAME.fullmatch(name)
    return int(match["version"] or 1) if match else VERSION + 1


def _bodies(
    entries: Sequence[tuple[str, _Entry]], dump: Callable[[dict[str, _Entry]], bytes]
) -> Iterator[bytes]:
    for start in range(0, len(entries), _ENTRIES):
        yield from _fitting(entries[start : start + _ENTRIES], dump)


def _fitting(
    entries: Sequence[tuple[str, _Entry]], dump: Callable[[dict[str, _Entry]], bytes]
) -> Iterator[bytes]:
    """One body, or as many as it takes. An entry that is too large alone is left out."""
    body = gzip.compress(dump(dict(entries)), compresslevel=1, mtime=0)
    if len(body) <= LARGEST_ITEM:
        yield body
    elif len(entries) == 1:
        _log.warning("history: %s is too large to be kept: %d bytes", entries[0][0], len(body))
    else:
        half = len(entries) // 2
        yield from _fitting(entries[:half], dump)
        yield from _fitting(entries[half:], dump)


def _units_of(item: dict[str, Any]) -> dict[str, UnitHistory]:
    if "body" in item:
        return _UNITS_BODY.validate_json(gzip.decompress(item["body"]["B"]))
    rows = json.loads(gzip.decompress(item["units"]["B"]))
    return {
        unit: UnitHistory(duration_s=seconds, tests=tests, runs=runs)
        for unit, (seconds, tests, runs) in rows.items()
    }


def _details_of(item: dict[str, Any]) -> HistoryDetails:
    return HistoryDetails.model_validate_json(gzip.decompress(item["body"]["B"]))


def _details_body(details: HistoryDetails) -> bytes:
    return details.model_dump_json(exclude_defaults=True).encode()
