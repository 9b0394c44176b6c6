"""Writes a run's events onto its stream: each once, numbered without a gap, whoever looks."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from testfleet.contracts.event import RunEvent
from testfleet.errors import FleetError
from testfleet.workflow.events.facts import RunFacts

BATCH: Final = 100
"""Events that are appended as one: what a transaction of DynamoDB may hold."""
TRIES: Final = 8
"""Times that others may be faster before a look is left to them."""
_log = logging.getLogger(__name__)


class EventStore(Protocol):
    """The stream of each run, and how much of it was published."""

    def after(self, run_id: str, sequence: int) -> list[RunEvent]:
        """Events with higher numbers, in their order; all that were appended before the call."""
        ...

    def append(self, events: Sequence[RunEvent]) -> bool:
        """Add them all, at most BATCH. False, and nothing is added, when a number is taken."""
        ...

    def published(self, run_id: str) -> int:
        """Number of the last event that was surely published; 0 when none was."""
        ...

    def note_published(self, run_id: str, sequence: int) -> None:
        """Remember it. A lower number than what is known changes nothing."""
        ...


class EventBus(Protocol):
    """Where others hear of events."""

    def publish(self, events: Sequence[RunEvent]) -> None:
        """Hand all over, once or more. Raises FleetError when that is in doubt."""
        ...


@dataclass
class Recorder:
    """Brings one run's stream up to date. Any number of recorders may work on the same run."""

    facts: RunFacts
    store: EventStore
    bus: EventBus | None = None
    """Without it nothing is published by this recorder; the next one that has it makes up for it.
    """
    last: int = 0
    """Number of the last event that this recorder has seen on the stream."""
    _published: int | None = None
    _seen: list[RunEvent] = field(default_factory=list)

    def record(self) -> list[RunEvent]:
        """Append what is new. Answers with all events that this recorder has not answered before,
        whoever has written them.

        A number is taken once only, so of two recorders that find the same fact at the same time
        one reads what the other has written. Raises UsageError for a run that is not there.
        """
        for _ in range(TRIES):
            self._catch_up()
            news = self.facts.news()[:BATCH]
            if not news:
                break
            numbered = [
                event.model_copy(update={"sequence": number})
                for number, event in enumerate(news, start=self.last + 1)
            ]
            # Right or wrong, the next turn reads what the stream now holds.
            self.store.append(numbered)
        else:
            self._catch_up()
        self._publish()
        answer, self._seen = self._seen, []
        return answer

    def _catch_up(self) -> None:
        for event in self.store.after(self.facts.records.run_id, self.last):
            self.last = event.sequence
            self.facts.tell(event.fact)
            self._seen.append(event)

    def _publish(self) -> None:
        """Publish before it is noted: a recorder that is killed in between makes a second copy, and
        never a gap."""
        if self.bus is None:
            return
        run_id = self.facts.records.run_id
        if self._published is None:
            self._published = self.store.published(run_id)
        if self._published >= self.last:
            return
        try:
            self.bus.publish(self.store.after(run_id, self._published))
        except FleetError as exc:
            _log.warning("run %s: its events are published with the next ones: %s", run_id, exc)
            return
        self.store.note_published(run_id, self.last)
        self._published = self.last
