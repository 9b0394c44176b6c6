"""What happens to a run, one change after the other."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from testfleet.contracts.base import Contract
from testfleet.contracts.result import Outcome


class EventKind(StrEnum):
    """What has changed."""

    RUN_REQUESTED = "run-requested"
    RUN_WAITING = "run-waiting"
    """For its share of a quota."""
    RUN_RESUMED = "run-resumed"
    ROUND_PLANNED = "round-planned"
    WORKER_STARTED = "worker-started"
    """The first shard of the run on this worker."""
    SHARD_STARTED = "shard-started"
    SHARD_PROGRESS = "shard-progress"
    """Its tests so far have doubled since this was told last."""
    TEST_FAILED = "test-failed"
    SHARD_FINISHED = "shard-finished"
    SHARD_LOST = "shard-lost"
    RUN_STOPPING = "run-stopping"
    RUN_FINISHED = "run-finished"


class RunEvent(Contract):
    """One change. Sequence numbers of a run begin at 1 and rise by one: whoever is given an event
    twice, or later than its successor, sees it by them. Times are those of whoever saw it happen,
    by clocks that may disagree."""

    run_id: str
    sequence: int = Field(ge=0)
    at: datetime
    kind: EventKind
    fact: str = ""
    """What makes it one fact and no other: each is told once a run, whoever tells it."""
    shard_id: str = ""
    worker: str = ""
    test: str = ""
    text: str = ""
    """In words for a person."""
    counts: dict[Outcome, int] = Field(default_factory=dict)
    """Tests of the shard so far, by outcome."""
    shards: int = 0
    """That the round has."""
    workers: int = 0
    """That the round may have at the same time."""
    predicted_s: float = 0.0
    """Seconds that the shard, or all of the round's, were expected to take."""
    took_s: float = 0.0
    """Seconds that the shard has taken."""


class GivenUp(Contract):
    """What a run has given up for good: a message of the dead letter queue."""

    run_id: str
    units: tuple[str, ...]
    """Files without a result, at most 500; the report names all."""
    text: str = ""
    """Why, in words for a person."""
