"""The order of events: as they can have happened, and as they were written.

A bus delivers events twice, and late. Their numbers undo both: what was seen is dropped, and what
is too early waits for its turn, so that every reader sees the stream as it was written.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Final

from testfleet.contracts.event import EventKind, RunEvent
from testfleet.contracts.plan import Plan


class InOrder:
    """Gives back the events of one run by their numbers, each once, none before its turn."""

    def __init__(self) -> None:
        self._next = 1
        self._early: dict[int, RunEvent] = {}

    def take(self, events: Iterable[RunEvent]) -> Iterator[RunEvent]:
        """Those whose turn has come with these."""
        for event in events:
            if event.sequence >= self._next:
                self._early.setdefault(event.sequence, event)
        while event_due := self._early.pop(self._next, None):
            self._next += 1
            yield event_due


def in_order(events: Iterable[RunEvent], rounds: Rounds) -> list[RunEvent]:
    """Round by round and by their times, but never a consequence before its cause: clocks of
    workers may jump. What is told of one shard keeps its order, by the latest time of it so far."""
    latest: dict[str, datetime] = {}
    keyed = []
    for at, event in enumerate(events):
        time = max(event.at, latest.get(event.shard_id, event.at))
        if event.shard_id:
            latest[event.shard_id] = time
        keyed.append((rounds.place(event), time, at, event))
    return [event for *_, event in sorted(keyed, key=lambda each: each[:3])]


@dataclass(frozen=True)
class Rounds:
    """Which round each shard belongs to, and after which rounds the run was resumed."""

    plans: tuple[Plan, ...]
    resumptions: tuple[int, ...]

    @cached_property
    def _of_shard(self) -> dict[str, int]:
        numbered = enumerate(self.plans, start=1)
        return {shard.id: number for number, plan in numbered for shard in plan.shards}

    def place(self, event: RunEvent) -> tuple[float, int]:
        """Where in the course of the run it stands: round, and place in it."""
        if event.kind in (EventKind.RUN_REQUESTED, EventKind.RUN_WAITING):
            return 0, 0
        if event.kind is EventKind.RUN_FINISHED:
            return math.inf, 0
        number = int(event.fact.rpartition(" ")[2]) if event.kind in _NUMBERED else 0
        if event.kind is EventKind.ROUND_PLANNED:
            return number, 0
        if event.kind is EventKind.RUN_RESUMED:
            return self.resumptions[number - 1], 2
        return self._of_shard.get(event.shard_id, len(self.plans)), 1


_NUMBERED: Final = (EventKind.ROUND_PLANNED, EventKind.RUN_RESUMED)
