"""What a run's records say has happened. No worker writes an event: they hold no rights."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Final

from pydantic import ValidationError

from testfleet.contracts.event import EventKind, RunEvent
from testfleet.contracts.plan import Plan, Shard
from testfleet.contracts.report import RunReport
from testfleet.contracts.result import Outcome, Progress, ShardResult
from testfleet.workflow.events.order import Rounds, in_order
from testfleet.workflow.records import RunRecords

NAMED_FAILURES: Final = 20
"""Failed tests of one shard that are events of their own; all are counted."""
_ENDED: Final = "shard-ended"
_FAILED: Final = (Outcome.FAILED, Outcome.ERROR, Outcome.LOST)
_TEXT_LIMIT: Final = 500
_LONGEST_ID: Final = 1000
"""Characters of a test's id in an event. A parameter may make it longer than an item of a table or
an entry of a bus may be, and one event that is not taken would hold up all later ones."""


@dataclass
class RunFacts:
    """Looks at a run again and again, and knows what of it was told before."""

    records: RunRecords
    now: Callable[[], datetime]
    report: RunReport | None = None
    _told: set[str] = field(default_factory=set)
    _pending: dict[str, RunEvent] = field(default_factory=dict)
    _read: set[str] = field(default_factory=set)
    """Shards whose result was read."""
    _workers: set[str] = field(default_factory=set)

    def tell(self, fact: str) -> None:
        """Somebody has told it: it is no news."""
        self._told.add(fact)
        self._pending.pop(fact, None)

    def news(self) -> list[RunEvent]:
        """What nobody has told so far, in an order in which it can have happened. Nothing is told
        of a run that has ended, unless it was resumed. Raises UsageError for one that is not there.
        """
        resumptions = tuple(self.records.resumptions())
        resumed = len(resumptions)
        end = f"end {resumed}"
        self.report = self._read_report()
        if end in self._told:
            return []
        plans = self.records.plans()
        self._note(self._of_run(resumed, plans))
        self._note(self._of_rounds(plans))
        self._note(self._of_shards([shard for plan in plans for shard in plan.shards]))
        if self.report is not None:
            at, text = self.report.finished_at, self.report.status.value
            self._note([self._event(end, EventKind.RUN_FINISHED, at, text=text)])
        return in_order(self._pending.values(), Rounds(plans, resumptions))

    @cached_property
    def _request_event(self) -> RunEvent:
        request = self.records.request()
        asked = f"{request.repository}, suite {request.suite or 'as usual'}, {request.mode.value}"
        return self._event("run", EventKind.RUN_REQUESTED, request.requested_at, text=asked)

    def _note(self, events: Iterable[RunEvent]) -> None:
        """Keep what is new; the first who saw a thing tells its time."""
        for event in events:
            if event.fact not in self._told:
                self._pending.setdefault(event.fact, event)

    def _of_run(self, resumed: int, plans: tuple[Plan, ...]) -> Iterator[RunEvent]:
        yield self._request_event
        if resumed:
            yield self._event(f"resumed {resumed}", EventKind.RUN_RESUMED, self._seen_at())
        waiting = None if plans else self.records.objects.get(self.records.keys.waiting)
        if waiting is not None:
            text = waiting.decode("utf-8", "replace")
            yield self._event("waiting", EventKind.RUN_WAITING, self._seen_at(), text=text)
        if self.records.is_cancelled():
            cancel, at = f"cancel {resumed}", self._seen_at()
            yield self._event(cancel, EventKind.RUN_STOPPING, at, text="on request")

    def _of_rounds(self, plans: tuple[Plan, ...]) -> Iterator[RunEvent]:
        for number, plan in enumerate(plans, start=1):
            units = sum(len(shard.units) for shard in plan.shards)
            yield self._event(
                f"round {number}",
                EventKind.ROUND_PLANNED,
                self._seen_at(),
                text=f"round {number}: {units} files in {len(plan.shards)} shards",
                shards=len(plan.shards),
                workers=plan.workers,
                predicted_s=sum(shard.predicted_s for shard in plan.shards),
            )

    def _of_shards(self, shards: list[Shard]) -> Iterator[RunEvent]:
        left = {one.id: one for one in shards if f"{_ENDED} {one.id}" not in self._told}
        if not left:
            return
        # One listing instead of a question for each: a run may have thousands of shards.
        there = set(self.records.objects.keys(self.records.keys.shards))
        for name, progress in self._read_progress(left, there).items():
            yield from self._of_progress(left[name], progress)
        for name, result in self._read_results(left, there).items():
            self._read.add(name)
            yield from self._of_result(left[name], result)
        lost = [one for one in left.values() if self.records.keys.loss(one.id) in there]
        for name, loss in self.records.losses(lost).items():
            text = " ".join(loss.message.split())
            yield self._of_one(left[name], EventKind.SHARD_LOST, self._seen_at(), text=text)

    def _read_results(self, left: dict[str, Shard], there: set[str]) -> dict[str, ShardResult]:
        """Those that have come since the last look. A worker's upload is untrusted."""
        unread = [name for name in left if name not in self._read]
        # A control step has read most of them for its own purpose.
        found = {name: one for name in unread if (one := self.records.whole_result(name))}
        keys = {self.records.keys.result(name): name for name in unread if name not in found}
        for key, body in self.records.objects.get_many([k for k in keys if k in there]).items():
            with suppress(ValidationError):
                result = ShardResult.model_validate_json(body)
                if self._is_of(result.run_id, result.shard_id, keys[key]):
                    found[keys[key]] = result
        return found

    def _read_progress(self, left: dict[str, Shard], there: set[str]) -> dict[str, Progress]:
        keys = {
            self.records.keys.progress(name): name
            for name in left
            if self.records.keys.result(name) not in there
        }
        found = {}
        for key, body in self.records.objects.get_many([k for k in keys if k in there]).items():
            with suppress(ValidationError):
                progress = Progress.model_validate_json(body)
                if self._is_of(progress.run_id, progress.shard_id, keys[key]):
                    found[keys[key]] = progress
        return found

    def _is_of(self, run_id: str, shard_id: str, name: str) -> bool:
        return run_id == self.records.run_id and shard_id == name

    def _of_progress(self, shard: Shard, progress: Progress) -> Iterator[RunEvent]:
        at = self._seen_at()
        yield self._of_one(shard, EventKind.SHARD_STARTED, at, predicted_s=shard.predicted_s)
        for test in progress.failures[:NAMED_FAILURES]:
            yield self._of_test(shard, test, at, "")
        if progress.done > 0:
            # Doubling bounds the number of these events by the logarithm of the tests.
            fact = f"progress {shard.id} {progress.done.bit_length()}"
            yield self._event(
                fact, EventKind.SHARD_PROGRESS, at, shard_id=shard.id, counts=progress.counts
            )

    def _of_result(self, shard: Shard, result: ShardResult) -> Iterator[RunEvent]:
        host = f"{result.host.kind} {result.host.name}"
        if host not in self._workers:
            self._workers.add(host)
            yield self._event(
                f"worker {host}",
                EventKind.WORKER_STARTED,
                result.started_at,
                worker=host,
                shard_id=shard.id,
                text=host,
            )
        yield self._of_one(
            shard,
            EventKind.SHARD_STARTED,
            result.started_at,
            worker=host,
            text=f"on {host}",
            predicted_s=shard.predicted_s,
        )
        failed = [test for test in result.tests if test.outcome in _FAILED]
        for test in failed[:NAMED_FAILURES]:
            text = f"{test.outcome.value}: {test.message}" if test.message else test.outcome.value
            yield self._of_test(shard, test.id, result.finished_at, text)
        seconds = max(0.0, (result.finished_at - result.started_at).total_seconds())
        yield self._of_one(
            shard,
            EventKind.SHARD_FINISHED,
            result.finished_at,
            worker=host,
            text=f"{len(result.tests)} tests in {seconds:.1f} s on {host}",
            counts=dict(Counter(test.outcome for test in result.tests)),
            predicted_s=shard.predicted_s,
            took_s=seconds,
        )

    def _of_one(self, shard: Shard, kind: EventKind, at: datetime, **more: Any) -> RunEvent:
        # A shard that has left a result although its worker was given up has ended once.
        ends = kind in (EventKind.SHARD_FINISHED, EventKind.SHARD_LOST)
        fact = f"{_ENDED if ends else kind} {shard.id}"
        return self._event(fact, kind, at, shard_id=shard.id, **more)

    def _of_test(self, shard: Shard, test: str, at: datetime, text: str) -> RunEvent:
        # What runs again is told again: it is another shard.
        test = _shortened(test)
        fact = f"test {shard.id} {test}"
        return self._event(
            fact, EventKind.TEST_FAILED, at, shard_id=shard.id, test=test, text=text[:_TEXT_LIMIT]
        )

    def _event(self, fact: str, kind: EventKind, at: datetime, **more: Any) -> RunEvent:
        run_id = self.records.run_id
        return RunEvent(run_id=run_id, sequence=0, at=at, kind=kind, fact=fact, **more)

    def _seen_at(self) -> datetime:
        """When something was seen that bears no time: now, or before the end of what has ended."""
        return min(self.now(), self.report.finished_at) if self.report else self.now()

    def _read_report(self) -> RunReport | None:
        body = self.records.objects.get(self.records.keys.report)
        return RunReport.model_validate_json(body) if body else None


def _shortened(test: str) -> str:
    if len(test) <= _LONGEST_ID:
        return test
    # Ids that begin alike stay apart.
    digest = hashlib.sha256(test.encode("utf-8", "replace")).hexdigest()
    return f"{test[:_LONGEST_ID]}... {digest[:12]}"
