"""The steps of `run-tests`, one function a state. Each reads and writes the run's records.

A step answers with ids, keys and numbers only. What the user did wrong does not fail the
workflow: it rejects the run, and the report says why.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Final

from testfleet.contracts.event import GivenUp
from testfleet.contracts.report import RunReport
from testfleet.contracts.result import Outcome, WorkerError, WorkerErrorType
from testfleet.errors import FleetError
from testfleet.workflow.aftermath import Aftermath
from testfleet.workflow.losses import describe_cause
from testfleet.workflow.preparation import Preparation
from testfleet.workflow.rounds import PlanRounds
from testfleet.workflow.step import StepAnswer, World

__all__ = ["RunTests", "StepAnswer", "World"]

_NAMED_UNITS: Final = 500
_TEXT_LIMIT: Final = 2000
_log = logging.getLogger(__name__)


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
        self._send_what_is_lost(report)
        return self._answer(status=report.status.value)

    def _send_what_is_lost(self, report: RunReport) -> None:
        """What somebody has stopped was not given up: it needs no letter."""
        letters, was_stopped = self._world.dead_letters, self._records.is_cancelled()
        if letters is None or was_stopped:
            return
        units = sorted({test.file for test in report.tests if test.outcome is Outcome.LOST})
        if not units:
            return
        told = "; ".join(dict.fromkeys(error.message for error in report.errors))
        letter = GivenUp(
            run_id=report.run_id, units=tuple(units[:_NAMED_UNITS]), text=told[:_TEXT_LIMIT]
        )
        try:
            letters.send(letter)
        except FleetError as exc:
            # The report is there, and tells the same.
            _log.warning("run %s: no dead letter: %s", report.run_id, exc)
