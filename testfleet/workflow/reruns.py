"""Failed tests that were run again: in which shards, and how they ended."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from pydantic import TypeAdapter

from testfleet.contracts.plan import HOME_SHARD, Shard
from testfleet.contracts.result import Outcome, ShardResult, TestResult
from testfleet.triage.flaky.plan import Ran
from testfleet.workflow.records import RunRecords

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
class Reruns:
    """What was run again of one run, and what came of it."""

    records: RunRecords
    confirming: Sequence[Shard]
    """Shards that ran failed tests again before anything was investigated."""

    def add(self, shards: Sequence[Shard]) -> None:
        """Note another round."""
        key = self.records.keys.investigation
        self.records.objects.put(key, _SHARDS.dump_json((*self.shards, *shards)))

    @cached_property
    def shards(self) -> tuple[Shard, ...]:
        """Those of all rounds of investigation."""
        return investigation_shards(self.records)

    @property
    def rounds(self) -> int:
        """Rounds of investigation so far."""
        return len({_round(shard) for shard in self.shards})

    def unanswered(self) -> tuple[Shard, ...]:
        """The last round, if this step was interrupted before anybody ran it."""
        last = [shard for shard in self.shards if _round(shard) == f"i{self.rounds}"]
        is_known = any(shard.id in self._results for shard in last)
        return () if is_known or self.records.losses(last) else tuple(last)

    @cached_property
    def _results(self) -> Mapping[str, ShardResult]:
        shards = [*self.confirming, *self.shards]
        return {
            result.shard_id: result
            for result in self.records.results(shards)
            if result.run_id == self.records.run_id
        }

    @cached_property
    def alone(self) -> list[Shard]:
        """Shards that ran each of their tests by itself."""
        confirming = [each for each in self.confirming if not each.id.endswith(f"-{HOME_SHARD}")]
        return [*confirming, *alone_again(self.shards)]

    @cached_property
    def outcomes(self) -> Mapping[str, list[Ran]]:
        """By test: how it ended alone, then after others, in the order in which that was asked."""
        alone, after = defaultdict[str, list[Ran]](list), defaultdict[str, list[Ran]](list)
        for shard in self.alone:
            for test in self._tests_of(shard):
                if test.outcome in (*_GOOD, *_BAD):
                    alone[test.id].append(_ran(test, test.duration_s))
        for shard in self.shards:
            found = self.outcome(shard) if shard.together else None
            if found:
                after[shard.tests[-1]].append(found)
        outcomes = defaultdict[str, list[Ran]](list)
        for name, runs in alone.items():
            passed = [ran for ran in runs if ran.passed]
            # One pass settles how it is alone, whenever it came.
            outcomes[name] = [*(passed[:1] or runs), *after[name]]
        return outcomes

    def outcome(self, shard: Shard) -> Ran | None:
        """How the test ended that the shard was for. None when it did not."""
        seconds = sum(test.duration_s for test in self._tests_of(shard))
        for test in self._tests_of(shard):
            if test.id == shard.tests[-1] and test.outcome in (*_GOOD, *_BAD):
                return _ran(test, seconds)
        return None

    def _tests_of(self, shard: Shard) -> Sequence[TestResult]:
        result = self._results.get(shard.id)
        return result.tests if result else ()


def _round(shard: Shard) -> str:
    return shard.id.partition("-")[0]


def _ran(test: TestResult, seconds: float) -> Ran:
    return Ran(test.outcome in _GOOD, test.message, seconds)
