"""Follows a run from the outside: by the objects it leaves, so that it works alike everywhere."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from pydantic import ValidationError

from testfleet.contracts.plan import Plan
from testfleet.contracts.report import RunReport
from testfleet.contracts.result import Outcome, Progress
from testfleet.errors import IncompleteError
from testfleet.workflow.keys import RunKeys
from testfleet.workflow.ports import Executions, ObjectStore
from testfleet.workflow.records import RunRecords

RUNNING = "running"
_SHORTEST_PAUSE_S = 0.05
_LONGEST_PAUSE_S = 0.5
_PATIENCE = 0.02
"""Share of the time so far that the end of a run may be seen late: the tests need the processor."""
_LOOKS_EVERY = 4
"""Pauses from one look at the progress to the next."""
_ASK_S = 2.0
_SHARDS_WATCHED = 64
"""Progress of more shards than that is not fetched: a look must stay cheap."""


@dataclass
class View:
    """What is known of a running run."""

    run_id: str
    phase: str = "starting"
    plan: Plan | None = None
    shards: dict[str, Progress] = field(default_factory=dict)
    report: RunReport | None = None

    @property
    def counts(self) -> Counter[Outcome]:
        """Tests so far, by outcome."""
        total: Counter[Outcome] = Counter()
        for progress in self.shards.values():
            total.update(progress.counts)
        return total

    @property
    def failures(self) -> list[str]:
        """Failed tests so far, in no particular order, each once."""
        seen = {name: None for progress in self.shards.values() for name in progress.failures}
        return list(seen)


class Follower:
    """Yields a View whenever there may be something new, until the report is there."""

    def __init__(self, run_id: str, objects: ObjectStore, executions: Executions) -> None:
        self._keys = RunKeys(run_id)
        self._objects = objects
        self._executions = executions
        self.view = View(run_id)

    @property
    def resumed(self) -> int:
        """How often the run was resumed."""
        return len(RunRecords(self.view.run_id, self._objects).resumptions())

    def follow(self, timeout_s: float | None = None) -> Iterator[View]:
        """Poll until the report is there or `timeout_s` has passed.

        Raises IncompleteError when the workflow ended without a report.
        """
        start = looked = asked = time.monotonic()
        while True:
            now = time.monotonic()
            if self._read_report():
                yield self.view
                return
            if timeout_s is not None and now - start > timeout_s:
                return
            pause = min(_LONGEST_PAUSE_S, _SHORTEST_PAUSE_S + _PATIENCE * (now - start))
            if now - looked >= _LOOKS_EVERY * pause:
                looked = now
                self._look()
                yield self.view
            if now - asked >= _ASK_S:
                asked = now
                self._ask()
            time.sleep(pause)

    def _read_report(self) -> bool:
        body = self._objects.get(self._keys.report)
        if body is None:
            return False
        self.view.report = RunReport.model_validate_json(body)
        self.view.phase = "done"
        return True

    def _look(self) -> None:
        if self.view.plan is None:
            body = self._objects.get(self._keys.plan(1))
            if body is None:
                self._note_waiting()
                return
            self.view.plan = Plan.model_validate_json(body)
            self.view.phase = RUNNING
        names = [
            key for key in self._objects.keys(self._keys.shards) if key.endswith("/progress.json")
        ]
        for name in names[-_SHARDS_WATCHED:]:
            self._note(self._objects.get(name) or b"")

    def _note_waiting(self) -> None:
        body = self._objects.get(self._keys.waiting)
        if body is not None:
            self.view.phase = f"waiting: {body.decode('utf-8', 'replace')}"

    def _note(self, body: bytes) -> None:
        try:
            progress = Progress.model_validate_json(body)
        except ValidationError:
            return  # A worker's upload is untrusted, and this one is only for show.
        if progress.shard_id.startswith("c"):
            self.view.phase = "confirming failures"
        elif progress.shard_id.startswith("i"):
            self.view.phase = "looking into flaky tests"
        else:
            self.view.shards[progress.shard_id] = progress

    def _ask(self) -> None:
        state = self._executions.state(self.view.run_id, self.resumed)
        if state in ("SUCCEEDED", "RUNNING") or self._read_report():
            return
        raise IncompleteError(
            f"run {self.view.run_id}: the workflow ended as {state} without a report",
            hint=f"see `testfleet logs {self.view.run_id}`, then run again",
        )
