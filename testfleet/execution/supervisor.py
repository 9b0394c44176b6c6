"""Watches one command and all that it starts: events, memory, output, time, and orders to stop."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

from testfleet.execution.launch import Child, Command, Events
from testfleet.execution.log import BoundedLog
from testfleet.execution.processes import Ended, Family

CHECK_S: Final = 0.2
"""Seconds between two looks at memory and output."""
CLOSE_CHECK_S: Final = 0.05
"""The same when memory is nearly used up."""
NEARLY: Final = 0.6
DUMP_S: Final = 1.0
"""Seconds that a hanging process gets to print where its threads are."""

_EventSink = Callable[[list[dict[str, Any]]], None]


class Stop(Enum):
    """Why a command was ended before it ended itself."""

    TIMED_OUT = "timed out"
    """The running test, or whatever it did, took too long."""
    OUT_OF_MEMORY = "out of memory"
    HUNG = "hung"
    """Its work was done, yet it did not end."""
    DEADLINE = "deadline"
    """The shard's time is up."""
    CANCELLED = "cancelled"
    FAIL_FAST = "fail fast"
    INTERRUPTED = "interrupted"
    """The host ends this worker."""


ENDS_SHARD: Final = frozenset({Stop.DEADLINE, Stop.CANCELLED, Stop.FAIL_FAST, Stop.INTERRUPTED})


@dataclass(frozen=True)
class Ending:
    """How a command ended."""

    stop: Stop | None
    status: int | None
    """Exit status, negative for a signal. None when it is not known."""
    left_behind: tuple[Ended, ...]


@dataclass
class Supervisor:
    """Runs commands of one task, one after the other."""

    family: Family
    events: Events
    log: BoundedLog
    memory_mb: int
    order: Callable[[], Stop | None]
    """Asked often: whether the whole shard must end."""
    note_memory: Callable[[int], None]
    """Told now and then how many MB the tests use."""
    _checked_at: float = field(default=0.0)
    _interval_s: float = field(default=CHECK_S)

    def run(self, command: Command, take: _EventSink, check: Callable[[], Stop | None]) -> Ending:
        """Run to the end, whoever brings it about. OSError when it cannot be started."""
        child = Child(command, self.events, self.log.fd)
        self.family.root, self.family.leader = child.guard_pid, None
        stop = self._watch(child, take, check)
        if stop is Stop.TIMED_OUT:
            self._dump(child)
        if stop is not None:
            self.family.kill()
        status = child.status()
        left_behind = self.family.end(frozenset({child.guard_pid}))
        self.log.trim()
        self._take(child, take)
        return Ending(stop, status, tuple(left_behind))

    def _watch(
        self, child: Child, take: _EventSink, check: Callable[[], Stop | None]
    ) -> Stop | None:
        while True:
            is_over = child.wait(self._interval_s)
            self._take(child, take)
            if is_over:
                return None
            stop = self.order() or check() or self._check_resources()
            if stop is not None:
                return stop

    def _take(self, child: Child, take: _EventSink) -> None:
        events = self.events.read()
        for event in events:
            if event["kind"] == "spawned" and isinstance(event.get("pid"), int):
                child.attach(event["pid"])
                self.family.leader = event["pid"]
        take(events)

    def _check_resources(self) -> Stop | None:
        if time.monotonic() < self._checked_at + self._interval_s:
            return None
        self._checked_at = time.monotonic()
        self.log.trim()
        self.family.reap_orphans()
        used = self.family.memory_mb()
        self.note_memory(int(used))
        self._interval_s = CLOSE_CHECK_S if used > NEARLY * self.memory_mb else CHECK_S
        if used > self.memory_mb and self.family.exact_memory_mb() > self.memory_mb:
            return Stop.OUT_OF_MEMORY
        return None

    def _dump(self, child: Child) -> None:
        child.interrupt()
        give_up = time.monotonic() + DUMP_S
        while time.monotonic() < give_up and not child.wait(0.1):
            self.events.read()
