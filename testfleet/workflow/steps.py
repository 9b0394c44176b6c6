"""The steps of `run-tests`, one function a state. Each reads and writes the run's records.

A step answers with ids, keys and numbers only. What the user did wrong does not fail the
workflow: it rejects the run, and the report says why.
"""

from __future__ import annotations

from collections.abc import Mapping

from testfleet.contracts.result import WorkerError, WorkerErrorType
from testfleet.workflow.aftermath import Aftermath
from testfleet.workflow.losses import describe_cause
from testfleet.workflow.preparation import Preparation
from testfleet.workflow.rounds import PlanRounds
from testfleet.workflow.step import StepAnswer, World

__all__ = ["RunTests", "StepAnswer", "World"]


class RunTests(Preparation, PlanRounds, Aftermath):
    """The steps of one run, to its report."""

    def report(self) -> StepAnswer:
        """Write the report, tell history, and give the share of the quotas back."""
        return self._end(None)

    def report_failure(self, error: Mapping[str, str]) -> StepAnswer:
        """Write a report although the workflow itself failed."""
        cause = describe_cause(error)
        failure = WorkerError(
            type=WorkerErrorType.INTERNAL,
            message=f"the workflow failed: {cause}; nothing of this run is in doubt but what is "
            "missing from its report: run it again",
        )
        return self._end(failure)

    def _end(self, failure: WorkerError | None) -> StepAnswer:
        report = self._reporter().report(failure)
        self._admission.give_back(report.cost.usd)
        return self._answer(status=report.status.value)
