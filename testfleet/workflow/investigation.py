"""Failures that passed alone are looked into: after which of the tests before them do they fail?

Failed tests have run again alone by then. Each round of an investigation runs some of them once
more, alone or after tests that ran before them in the same process, as `triage.flaky_plan` asks.
Its state is what lies in the bucket: the shards of all rounds and their results. So a step may be
repeated, and a run that was stopped goes on where it was.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from pydantic import TypeAdapter

from testfleet.contracts.failure import FlakyCategory, Judgement
from testfleet.contracts.plan import HOME_SHARD, PlannedUnit, Shard, file_of
from testfleet.contracts.report import TestReport
from testfleet.contracts.result import Outcome, ShardResult, TestResult
from testfleet.planning.prediction.predict import MIN_UNIT_S
from testfleet.triage.cluster_report import Classify
from testfleet.triage.flaky_plan import (
    BUDGET_FACTOR,
    Before,
    Case,
    Ran,
    Rerun,
    next_step,
    next_steps,
)
from testfleet.workflow.records import RunRecords

MAX_ROUNDS: Final = 10
"""Each halves the tests that may be to blame, and costs the start of a process."""
MAX_BEFORE: Final = 2_000
LEAST_BUDGET_S: Final = 10.0
"""Seconds of tests that an investigation may cost in any case: twice the time of a test that takes
milliseconds finds nothing out."""
FRAMEWORK: Final = "pytest"
"""The only one whose workers can run chosen tests of several files in one process, in order."""
_MAX_TEXT: Final = 50_000
_RED: Final = (Outcome.FAILED, Outcome.ERROR, Outcome.FLAKY)
_BAD: Final = (Outcome.FAILED, Outcome.ERROR)
_GOOD: Final = (Outcome.PASSED, Outcome.FLAKY)
_SHARDS: Final = TypeAdapter(tuple[Shard, ...])


def investigation_shards(records: RunRecords) -> tuple[Shard, ...]:
    """The shards of all rounds of investigation so far."""
    body = records.objects.get(records.keys.investigation)
    return _SHARDS.validate_json(body) if body else ()


def alone_again(shards: Iterable[Shard]) -> list[Shard]:
    """Of an investigation's shards those that tell whether a test passes by itself."""
    return [shard for shard in shards if not shard.together]


@dataclass(frozen=True)
class Investigation:
    """The failures of one run that were run again, and what came of it."""

    records: RunRecords
    tests: Sequence[TestReport]
    """As judged so far, with the message of their first failure."""
    confirming: Sequence[Shard]
    classify: Classify
    was_flaky: Sequence[str] = ()
    """Tests whose past says so."""

    def next_round(self) -> tuple[Shard, ...]:
        """Shards to run now; none when everything is judged, or more would cost too much."""
        waiting = self._unanswered()
        if waiting or self._rounds >= MAX_ROUNDS or self._framework != FRAMEWORK:
            return waiting
        steps = next_steps(self._open(), self._outcomes, self._budget_s())
        asked = [step for step in steps.values() if isinstance(step, Rerun)]
        shards = tuple(self._shard(at, rerun) for at, rerun in enumerate(asked))
        if shards:
            everything = (*self._shards, *shards)
            key = self.records.keys.investigation
            self.records.objects.put(key, _SHARDS.dump_json(everything))
        return shards

    def judgements(self) -> dict[str, Judgement]:
        """What can be said of every failure that was run again, by test id."""
        judged = {
            case.test: next_step(case, self._outcomes[case.test], affordable=False)
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
    def _shards(self) -> tuple[Shard, ...]:
        return investigation_shards(self.records)

    @property
    def _rounds(self) -> int:
        return len({_round(shard) for shard in self._shards})

    def _unanswered(self) -> tuple[Shard, ...]:
        """The last round, if this step was interrupted before anybody ran it."""
        last = [shard for shard in self._shards if _round(shard) == f"i{self._rounds}"]
        is_known = any(shard.id in self._results for shard in last)
        return () if is_known or self.records.losses(last) else tuple(last)

    @cached_property
    def _results(self) -> Mapping[str, ShardResult]:
        shards = [*self.confirming, *self._shards]
        return {
            result.shard_id: result
            for result in self.records.results(shards)
            if result.run_id == self.records.run_id
        }

    @cached_property
    def _cases(self) -> list[Case]:
        tried = {test for shard in self._alone for test in shard.tests}
        red = [
            test
            for test in self.tests
            if test.outcome in _RED and test.id in tried and "::" in test.id
        ]
        red = [test for test in red if self._outcomes[test.id]]
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
        asked = [shard for shard in self._shards if not self._outcome(shard)]
        stuck = {shard.tests[-1] for shard in asked}
        return [case for case in self._cases if case.test not in stuck]

    def _budget_s(self) -> float:
        """For what is open; what is stuck has had its share."""
        own = sum(case.seconds for case in self._cases)
        return max(LEAST_BUDGET_S, BUDGET_FACTOR * own)

    @cached_property
    def _alone(self) -> list[Shard]:
        confirming = [each for each in self.confirming if not each.id.endswith(f"-{HOME_SHARD}")]
        return [*confirming, *alone_again(self._shards)]

    @cached_property
    def _outcomes(self) -> Mapping[str, list[Ran]]:
        """By test: how it ended alone, then after others, in the order in which that was asked."""
        alone, after = defaultdict[str, list[Ran]](list), defaultdict[str, list[Ran]](list)
        for shard in self._alone:
            for test in self._tests_of(shard):
                if test.outcome in (*_GOOD, *_BAD):
                    alone[test.id].append(_ran(test, test.duration_s))
        for shard in self._shards:
            found = self._outcome(shard) if shard.together else None
            if found:
                after[shard.tests[-1]].append(found)
        outcomes = defaultdict[str, list[Ran]](list)
        for name, runs in alone.items():
            passed = [ran for ran in runs if ran.passed]
            # One pass settles how it is alone, whenever it came.
            outcomes[name] = [*(passed[:1] or runs), *after[name]]
        return outcomes

    def _outcome(self, shard: Shard) -> Ran | None:
        seconds = sum(test.duration_s for test in self._tests_of(shard))
        for test in self._tests_of(shard):
            if test.id == shard.tests[-1] and test.outcome in (*_GOOD, *_BAD):
                return _ran(test, seconds)
        return None

    def _tests_of(self, shard: Shard) -> Sequence[TestResult]:
        result = self._results.get(shard.id)
        return result.tests if result else ()

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
            id=f"i{self._rounds + 1}-{number:04}",
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
        return next(shard for shard in self._alone if test in shard.tests)


def _round(shard: Shard) -> str:
    return shard.id.partition("-")[0]


def _ran(test: TestResult, seconds: float) -> Ran:
    return Ran(test.outcome in _GOOD, test.message, seconds)
