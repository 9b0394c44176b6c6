"""Failures that passed alone are looked into: after which of the tests before them do they fail?

Failed tests have run again alone by then. Each round of an investigation runs some of them once
more, alone or after tests that ran before them in the same process, as `triage.flaky_plan` asks.
Its state is what lies in the bucket: the shards of all rounds and their results. So a step may be
repeated, and a run that was stopped goes on where it was.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from pydantic import TypeAdapter

from testfleet.contracts.failure import FlakyCategory, Judgement
from testfleet.contracts.plan import PlannedUnit, Shard, file_of
from testfleet.contracts.report import TestReport
from testfleet.contracts.result import Outcome, TestResult
from testfleet.planning.prediction.predict import MIN_UNIT_S
from testfleet.triage.clusters.report import Classify
from testfleet.triage.flaky.investigation import MAX_ALONE
from testfleet.triage.flaky.plan import (
    BUDGET_FACTOR,
    Before,
    Case,
    Rerun,
    next_step,
    next_steps,
)
from testfleet.workflow.records import RunRecords
from testfleet.workflow.reruns import Reruns

MAX_ROUNDS: Final = 10
"""Each halves the tests that may be to blame, and costs the start of a process."""
MAX_BEFORE: Final = 2_000
LEAST_BUDGET_S: Final = 10.0
"""Seconds of tests that an investigation may cost in any case: twice the time of a test that takes
milliseconds finds nothing out."""
FRAMEWORK: Final = "pytest"
"""The only one whose workers can run chosen tests of several files in one process, in order."""
_MAX_TEXT: Final = 50_000
_QUICK_S: Final = 1.0
_RED: Final = (Outcome.FAILED, Outcome.ERROR, Outcome.FLAKY)
_BAD: Final = (Outcome.FAILED, Outcome.ERROR)
_GOOD: Final = (Outcome.PASSED, Outcome.FLAKY)
_SHARDS: Final = TypeAdapter(tuple[Shard, ...])


@dataclass(frozen=True)
class Investigation:
    """The failures of one run that were run again, and what came of it."""

    records: RunRecords
    tests: Sequence[TestReport]
    """As judged so far, with the message of their first failure."""
    confirming: Sequence[Shard]
    classify: Classify
    rounds: int = MAX_ROUNDS
    """At most so many."""
    was_flaky: Sequence[str] = ()
    """Tests whose past says so."""

    @cached_property
    def _reruns(self) -> Reruns:
        return Reruns(self.records, self.confirming)

    def next_round(self) -> tuple[Shard, ...]:
        """Shards to run now; none when everything is judged, or more would cost too much."""
        waiting = self._reruns.unanswered()
        if waiting or self._reruns.rounds >= self.rounds or self._framework != FRAMEWORK:
            return waiting
        steps = next_steps(self._open(), self._reruns.outcomes, self._budget_s())
        asked = [
            step
            for step in steps.values()
            if isinstance(step, Rerun)
            for _ in range(self._times(step))
        ]
        shards = tuple(self._shard(at, rerun) for at, rerun in enumerate(asked))
        if shards:
            self._reruns.add(shards)
        return shards

    def _times(self, rerun: Rerun) -> int:
        """How often it is asked for in one round: what is quick fails as often as it may at once,
        since a round costs more."""
        test = rerun.tests[-1]
        left = max(1, MAX_ALONE - len(self._reruns.outcomes[test]))
        return left if len(rerun.tests) == 1 and left * rerun.seconds <= _QUICK_S else 1

    def judgements(self) -> dict[str, Judgement]:
        """What can be said of every failure that was run again, by test id."""
        judged = {
            case.test: next_step(case, self._reruns.outcomes[case.test], affordable=False)
            for case in self._cases
        }
        return {
            test: self._told(found)
            for test, found in judged.items()
            if isinstance(found, Judgement)
        }

    def _told(self, judged: Judgement) -> Judgement:
        if self._framework == FRAMEWORK or judged.category is not FlakyCategory.UNKNOWN:
            return judged
        reason = f"passed alone; what it depends on is not tried with {self._framework}"
        return judged.model_copy(update={"reason": reason})

    @cached_property
    def _framework(self) -> str:
        plans = self.records.plans()
        return plans[0].framework if plans else ""

    @cached_property
    def _cases(self) -> list[Case]:
        tried = {test for shard in self._reruns.alone for test in shard.tests}
        red = [
            test
            for test in self.tests
            if test.outcome in _RED and test.id in tried and "::" in test.id
        ]
        red = [test for test in red if self._reruns.outcomes[test.id]]
        told = self.classify([f"{test.message}\n{test.longrepr}"[:_MAX_TEXT] for test in red])
        return [
            Case(
                test=test.id,
                seconds=test.duration_s,
                message=test.message,
                before=tuple(self._before(test)),
                cause=label.cause if label else None,
                was_flaky=test.id in self.was_flaky,
                stack=test.longrepr[:_MAX_TEXT],
            )
            for test, label in zip(red, told, strict=True)
        ]

    def _open(self) -> list[Case]:
        """Cases in which every rerun that was asked for has told something."""
        asked = [shard for shard in self._reruns.shards if not self._reruns.outcome(shard)]
        stuck = {shard.tests[-1] for shard in asked}
        return [case for case in self._cases if case.test not in stuck]

    def _budget_s(self) -> float:
        """For what is open; what is stuck has had its share."""
        own = sum(case.seconds for case in self._cases)
        return max(LEAST_BUDGET_S, BUDGET_FACTOR * own)

    def _before(self, test: TestReport) -> Iterator[Before]:
        """Tests that ran in the same shard before it."""
        found: list[Before] = []
        for other in self._first.get(test.shard, ()):
            if other.id == test.id:
                yield from found[-MAX_BEFORE:]
                return
            if other.outcome not in (Outcome.SKIPPED, Outcome.LOST):
                found.append(Before(other.id, other.duration_s))

    @cached_property
    def _first(self) -> Mapping[str, Sequence[TestResult]]:
        """Tests of the shards that ran the suite, in the order in which they ended."""
        return {result.shard_id: result.tests for result in self.records.results(self._planned)}

    @cached_property
    def _planned(self) -> list[Shard]:
        return [shard for plan in self.records.plans() for shard in plan.shards]

    def _shard(self, number: int, rerun: Rerun) -> Shard:
        seconds = {test.id: max(test.duration_s, MIN_UNIT_S) for test in self.tests}
        files = {test.id: test.file for test in self.tests}
        spent: defaultdict[str, float] = defaultdict(float)
        for test in rerun.tests:
            spent[files.get(test) or file_of(test.partition("::")[0])] += seconds.get(test, 0.0)
        home = self._home_of(rerun.tests[-1])
        return Shard(
            id=f"i{self._reruns.rounds + 1}-{number:04}",
            profile=home.profile,
            compute=home.compute,
            units=tuple(
                PlannedUnit(id=file, predicted_s=cost, known=True) for file, cost in spent.items()
            ),
            tests=rerun.tests,
            together=len(rerun.tests) > 1,
        )

    def _home_of(self, test: str) -> Shard:
        """The shard that ran it alone: it could."""
        return next(shard for shard in self._reruns.alone if test in shard.tests)
