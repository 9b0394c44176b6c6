"""What happens to a run, one change after the other."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from testfleet.contracts.base import Contract


class EventKind(StrEnum):
    """What has changed."""

    RUN_REQUESTED = "run-requested"
    RUN_WAITING = "run-waiting"
    """For its share of a quota."""
    ROUND_PLANNED = "round-planned"
    SHARD_STARTED = "shard-started"
    TEST_FINISHED = "test-finished"
    TEST_FAILED = "test-failed"
    SHARD_FINISHED = "shard-finished"
    SHARD_LOST = "shard-lost"
    RUN_STOPPING = "run-stopping"
    RUN_FINISHED = "run-finished"


class RunEvent(Contract):
    """One change. Sequence numbers rise by one; times are those of whoever saw it happen."""

    run_id: str
    sequence: int
    at: datetime
    kind: EventKind
    shard_id: str = ""
    test: str = ""
    text: str = ""
    """In words for a person."""
