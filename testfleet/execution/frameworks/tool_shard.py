"""Runs the units of a shard through a tool, over as many processes as it takes.

One process runs all units. When it dies, what it has reported stands. A unit in whose time it died
runs again alone; when nobody knows which that was, halves of what is left do, until it is alone. A
unit that ends its process a second time is given up, and only that unit. Every step settles a unit
or makes the groups smaller, so the end is certain.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from testfleet.contracts.dependencies import blocked_by
from testfleet.contracts.leak import Leak
from testfleet.contracts.result import Outcome, TestResult
from testfleet.contracts.task import WorkerTask
from testfleet.execution.frameworks.batches import Batch, first_batches, parts
from testfleet.execution.frameworks.tool_journal import ToolJournal
from testfleet.execution.frameworks.tool_session import ToolEnd, ToolRunner
from testfleet.execution.leaks import left_running, units_of_process
from testfleet.execution.processes import Ended
from testfleet.execution.supervisor import Stop
from testfleet.execution.verdicts import Complaint, failure

MOST_DEATHS = 2
"""Processes that a unit may end before it is given up."""
_UNTOLD = "the tool announced this test and told no outcome"
_GONE = "when it was to run again, nothing of this name was reported"


@dataclass
class ToolShard:
    """The units of one task, and how far they are. Reads as `testfleet.execution.shard.Shard`."""

    task: WorkerTask
    runner: ToolRunner
    journal: ToolJournal
    announce_failure: Callable[[], None]
    """Called once when a fail-fast run has its first failure."""
    processes: int = 0
    is_complete: bool = False
    stop: Stop | None = None
    notes: list[str] = field(default_factory=list)
    leaks: list[Leak] = field(default_factory=list)
    unusable: str = ""
    refusal: str = ""
    misuse: str = ""
    _fruitless: int = 0
    """Processes in a row that died and had told nothing."""
    _died_in: dict[str, str] = field(default_factory=dict)
    """Tests in whose time a process has died, and how."""

    def run(self) -> None:
        """Run the shard's units, or each of its tests alone."""
        if self.task.kind == "confirm":
            self._confirm()
        else:
            self._run_units()

    def _confirm(self) -> None:
        """A tool that cannot run a test by itself runs its file, and once for all tests of it."""
        is_able = self.runner.adapter.is_live or bool(self.task.tool.one)
        for test in () if self.task.together else self.task.tests:
            unit = self._unit_of(test)
            if test in self.journal.results:
                continue
            end = self._session(Batch((unit,), only=test if is_able else None))
            if self._is_over(end):
                return
            if test not in self.journal.results:
                self._record_alone(test, unit, end)
        self.is_complete = True

    def _unit_of(self, test: str) -> str:
        """The unit of a test that is to be confirmed: the longest that its id names."""
        units = self.task.units
        named = [unit for unit in units if unit in test or self._inside(unit) in test]
        return max(named or units, key=len, default="")

    def _inside(self, unit: str) -> str:
        return unit.removeprefix(f"{self.task.root}/")

    def _run_units(self) -> None:
        waiting = deque(first_batches(self.task, self.runner.adapter))
        while waiting:
            batch = waiting.popleft()
            if not batch.pieces or self._is_blocked(batch):
                continue
            end = self._session(batch)
            if self._is_over(end) or self._is_misused(end):
                return
            waiting.extendleft(reversed(self._after(batch, end)))
            if self._fails_fast():
                return
            if self._is_hopeless():
                self._give_up([u for u in self.task.units if not self.journal.is_settled(u)], end)
                break
        self.is_complete = True

    def _is_blocked(self, batch: Batch) -> bool:
        """Whether what its only unit needs has failed: then it is skipped, with that reason."""
        if not self.task.dependencies or len(batch.units) != 1:
            return False
        (unit,) = batch.units
        root = blocked_by(self.task.dependencies, self.journal.failed_files()).get(unit)
        if root is not None:
            reason = Complaint(f"Skipped: blocked by {root} (failed)", "")
            self._record(failure(unit, unit, Outcome.SKIPPED, reason))
            self.journal.close_quietly(unit)
        return root is not None

    def _session(self, batch: Batch) -> ToolEnd:
        self.processes += 1
        end = self.runner.run(batch)
        is_silent = not self.journal.heard and not end.reading.is_whole
        self._fruitless = self._fruitless + 1 if is_silent else 0
        self.notes += end.reading.notes
        self.leaks += left_running(end.ending, self._units_of(batch))
        return end

    def _units_of(self, batch: Batch) -> Callable[[Ended], set[str]]:
        alone = set(batch.units) if len(batch.units) == 1 else None
        by_time = units_of_process(self.journal.units_between)
        return lambda process: alone if alone is not None else by_time(process)

    def _is_over(self, end: ToolEnd) -> bool:
        if end.ends_shard:
            self.stop = end.ending.stop
        return self.stop is not None or self._fails_fast()

    def _is_misused(self, end: ToolEnd) -> bool:
        if not self.journal.results:
            self.misuse = end.reading.misuse
        return bool(self.misuse)

    def _fails_fast(self) -> bool:
        if self.task.fail_fast and self.stop is None and self.journal.has_failures():
            self.stop = Stop.FAIL_FAST
            self.announce_failure()
        return self.stop is not None

    def _after(self, batch: Batch, end: ToolEnd) -> list[Batch]:
        """What is to run next, now that a process has ended."""
        self._settle_flaky()
        if end.reading.is_whole:
            self._close(batch.units)
            self._report_problem(batch, end)
            return []
        self._died_in |= dict.fromkeys(end.open, end.description)
        left = [unit for unit in batch.units if not self.journal.is_settled(unit)]
        suspects = [unit for unit in left if unit in self._suspects(end)]
        if batch.pieces == 1:
            return self._again(batch, left, end)
        if end.is_final and suspects:
            self._give_up(suspects, end)
            others = tuple(unit for unit in left if unit not in suspects)
            return [Batch(others, batch.takes_rest)]
        return parts(left, suspects, takes_rest=batch.takes_rest)

    def _again(self, batch: Batch, left: list[str], end: ToolEnd) -> list[Batch]:
        """What was alone runs once more, unless that is in vain."""
        if batch.units and not left:
            return []
        if end.is_final or batch.deaths + 1 >= MOST_DEATHS:
            self._give_up(left, end)
            return []
        return [replace(batch, deaths=batch.deaths + 1)]

    def _is_hopeless(self) -> bool:
        """Whether trying on tells nothing new: the tool as such is broken, not a unit."""
        rounds = MOST_DEATHS + math.ceil(math.log2(len(self.task.units) + 2))
        return self._fruitless > rounds

    def _suspects(self, end: ToolEnd) -> set[str]:
        return {*end.open.values(), *([end.collecting] if end.collecting else [])}

    def _settle_flaky(self) -> None:
        """A test that passed at the second go, after a process had died in its time."""
        for test in [test for test in self._died_in if test in self.journal.results]:
            story = f"{self._died_in.pop(test)} while this test ran; in a new process it passed"
            result = self.journal.results[test]
            if result.outcome is Outcome.PASSED:
                update = {"outcome": Outcome.FLAKY, "attempts": 2, "message": story}
                self.journal.record(result.model_copy(update=update), test)

    def _close(self, units: Iterable[str]) -> None:
        for unit in units:
            for test in self.journal.pending_of(unit):
                lost = failure(test, unit, Outcome.LOST, Complaint(_UNTOLD, ""))
                self.journal.record(lost, test)
            self.journal.close_quietly(unit)

    def _report_problem(self, batch: Batch, end: ToolEnd) -> None:
        """What no test bears is an error of the file, or of the first where there are several."""
        reading, units = end.reading, batch.units or self.journal.units()
        if not reading.problem:
            return
        if not units:
            self.refusal = f"{reading.problem}\n{reading.text}".strip()
            return
        several = f"{self.runner.adapter.name}: {units[0]} and {len(units) - 1} more"
        name = units[0] if len(units) == 1 else several
        complaint = Complaint(reading.problem, reading.text or end.output)
        self._record(failure(name, units[0], Outcome.ERROR, complaint))

    def _give_up(self, units: Iterable[str], end: ToolEnd) -> None:
        for unit in units:
            for test in self.journal.pending_of(unit):
                is_culprit = test in end.open
                self._record(self._death(test, unit, end, "this test ran" if is_culprit else ""))
            for test in [test for test, its in end.open.items() if its == unit]:
                if test not in self.journal.results:
                    self._record(self._death(test, unit, end, "this test ran"))
            if not any(its == unit for its in end.open.values()):
                self._record(self._death(unit, unit, end, "this file ran"))
            self.journal.close_quietly(unit)
        if not self.task.units and not self.journal.results:
            self.refusal = f"{end.description}\n{end.output}".strip()

    def _death(self, test: str, unit: str, end: ToolEnd, circumstance: str) -> TestResult:
        what = f"{end.description} while {circumstance}"
        if not circumstance:
            what = f"{end.description} before this test could run"
        message = end.reading.problem or what
        text = end.reading.text or end.output
        text = f"{what}\n\nEnd of the output:\n{text}" if text else what
        is_culprit = circumstance.startswith("this test")
        outcome = Outcome.FAILED if is_culprit else Outcome.ERROR
        return failure(test, unit, outcome, Complaint(message, text))

    def _record_alone(self, test: str, unit: str, end: ToolEnd) -> None:
        unit = self.journal.unit_of(test) or unit
        if not end.reading.is_whole:
            self._record(self._death(test, unit, end, "this test ran"))
        elif end.reading.problem:
            complaint = Complaint(end.reading.problem, end.reading.text or end.output)
            self._record(failure(test, unit, Outcome.ERROR, complaint))
        else:
            self._record(failure(test, unit, Outcome.LOST, Complaint(_GONE, end.output)))

    def _record(self, result: TestResult) -> None:
        self.journal.record(result, result.id)
