"""From a new object in the data bucket to its run's stream of events."""

from __future__ import annotations

import os
from datetime import timedelta
from functools import cache, lru_cache
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel

from lambdas.settings import read_settings
from testfleet.aws import clients
from testfleet.aws.events import DynamoEventStore, EventBridgeBus
from testfleet.aws.objects import S3ObjectStore
from testfleet.config import load_environment
from testfleet.contracts.base import utc_now
from testfleet.contracts.run import RUN_ID_PATTERN
from testfleet.workflow.events.facts import RunFacts
from testfleet.workflow.events.recorder import Recorder
from testfleet.workflow.records import RunRecords

logger = Logger(service="record-events")
_RUNS_KEPT = 8
"""Whose facts a warm sandbox need not read again."""


class Settings(BaseModel):
    """The function's environment variables."""

    DATA_BUCKET: str
    EVENTS_TABLE: str
    EVENT_BUS: str
    TESTFLEET_ENVIRONMENT: str


@logger.inject_lambda_context
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, int]:
    """Record what is new of the run whose object it is. What fails is tried again by the rule, and
    ends in the dead letter queue."""
    _, _, rest = event["detail"]["object"]["key"].partition("runs/")
    run_id = rest.partition("/")[0]
    if not RUN_ID_PATTERN.match(run_id):
        return {"events": 0}
    return {"events": len(_recorder(run_id).record())}


@lru_cache(maxsize=_RUNS_KEPT)
def _recorder(run_id: str) -> Recorder:
    settings = _settings()
    keep = timedelta(days=load_environment(settings.TESTFLEET_ENVIRONMENT).retention.runs_days)
    store = DynamoEventStore(clients.dynamodb(), settings.EVENTS_TABLE, keep)
    records = RunRecords(run_id, S3ObjectStore(clients.s3(), settings.DATA_BUCKET))
    bus = EventBridgeBus(clients.events(), settings.EVENT_BUS)
    return Recorder(RunFacts(records, utc_now), store, bus)


@cache
def _settings() -> Settings:
    return read_settings(Settings, os.environ)
