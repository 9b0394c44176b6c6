"""One candidate against the tests: quickly against those that fail, thoroughly when it holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from testfleet.repair.baseline import CLOCK, Baseline
from testfleet.repair.validate.crew import Crew
from testfleet.repair.validate.messages import Answer, Ask, TestRun

LEAST_LIMIT_S: Final = 0.08
"""Processor time of one test of one candidate, at first."""
PATIENT_LIMIT_S: Final = 1.5
"""When what has run out of time is tried again."""
PASSING_LIMIT_S: Final = 0.4
"""Of one test that passed before, at least."""
FACTOR: Final = 6.0
"""Times a test's own time that it may take with a candidate."""
LIKELY: Final = 3.0
"""Times the slowest passing test that one may take which hung, so that its time is not known."""
GATE: Final = 5
"""So many failing tests run with each candidate even when the first of them fails: they show
progress on the way to a repair."""
GATE_S: Final = 0.02
"""Unless they take longer than that together."""
QUICK_SUITE_S: Final = 1.0
"""A suite as short as that is run for every plausible candidate; a longer one for the winner."""


@dataclass(frozen=True)
class Trial:
    """What a candidate did to the tests that fail."""

    passed: frozenset[str]
    total: int
    progress: float = 0.0
    """How far the tests that still fail come: more is further."""
    timed_out: bool = False

    @property
    def all_passed(self) -> bool:
        """Whether it is plausible."""
        return len(self.passed) == self.total


@dataclass
class Trials:
    """Tries candidates for the failing `targets`."""

    crew: Crew
    baseline: Baseline
    targets: Sequence[str]
    memory_mb: int
    base: Mapping[str, bytes] = field(default_factory=dict)
    """Repairs of other faults that are in place already."""

    def __post_init__(self) -> None:
        files = {self.baseline.file_of(test) for test in self.targets}
        self._likely_s = LIKELY * self.baseline.slowest_in(files)
        self._order = sorted(self.targets, key=self._seconds)
        self._paths = self._paths_of(self.targets)
        quick = [self._seconds(test) for test in self._order[:GATE]]
        self._gate = len(quick) if sum(quick) <= GATE_S else 1
        self._start_line = {test: _depth(self.baseline.run_of(test)) for test in self.targets}

    @property
    def at_once(self) -> int:
        """How many candidates are tried at the same time now."""
        return self.crew.size

    def run(
        self, files: Mapping[str, bytes], *, patient: bool = False, thorough: bool = False
    ) -> Trial:
        """Run the targets with one candidate, those first that tell most candidates apart; all of
        them when it is to be thorough. A patient run gives more time."""
        gate = len(self._order) if thorough else self._gate
        return self._judge(self.crew.ask([self._question(files, gate, patient=patient)])[0])

    def run_all(
        self, batch: Sequence[Mapping[str, bytes]], *, patient: bool = False
    ) -> list[Trial]:
        """The same for several candidates, `at_once` at the most."""
        asks = [self._question(files, self._gate, patient=patient) for files in batch]
        return [self._judge(answer) for answer in self.crew.ask(asks)]

    def _question(self, files: Mapping[str, bytes], gate: int, *, patient: bool) -> Ask:
        least = PATIENT_LIMIT_S if patient else LEAST_LIMIT_S
        slowest = max((self._seconds(test) for test in self._order), default=0.0)
        expected = sum(self._seconds(test) for test in self._order)
        limit_s = max(least, slowest * FACTOR)
        return Ask(
            files={**self.base, **files},
            quick=True,
            memory_mb=self.memory_mb,
            ids=list(self._order),
            paths=self._paths,
            gate=gate,
            fresh=gate == len(self._order) and patient,
            test_limit_s=limit_s,
            limit_s=CLOCK * (limit_s + self.baseline.start_s + expected) + 1.0,
        )

    @property
    def is_long(self) -> bool:
        """Whether the suite takes too long to be run for each plausible candidate."""
        return sum(self._seconds(test) for test in self.baseline.passing) > QUICK_SUITE_S

    def regressions(self, files: Mapping[str, bytes], reach: Sequence[str]) -> list[str]:
        """Tests that passed before and do not with these files. Of a long suite, only those of
        `reach`, which execute what has changed."""
        return self._lost(files, reach) if self.is_long else self.lost_of_all(files)

    def lost_of_all(self, files: Mapping[str, bytes]) -> list[str]:
        """The same of the whole suite, in the order in which it ran."""
        return self._lost(files, self.baseline.passing)

    def clusters(self) -> dict[str, list[str]]:
        """The targets by test function: those of one are taken to fail for one reason."""
        found: dict[str, list[str]] = {}
        for test in self.targets:
            found.setdefault(test.partition("[")[0], []).append(test)
        return found

    def repaired_clusters(self, files: Mapping[str, bytes]) -> frozenset[str]:
        """Targets whose whole cluster passes."""
        passed = self.run(files, patient=True, thorough=True).passed
        whole = [tests for tests in self.clusters().values() if passed.issuperset(tests)]
        return frozenset(test for tests in whole for test in tests)

    def _lost(self, files: Mapping[str, bytes], tests: Sequence[str]) -> list[str]:
        lost, timed_out = self._failed(files, tests)
        if not lost or timed_out or len(lost) > GATE:
            return lost
        return self._failed(files, lost)[0]  # once more: a flaky one does not speak against it

    def _failed(self, files: Mapping[str, bytes], tests: Sequence[str]) -> tuple[list[str], bool]:
        """Tests that do not pass, and whether one has run out of time."""
        if not tests:
            return [], False
        expected = sum(self._seconds(test) for test in tests)
        slowest = max(self._seconds(test) for test in tests)
        limit_s = max(PASSING_LIMIT_S, slowest * FACTOR)
        ask = Ask(
            files={**self.base, **files},
            quick=True,
            memory_mb=self.memory_mb,
            ids=tests,
            paths=self._paths_of(tests),
            gate=1,
            test_limit_s=limit_s,
            limit_s=CLOCK * (limit_s + self.baseline.start_s + expected) + 5.0,
        )
        answer = self.crew.ask([ask])[0]
        bad = [run.id for run in answer.tests.values() if not run.passed]
        if answer.outcome != "ended" or bad or answer.broken:
            return bad or [*answer.broken] or list(tests[:1]), _timed_out(answer)
        return [test for test in tests if test not in answer.tests], False

    def _judge(self, answer: Answer) -> Trial:
        passed = frozenset(test for test in self.targets if self._holds(test, answer))
        timed_out = _timed_out(answer)
        self._move_killer_first(answer)
        gained = sum(
            1.0 if test in passed else self._gain(test, answer.tests.get(test))
            for test in self._order[: self._gate]
        )
        return Trial(passed, len(self.targets), gained, timed_out)

    def _holds(self, target: str, answer: Answer) -> bool:
        if target in self.baseline.broken:
            runs = [run for run in answer.tests.values() if run.id.startswith(f"{target}::")]
            complete = answer.outcome == "ended" and not answer.broken and runs
            return bool(complete) and all(run.outcome != "failed" for run in runs)
        run = answer.tests.get(target)
        return run is not None and run.passed

    def _gain(self, test: str, run: TestRun | None) -> float:
        if run is None:
            return 0.0
        return 0.5 if _depth(run) > self._start_line[test] > 0 else 0.0

    def _move_killer_first(self, answer: Answer) -> None:
        failed = next((run.id for run in answer.tests.values() if not run.passed), None)
        if failed in self._order and self._gate <= 1 and failed is not None:
            self._order.remove(failed)
            self._order.insert(0, failed)

    def _seconds(self, test: str) -> float:
        run = self.baseline.run_of(test)
        return self._likely_s if run.outcome == "timeout" else run.seconds

    def _paths_of(self, tests: Sequence[str]) -> list[str]:
        return sorted({self.baseline.file_of(test) for test in tests})


def _timed_out(answer: Answer) -> bool:
    return answer.outcome == "timeout" or any(
        run.outcome == "timeout" for run in answer.tests.values()
    )


def _depth(run: TestRun) -> int:
    """Line of the test that its failure came from: a later one is progress."""
    return next((frame.line for frame in run.frames), 0)
