"""The events of a run, told from the records that it leaves: the same wherever it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from pydantic import ValidationError

from testfleet.contracts.event import EventKind, RunEvent
from testfleet.contracts.plan import Plan, Shard
from testfleet.contracts.report import RunReport
from testfleet.contracts.result import Outcome, Progress, ShardResult
from testfleet.workflow.records import RunRecords

_FAILED: Final = (Outcome.FAILED, Outcome.ERROR, Outcome.LOST)
_SLOWEST, _QUICKEST = 20.0, 0.2
"""How far the pace of finished shards may be from what was predicted."""
_NEARLY: Final = 0.95
"""Of a shard that still runs, no more than this is taken for done."""


@dataclass
class RunWatch:
    """Looks at a run again and again; each look tells what is new since the last one."""

    records: RunRecords
    now: Callable[[], datetime]
    with_tests: bool = False
    """Tell every test of a shard that has finished, not only those that failed."""
    report: RunReport | None = None
    plans: tuple[Plan, ...] = ()
    _told: set[str] = field(default_factory=set)
    _sequence: int = 0
    _began: dict[str, datetime] = field(default_factory=dict)
    _results: dict[str, ShardResult] = field(default_factory=dict)

    def news(self) -> list[RunEvent]:
        """What has happened since the last look, in the order of its times.

        Raises UsageError when there is no such run.
        """
        self.report = self._read_report()
        self.plans = self.records.plans()
        fresh = self._read_results()
        found = [*self._of_run(), *self._of_rounds(), *self._of_shards(fresh), *self._of_end()]
        found.sort(key=lambda event: (event.at, event.kind is EventKind.RUN_FINISHED))
        numbered = []
        for event in found:
            self._sequence += 1
            numbered.append(event.model_copy(update={"sequence": self._sequence}))
        return numbered

    def remaining_s(self) -> float | None:
        """Seconds until the tests that are planned will have run, at the pace so far. None: nothing
        is planned yet, or it is over."""
        shards = self._shards()
        if self.report is not None or not shards:
            return None
        done = [shard for shard in shards if shard.id in self._results]
        left = [shard for shard in shards if shard.id not in self._results]
        pace = self._pace(done)
        open_s = sum(shard.predicted_s * pace * (1 - self._share(shard, pace)) for shard in left)
        return open_s / max(1, min(self.plans[-1].workers, len(left)))

    def _seen_at(self) -> datetime:
        """When something was seen that bears no time: now, or before the end of what has ended."""
        return min(self.now(), self.report.finished_at) if self.report else self.now()

    def _of_run(self) -> Iterator[RunEvent]:
        request = self.records.request()
        asked = f"{request.repository}, suite {request.suite or 'as usual'}, {request.mode.value}"
        yield from self._once("run", EventKind.RUN_REQUESTED, request.requested_at, text=asked)
        waiting = self.records.objects.get(self.records.keys.waiting)
        if waiting is not None and not self._is_planned():
            text = waiting.decode("utf-8", "replace")
            yield from self._once("waiting", EventKind.RUN_WAITING, self._seen_at(), text=text)
        if self.records.is_cancelled():
            yield from self._once(
                "cancel", EventKind.RUN_STOPPING, self._seen_at(), text="on request"
            )

    def _of_rounds(self) -> Iterator[RunEvent]:
        for number, plan in enumerate(self.plans, start=1):
            units = sum(len(shard.units) for shard in plan.shards)
            text = f"round {number}: {units} files in {len(plan.shards)} shards"
            results = [self._results[one.id] for one in plan.shards if one.id in self._results]
            first = min((result.started_at for result in results), default=self._seen_at())
            yield from self._once(f"round {number}", EventKind.ROUND_PLANNED, first, text=text)

    def _of_shards(self, fresh: Iterable[ShardResult]) -> Iterator[RunEvent]:
        for shard_id, progress in self._read_progress().items():
            yield from self._of_progress(shard_id, progress)
        for result in fresh:
            yield from self._of_result(result)
        for shard_id, loss in self.records.losses(self._shards()).items():
            text = " ".join(loss.message.split())
            yield from self._of_one(shard_id, EventKind.SHARD_LOST, self._seen_at(), text)

    def _of_progress(self, shard_id: str, progress: Progress) -> Iterator[RunEvent]:
        at = self._seen_at()
        self._began.setdefault(shard_id, at)
        yield from self._of_one(shard_id, EventKind.SHARD_STARTED, at, "")
        for test in progress.failures:
            yield from self._of_test(shard_id, test, EventKind.TEST_FAILED, at, "")

    def _of_result(self, result: ShardResult) -> Iterator[RunEvent]:
        name, host = result.shard_id, f"on {result.host.kind} {result.host.name}"
        yield from self._of_one(name, EventKind.SHARD_STARTED, result.started_at, host)
        for test in result.tests:
            if test.outcome in _FAILED:
                kind = EventKind.TEST_FAILED
            elif self.with_tests:
                kind = EventKind.TEST_FINISHED
            else:
                continue
            text = f"{test.outcome.value}: {test.message}" if test.message else test.outcome.value
            yield from self._of_test(name, test.id, kind, result.finished_at, text)
        seconds = (result.finished_at - result.started_at).total_seconds()
        text = f"{len(result.tests)} tests in {seconds:.1f} s {host}"
        yield from self._of_one(name, EventKind.SHARD_FINISHED, result.finished_at, text)

    def _of_end(self) -> Iterator[RunEvent]:
        if self.report is not None:
            at, text = self.report.finished_at, self.report.status.value
            yield from self._once("end", EventKind.RUN_FINISHED, at, text=text)

    def _of_one(
        self, shard_id: str, kind: EventKind, at: datetime, text: str
    ) -> Iterator[RunEvent]:
        return self._once(f"{kind} {shard_id}", kind, at, shard_id=shard_id, text=text)

    def _of_test(
        self, shard_id: str, test: str, kind: EventKind, at: datetime, text: str
    ) -> Iterator[RunEvent]:
        # What runs again is told again: it is another shard.
        key = f"test {shard_id} {test}"
        return self._once(key, kind, at, shard_id=shard_id, test=test, text=text)

    def _once(self, key: str, kind: EventKind, at: datetime, **more: Any) -> Iterator[RunEvent]:
        if key not in self._told:
            self._told.add(key)
            run_id = self.records.run_id
            yield RunEvent(run_id=run_id, sequence=0, at=at, kind=kind, **more)

    def _read_report(self) -> RunReport | None:
        body = self.records.objects.get(self.records.keys.report)
        return RunReport.model_validate_json(body) if body else None

    def _is_planned(self) -> bool:
        return self.records.objects.exists(self.records.keys.plan(1))

    def _shards(self) -> list[Shard]:
        return [shard for plan in self.plans for shard in plan.shards]

    def _unfinished(self) -> list[str]:
        return [shard.id for shard in self._shards() if shard.id not in self._results]

    def _read_results(self) -> list[ShardResult]:
        """Those that have come since the last look. A worker's upload is untrusted."""
        keys = {self.records.keys.result(name): name for name in self._unfinished()}
        fresh = []
        for key, body in self.records.objects.get_many(list(keys)).items():
            with suppress(ValidationError):
                self._results[keys[key]] = result = ShardResult.model_validate_json(body)
                fresh.append(result)
        return fresh

    def _read_progress(self) -> dict[str, Progress]:
        keys = {self.records.keys.progress(name): name for name in self._unfinished()}
        found = {}
        for key, body in self.records.objects.get_many(list(keys)).items():
            with suppress(ValidationError):
                found[keys[key]] = Progress.model_validate_json(body)
        return found

    def _pace(self, done: Iterable[Shard]) -> float:
        """What finished shards took of what was predicted for them."""
        predicted = sum(shard.predicted_s for shard in done)
        results = (self._results[shard.id] for shard in done)
        took = sum((one.finished_at - one.started_at).total_seconds() for one in results)
        return min(_SLOWEST, max(_QUICKEST, took / predicted)) if predicted and took else 1.0

    def _share(self, shard: Shard, pace: float) -> float:
        """How much of a running shard is done, by the time that it runs."""
        began = self._began.get(shard.id)
        if began is None or not shard.predicted_s:
            return 0.0
        seconds = (self.now() - began).total_seconds()
        return min(_NEARLY, seconds / (shard.predicted_s * pace))
