"""A journal of events that came from other tools than pytest: their ids have no common form."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from testfleet.execution.frameworks.framework import MESSAGE_LIMIT, cut
from testfleet.execution.journal import Journal

_USUAL: dict[str, Any] = {"duration": 0.0, "message": "", "longrepr": "", "attempts": 1}


class ToolJournal(Journal):
    """Completes events, and closes a unit only when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.open: dict[str, str] = {}
        """Tests that run now, each with its unit."""
        self.heard = 0
        """Events of this process."""
        self.tree = ""
        """The working copy, with a slash: its place says nothing and differs from run to run."""

    def begin_session(self, only: str | None) -> None:
        """A new process starts."""
        super().begin_session(only)
        self.open.clear()
        self.heard = 0

    def take(self, events: Iterable[dict[str, Any]]) -> None:
        """Take in what a reporter, or an adapter, tells."""
        # The clock that the kernel dates processes by.
        now = time.clock_gettime(time.CLOCK_BOOTTIME)
        told = [{"at": now, **event} for event in events if event["kind"] != "spawned"]
        self.heard += len(told)
        super().take(told)

    def close_quietly(self, unit: str) -> None:
        """Nothing more comes of a unit, and tests that are still open are lost."""
        self._closed[unit] = None
        self._closed_files.add(unit)

    def _on_start(self, event: dict[str, Any]) -> None:
        super()._on_start(event)
        self.open[event["id"]] = event["unit"]

    def _on_result(self, event: dict[str, Any]) -> None:
        raw_id, unit = event["id"], event["unit"]
        if not isinstance(raw_id, str) or not isinstance(unit, str):
            return
        self._unit_of.setdefault(raw_id, unit)
        self.open.pop(raw_id, None)
        message = cut(self._inside(event.get("message")), MESSAGE_LIMIT)
        text = cut(self._inside(event.get("longrepr")))
        super()._on_result({**_USUAL, **event, "message": message, "longrepr": text})
        self.session.running = next(reversed(self.open), None)

    def _inside(self, text: object) -> str:
        return str(text or "").replace(self.tree, "") if self.tree else str(text or "")

    def _on_closed(self, event: dict[str, Any]) -> None:
        self.session.collecting = None
        if not self.pending_of(event["unit"]):
            self.close_unit(event["unit"])
