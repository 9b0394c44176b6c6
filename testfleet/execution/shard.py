"""Runs the tests of a shard to the last one, over the dead bodies of as many processes as it takes.

When a test process dies, the test that ran is blamed: it runs once more, alone. If it brings that
process down, too, it has failed; if not, its result stands and is called flaky when it passed. Then
the remaining tests run in a new process. Every round settles something, so the end is certain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from testfleet.contracts.leak import Leak
from testfleet.contracts.plan import file_of
from testfleet.contracts.result import Outcome
from testfleet.contracts.task import WorkerTask
from testfleet.execution.journal import Journal
from testfleet.execution.leaks import left_running, units_of_process
from testfleet.execution.session import Choice, SessionEnd, SessionRunner
from testfleet.execution.supervisor import Stop
from testfleet.execution.verdicts import (
    IDLE,
    Complaint,
    death,
    failure,
    headline,
    misuse,
    second_attempt,
    unstarted,
)

FRUITLESS_ROUNDS = 2
"""Processes in a row that may end without settling anything, before what remains is given up."""


@dataclass
class Shard:
    """The tests of one task, and how far they are."""

    task: WorkerTask
    runner: SessionRunner
    journal: Journal
    announce_failure: Callable[[], None]
    """Called once when a fail-fast run has its first failure."""
    processes: int = 0
    is_complete: bool = False
    """Everything was run. Units that nothing was heard of hold no tests."""
    stop: Stop | None = None
    notes: list[str] = field(default_factory=list)
    leaks: list[Leak] = field(default_factory=list)
    unusable: str = ""
    refusal: str = ""
    """pytest's own words when it would not start and no unit is there to bear them."""
    misuse: str = ""
    """pytest's own words when its arguments or settings are wrong."""
    _suspects: set[str] = field(default_factory=set)
    _is_collected: bool = False
    """A process has come to the end of collecting, so all tests that there are are known."""

    def run(self) -> None:
        """Run the shard's units, or each of its tests alone."""
        if self.task.kind == "confirm" and self.task.together:
            self._run_as_at_home()
        elif self.task.kind == "confirm":
            self._confirm()
        else:
            self._run_units()

    def _confirm(self) -> None:
        for test in self.task.tests:
            end = self._session(Choice(only=test, units=self.task.units))
            if self._is_over(end):
                return
            if test not in self.journal.results:
                self._record_alone(test, end)
        self.is_complete = True

    def _run_as_at_home(self) -> None:
        """All the tests in one process that imports the whole suite first, or only `units` if there
        are any. One that dies tells nothing of the tests it has not come to: they stay as they
        are."""
        units, tests = self.task.units, self.task.tests
        excluded: tuple[str, ...] | None = None if units else ()
        end = self._session(Choice(units=units, excluded=excluded, chosen=tests))
        self.is_complete = not self._is_over(end)

    def _run_units(self) -> None:
        fruitless = 0
        while fruitless < FRUITLESS_ROUNDS:
            before = len(self.journal.results)
            end = self._session(self._remaining())
            if self._is_over(end) or self._is_misused(end):
                return
            self._is_collected |= end.state.is_ready and not end.state.stopped
            if end.is_at_rest and not self.journal.pending():
                self.is_complete = True
                return
            if end.is_refused and end.state.collecting is None:
                break
            self._settle(end)
            if self.stop is not None or self._fails_fast():
                return
            fruitless = 0 if len(self.journal.results) > before else fruitless + 1
        self._give_up(end)

    def _session(self, choice: Choice) -> SessionEnd:
        self.processes += 1
        end = self.runner.run(choice)
        self.unusable = end.state.unusable or unstarted(end)
        self.notes.extend(self._notes_on(end))
        units_of = units_of_process(self.journal.units_between)
        self.leaks.extend(left_running(end.ending, units_of))
        return end

    def _is_over(self, end: SessionEnd) -> bool:
        if end.ends_shard:
            self.stop = end.ending.stop
        return bool(self.stop or self.unusable) or self._fails_fast()

    def _is_misused(self, end: SessionEnd) -> bool:
        if not self.journal.results:
            self.misuse = misuse(end, self.runner.place.tree)
            if end.is_content and (self.journal.pending() or not end.state.is_ready):
                self.misuse = IDLE
        return bool(self.misuse)

    def _fails_fast(self) -> bool:
        if self.task.fail_fast and self.journal.has_failures():
            self.stop = Stop.FAIL_FAST
            self.announce_failure()
        return self.stop is not None

    def _remaining(self) -> Choice:
        journal = self.journal
        excluded = self._excluded()
        units: Iterable[str] = self.task.units
        # What a test has put into the tree since must not be taken for a test of the project. An
        # item without a file, though, can only be found again as part of the rest.
        if self._is_collected and "" not in journal.units():
            units, excluded = journal.units(), None
        return Choice(
            units=tuple(unit for unit in units if not journal.is_settled(unit)),
            excluded=excluded,
            done=tuple(journal.results),
            fail_fast=self.task.fail_fast,
        )

    def _excluded(self) -> tuple[str, ...] | None:
        if self.task.excluded is None:
            return None
        settled = (unit for unit in self.journal.units() if self.journal.is_settled(unit))
        return (*self.task.excluded, *settled)

    def _settle(self, end: SessionEnd) -> None:
        """Find out about the test, or else the file, in whose time a process has died."""
        if end.state.running is not None:
            self._settle_test(end.state.running, end)
        elif end.state.collecting is not None:
            self._settle_file(end.state.collecting, end)

    def _settle_test(self, test: str, end: SessionEnd) -> None:
        unit = self.journal.unit_of(test)
        if end.is_final:
            self._record_death(test, unit, end, attempts=1)
            return
        again = self._session(Choice(units=(unit,) if unit else (), only=test))
        if self._is_over(again) and test not in self.journal.results:
            return
        result = self.journal.results.get(test)
        if result is None:
            self._record_death(test, unit, again if again.state.running else end, attempts=2)
            return
        self.journal.record(second_attempt(result, end), test)

    def _settle_file(self, unit: str, end: SessionEnd) -> None:
        if end.is_final or unit in self._suspects:
            self._record_file(unit, end)
            return
        self._suspects.add(unit)
        again = self._session(Choice(units=(unit,), done=tuple(self.journal.results)))
        if not self._is_over(again):
            self._settle(again)

    def _record_death(self, test: str, unit: str, end: SessionEnd, attempts: int) -> None:
        result = failure(test, unit, Outcome.FAILED, death(end, "this test ran"))
        self.journal.record(result.model_copy(update={"attempts": attempts}), test)

    def _record_file(self, unit: str, end: SessionEnd) -> None:
        nodeid = self._nodeid_of(unit, end)
        complaint = death(end, "this file was being collected")
        result = failure(nodeid, unit, Outcome.ERROR, complaint)
        self.journal.record(result, nodeid)
        self.journal.close_unit(unit)

    def _record_alone(self, test: str, end: SessionEnd) -> None:
        unit = self.journal.unit_of(test) or test.split("::", maxsplit=1)[0]
        if end.state.running is not None or end.state.collecting is not None:
            self._record_death(test, unit, end, attempts=1)
            return
        outcome, message = Outcome.ERROR, headline(end)
        if end.state.is_ready:
            outcome, message = Outcome.LOST, "this test was not collected when it was to run alone"
        complaint = Complaint(message, end.output)
        self.journal.record(failure(test, unit, outcome, complaint), test)

    def _give_up(self, end: SessionEnd) -> None:
        """Say for every test and unit that is left why it cannot be run."""
        complaint = Complaint(headline(end), end.state.stopped_text or end.output)
        for test in self.journal.pending():
            unit = self.journal.unit_of(test)
            self.journal.record(failure(test, unit, Outcome.ERROR, complaint), test)
        for unit in self.task.units:
            if not self.journal.is_settled(unit):
                nodeid = self._nodeid_of(unit, end)
                self.journal.record(failure(nodeid, unit, Outcome.ERROR, complaint), nodeid)
                self.journal.close_unit(unit)
        if self.task.excluded is not None and not self.task.units:
            self.refusal = "\n".join(complaint)
        self.is_complete = True

    def _nodeid_of(self, unit: str, end: SessionEnd) -> str:
        path = self.runner.place.tree / file_of(unit)
        rootdir = Path(end.state.rootdir or self.runner.place.cwd)
        return (
            path.relative_to(rootdir).as_posix() if path.is_relative_to(rootdir) else file_of(unit)
        )

    def _notes_on(self, end: SessionEnd) -> Iterator[str]:
        if end.ending.stop is Stop.HUNG:
            yield "the test process did not end after its last test and was ended"
