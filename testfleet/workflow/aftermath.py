"""The steps after the last round: failures are run again, looked into, and told to a model."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import TypeAdapter

from testfleet.contracts.plan import Shard
from testfleet.contracts.report import TestReport
from testfleet.contracts.result import Outcome
from testfleet.planning.rounds.confirmation import Failures
from testfleet.workflow.diagnosis import MAX_FAILURES, tests_without_secrets
from testfleet.workflow.question import Question
from testfleet.workflow.reporting import aggregate_so_far, confirm_shards_of
from testfleet.workflow.step import Step, StepAnswer

_SHARDS = TypeAdapter(tuple[Shard, ...])
_RED = (Outcome.FAILED, Outcome.ERROR, Outcome.FLAKY)


class Aftermath(Step):
    """What is done about failures before they are reported."""

    def aggregate(self) -> StepAnswer:
        """Put the rounds together; `shards` is the number that confirm failures, `blocked` that of
        the files that may run after all if these turn out to be chance."""
        prepared = self._records.prepared()
        found, plans = aggregate_so_far(self._records), self._records.plans()
        earlier = confirm_shards_of(self._records)
        shards = Failures(
            tests=found.tests,
            earlier=earlier,
            place=self._place(prepared),
            cut_files={file for plan in plans for file in plan.splits},
            has_parts=sum(len(plan.shards) for plan in plans) > 1,
            framework=prepared.suite.framework if prepared.suite else "pytest",
        ).shards()
        ask = self._asks_model(found.tests)
        if not shards or self._records.is_cancelled():
            return self._answer(shards=0, ask=ask)
        everything = (*earlier, *shards)
        self._world.objects.put(self._records.keys.confirmation, _SHARDS.dump_json(everything))
        key = self._writer(prepared).write_confirmation(shards)
        return self._answer_map(
            shards, items_key=key, round=len(plans), blocked=len(found.blocked), ask=ask
        )

    def investigate(self) -> StepAnswer:
        """Look into failures that passed alone; `shards` is the number that run some of them again,
        alone or after the tests before them."""
        shards = () if self._records.is_cancelled() else self._reporter().investigation.next_round()
        ask = self._asks_model(aggregate_so_far(self._records).tests)
        if not shards:
            return self._answer(shards=0, ask=ask)
        plans = self._records.plans()
        writer = self._writer(self._records.prepared())
        key = writer.write_confirmation(shards, ordered=plans[0].ordered)
        return self._answer_map(shards, items_key=key, round=len(plans), blocked=0, ask=ask)

    def ask_model(self, token: str) -> StepAnswer:
        """Ask the classifier's endpoint about the failures; it gives the token back."""
        tests = tests_without_secrets(aggregate_so_far(self._records).tests)
        if self._world.model is not None:
            question = Question(self._world.objects, self.run_id)
            question.ask(tests[:MAX_FAILURES], token, self._world.model)
        return self._answer()

    def _asks_model(self, tests: Sequence[TestReport]) -> bool:
        if self._world.model is None or self._records.is_cancelled():
            return False
        return any(test.outcome in _RED for test in tests)
