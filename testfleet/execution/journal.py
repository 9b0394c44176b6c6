"""What is known of a shard's tests, from the events of its test processes."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from testfleet.contracts.plan import file_of
from testfleet.contracts.result import Outcome, Progress, TestResult, UnitResult, UnitStatus
from testfleet.contracts.task import WorkerTask
from testfleet.execution.masking import without_secrets

FAILURES: frozenset[Outcome] = frozenset({Outcome.FAILED, Outcome.ERROR})
SHOWN_FAILURES = 20
LONGEST_S = 1e6
"""More than that no worker lives: what claims it is not true."""
SHOWN_CHARACTERS = 200
TEXT_BUDGET = 16 * 1024 * 1024
"""Characters of failure texts that a shard reports; beyond them each is cut to SHORT_TEXT."""
SHORT_TEXT = 2000
_GRAVITY = (Outcome.PASSED, Outcome.SKIPPED, Outcome.ERROR, Outcome.FAILED)


@dataclass
class SessionState:
    """One test process, as far as it has reported."""

    pid: int | None = None
    rootdir: str | None = None
    running: str | None = None
    collecting: str | None = None
    is_ready: bool = False
    """All tests are collected."""
    is_finished: bool = False
    """No more tests will run."""
    returned: int | None = None
    """pytest's exit status, once it has handed it back."""
    unusable: str = ""
    """Why this interpreter cannot run pytest at all."""
    stopped: str = ""
    """Why pytest broke off: an exit, an interrupt or an internal error."""
    stopped_text: str = ""
    trace: dict[str, Any] | None = None
    """What it has recorded of its coverage, as it told it."""
    changed_at: float = field(default_factory=time.monotonic)
    """When it last began or ended something."""


class Journal:
    """Results of all test processes of a shard, by the ids that pytest gave, UTF-8 or not."""

    def __init__(self) -> None:
        self.results: dict[str, TestResult] = {}
        self.session = SessionState()
        self.counts: Counter[Outcome] = Counter()
        self._expected: dict[str, list[str]] = {}
        self._unit_of: dict[str, str] = {}
        self._closed: dict[str, None] = {}
        self._closed_files: set[str] = set()
        self._only: str | None = None
        self._text_length = 0
        self._windows: list[tuple[float, str]] = []
        self._memory_mb: dict[str, int] = {}

    def begin_session(self, only: str | None) -> None:
        """A new test process starts. What it says of other tests than the `only` one is ignored."""
        self.session = SessionState()
        self._only = only

    def take(self, events: Iterable[dict[str, Any]]) -> None:
        """Take in what a test process reports."""
        for event in events:
            handle = getattr(self, f"_on_{event['kind']}", None)
            if handle is not None:
                self.session.changed_at = time.monotonic()
                # A test may write into the FIFO: what is malformed is not ours.
                with suppress(KeyError, TypeError, ValueError, AttributeError):
                    handle(event)

    def record(self, result: TestResult, raw_id: str) -> None:
        """Set a test's result, in place of an earlier one."""
        earlier = self.results.get(raw_id)
        if earlier is not None:
            self.counts[earlier.outcome] -= 1
        self.results[raw_id] = self._within_budget(without_secrets(result))
        self.counts[result.outcome] += 1

    def _within_budget(self, result: TestResult) -> TestResult:
        """Thousands of failures, each with a long text, must still make a report that can be
        read."""
        length = len(result.longrepr)
        if length > SHORT_TEXT and self._text_length + length > TEXT_BUDGET:
            cut = f"{result.longrepr[:SHORT_TEXT]}\n[... cut: `testfleet logs` has all of it ...]"
            return result.model_copy(update={"longrepr": cut})
        self._text_length += length
        return result

    def close_unit(self, unit: str) -> None:
        """The file as a whole has a result; nothing more will come of it."""
        self._closed[unit] = None
        self._closed_files.add(file_of(unit))

    def unit_of(self, raw_id: str) -> str:
        """The unit of a test that was reported."""
        return self._unit_of.get(raw_id, "")

    def units(self) -> list[str]:
        """All units that anything was reported of."""
        of_results = (self._unit_of.get(raw, r.file) for raw, r in self.results.items())
        return list(dict.fromkeys([*self._expected, *self._closed, *of_results]))

    def is_settled(self, unit: str) -> bool:
        """Whether the unit was collected and every test of it has a result."""
        is_closed = file_of(unit) in self._closed_files
        return is_closed or (unit in self._expected and not self.pending_of(unit))

    def pending_of(self, unit: str) -> list[str]:
        """Collected tests of a unit that have no result."""
        if file_of(unit) in self._closed_files:
            return []
        return [test for test in self._expected.get(unit, ()) if test not in self.results]

    def pending(self) -> list[str]:
        """All collected tests that have no result."""
        return [test for unit in self._expected for test in self.pending_of(unit)]

    def has_failures(self) -> bool:
        """Whether any test has failed."""
        return any(self.counts[outcome] for outcome in FAILURES)

    def failed_files(self) -> set[str]:
        """Files of which a test, or the file itself, has failed."""
        failed = (result for result in self.results.values() if result.outcome in FAILURES)
        return {file_of(result.file) for result in failed}

    def units_between(self, begin: float, end: float) -> set[str]:
        """The units that ran in that time (seconds since the machine started)."""
        # What a unit has started may show up only after it was left.
        entered = [(began, unit) for began, unit in self._windows if unit]
        ends = [began for began, _ in entered[1:]] + [math.inf]
        return {
            unit
            for (began, unit), ended in zip(entered, ends, strict=True)
            if began <= end and begin < ended
        }

    def note_memory(self, used_mb: int) -> None:
        """Keep the peak that was seen while the present unit ran."""
        unit = self._windows[-1][1] if self._windows else ""
        if unit:
            self._memory_mb[unit] = max(used_mb, self._memory_mb.get(unit, 0))

    def memory_of(self, unit: str) -> int | None:
        """The unit's peak in MB. None when nobody looked while it ran."""
        return self._memory_mb.get(unit)

    def seconds_by_unit(self) -> dict[str, float]:
        """Wall time from where a unit was entered to where the next one was, by unit.

        The framework's own work for a test is in it, which for tiny tests is most of the time, and
        so is the import of the file.
        """
        seconds: dict[str, float] = {}
        for (began, unit), (ended, _) in pairwise(self._windows):
            if unit and 0 <= ended - began < math.inf:
                seconds[unit] = seconds.get(unit, 0.0) + ended - began
        return seconds

    def progress(self, run_id: str, shard_id: str) -> Progress:
        """How far it has come. Called by another thread than the one that takes events."""
        failed = [r.id for r in list(self.results.values()) if r.outcome in FAILURES]
        counts = {outcome: n for outcome, n in dict(self.counts).items() if n}
        return Progress(
            run_id=run_id,
            shard_id=shard_id,
            done=sum(counts.values()),
            counts=counts,
            current=clean(self.session.running or "")[:SHOWN_CHARACTERS],
            failures=tuple(test[:SHOWN_CHARACTERS] for test in failed[:SHOWN_FAILURES]),
        )

    def _on_process(self, event: dict[str, Any]) -> None:
        self.session.pid = event["pid"]
        self._leave(event)

    def _on_session(self, event: dict[str, Any]) -> None:
        self.session.rootdir = event["rootdir"]

    def _on_unusable(self, event: dict[str, Any]) -> None:
        self.session.unusable = clean(event["message"])

    def _on_collecting(self, event: dict[str, Any]) -> None:
        self.session.collecting = event["unit"]
        self._enter(event)

    def _on_collected(self, _: dict[str, Any]) -> None:
        self.session.collecting = None

    def _on_items(self, event: dict[str, Any]) -> None:
        self._unit_of.update(dict.fromkeys(event["ids"], event["unit"]))
        if self._only is None:
            self._expected[event["unit"]] = event["ids"]

    def _on_ready(self, event: dict[str, Any]) -> None:
        self.session.is_ready = True
        self._leave(event)

    def _on_start(self, event: dict[str, Any]) -> None:
        self.session.running = event["id"]
        self._unit_of.setdefault(event["id"], event["unit"])
        self._enter(event)

    def _on_result(self, event: dict[str, Any]) -> None:
        raw_id = event["id"]
        if self._only not in (None, raw_id):
            return
        if raw_id == self.session.running:
            self.session.running = None
        result = result_from(event)
        earlier = self.results.get(raw_id)
        # The same id twice: the graver outcome counts.
        if earlier is None or _gravity(result) > _gravity(earlier):
            self.record(result, raw_id)
        if "::" not in raw_id and raw_id not in self._unit_of:  # not a test, but a whole file
            self.close_unit(event["unit"])

    def _on_finished(self, event: dict[str, Any]) -> None:
        self.session.is_finished = True
        self._leave(event)

    def _on_coverage(self, event: dict[str, Any]) -> None:
        self.session.trace = event

    def _on_returned(self, event: dict[str, Any]) -> None:
        self.session.returned = event["status"]

    def _on_stopped(self, event: dict[str, Any]) -> None:
        self.session.stopped = clean(event["reason"])
        self.session.stopped_text = clean(event["text"])

    def _enter(self, event: dict[str, Any]) -> None:
        if not self._windows or self._windows[-1][1] != event["unit"]:
            self._windows.append((float(event["at"]), event["unit"]))

    def _leave(self, event: dict[str, Any]) -> None:
        """No unit is at work until the next one is entered."""
        self._windows.append((float(event["at"]), ""))


def result_from(event: dict[str, Any]) -> TestResult:
    """The contract's form of a `result` event."""
    return TestResult(
        id=clean(event["id"]),
        file=clean(event["unit"]),
        outcome=Outcome(event["outcome"]),
        # JSON has no infinity: one such number would make the whole shard's result unreadable.
        duration_s=event["duration"] if 0 <= event["duration"] <= LONGEST_S else 0.0,
        message=clean(event["message"]),
        longrepr=clean(event["longrepr"]),
        attempts=event["attempts"],
    )


def unit_results(task: WorkerTask, journal: Journal, missing: UnitStatus) -> tuple[UnitResult, ...]:
    """One result for each unit of the task, and for what else a shard met that takes the rest, or
    that runs chosen tests of the whole suite.

    `missing` is the status of a unit that is not settled.
    """
    durations: dict[str, list[float]] = {}
    for test in journal.results.values():
        durations.setdefault(test.file, []).append(test.duration_s)
    seconds = journal.seconds_by_unit()
    takes_rest = task.together or (task.kind == "run" and task.excluded is not None)
    rest = journal.units() if takes_rest else []
    return tuple(
        UnitResult(
            id=clean(unit),
            status=UnitStatus.FINISHED if journal.is_settled(unit) else missing,
            tests=len(durations.get(clean(unit), ())),
            duration_s=max(sum(durations.get(clean(unit), ())), seconds.get(unit, 0.0)),
            memory_mb=journal.memory_of(unit),
        )
        for unit in dict.fromkeys([*task.units, *rest])
    )


def clean(text: str) -> str:
    """The text with what UTF-8 cannot carry (lone surrogates) written as escapes."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _gravity(result: TestResult) -> int:
    return _GRAVITY.index(result.outcome) if result.outcome in _GRAVITY else -1
