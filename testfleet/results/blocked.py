"""What was left out because a file that it needs did not pass."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from testfleet.contracts.dependencies import Dependency, blocked_by
from testfleet.contracts.plan import Plan, file_of
from testfleet.contracts.report import TestReport
from testfleet.contracts.result import Outcome, UnitStatus
from testfleet.results.claims import JudgedUnit

BLOCKED: Final = "blocked by "
_BY_WORKER: Final = f"Skipped: {BLOCKED}"
"""How the message of a test begins that a worker has skipped."""
_FAILED: Final = (Outcome.FAILED, Outcome.ERROR)
_FAIL_FAST: Final = "not run: an earlier failure stopped the run (--fail-fast)"


@dataclass(frozen=True)
class LeftOut:
    """Units that were not run on purpose, told from those that were lost."""

    plans: Sequence[Plan]
    units: Sequence[JudgedUnit]
    tests: Sequence[TestReport]
    """With their final outcome: what turned out to be flaky blocks nothing."""
    fail_fast: bool = False

    @cached_property
    def reasons(self) -> Mapping[str, str]:
        """By file why it was not run. Empty in a run without dependencies."""
        if not self.plans or not self.plans[0].dependencies:
            return {}
        rules = self.plans[0].dependencies
        failed = {test.file for test in self.tests if test.outcome in _FAILED}
        by_failure = blocked_by(rules, failed)
        lost = _first(rules, self._lost() - failed - by_failure.keys())
        blocked = blocked_by(rules, failed | lost)
        words = dict.fromkeys(failed, "failed") | dict.fromkeys(lost, "lost")
        return (
            self._held_back()
            | self._stopped()
            | {file: f"{BLOCKED}{root} ({words[root]})" for file, root in blocked.items()}
        )

    @property
    def notes(self) -> list[str]:
        """For each reason, how many files it has kept from running."""
        counts = Counter(self.reasons.values())
        return [
            f"{count} file{'s' * (count > 1)} not run: {reason}"
            for reason, count in sorted(counts.items())
            if reason.startswith(BLOCKED)
        ]

    def judged_units(self) -> list[JudgedUnit]:
        """The units, those that were left out marked as stopped."""
        return [
            replace(judged, unit=judged.unit.model_copy(update={"status": UnitStatus.STOPPED}))
            if file_of(judged.unit.id) in self.reasons
            else judged
            for judged in self.units
        ]

    def judged_tests(self) -> list[TestReport]:
        """The tests, those of units that were left out skipped, with the reason."""
        return [self._judge(test) for test in self.tests]

    def _judge(self, test: TestReport) -> TestReport:
        reason = self.reasons.get(test.file)
        if reason is None:
            return test
        if test.outcome is Outcome.LOST:
            shard = test.shard if test.shard in self._shards else ""
            return test.model_copy(
                update={"outcome": Outcome.SKIPPED, "message": reason, "shard": shard}
            )
        return test.model_copy(update={"message": reason}) if _is_held_back(test) else test

    @cached_property
    def _shards(self) -> set[str]:
        return {shard.id for plan in self.plans for shard in plan.shards}

    @cached_property
    def _started(self) -> set[str]:
        return {unit.id for plan in self.plans for shard in plan.shards for unit in shard.units}

    def _lost(self) -> set[str]:
        """Files of which something was started and did not come to its end."""
        return {
            file_of(judged.unit.id)
            for judged in self.units
            if judged.unit.status is UnitStatus.UNFINISHED and judged.unit.id in self._started
        }

    def _held_back(self) -> dict[str, str]:
        """What workers have skipped, though its reason may have turned out to be chance."""
        return {
            test.file: test.message.removeprefix("Skipped: ")
            for test in self.tests
            if _is_held_back(test)
        }

    def _stopped(self) -> dict[str, str]:
        """What a run that ends with its first failure has never started."""
        failures = (*_FAILED, Outcome.FLAKY)
        if not self.fail_fast or not any(test.outcome in failures for test in self.tests):
            return {}
        later = [unit.id for shard in self.plans[0].later for unit in shard.units]
        return {file_of(unit): _FAIL_FAST for unit in later if unit not in self._started}


def _is_held_back(test: TestReport) -> bool:
    return test.outcome is Outcome.SKIPPED and test.message.startswith(_BY_WORKER)


def _first(rules: Sequence[Dependency], lost: set[str]) -> set[str]:
    """Those of the lost files that none of the others is the reason for."""
    out = lost | blocked_by(rules, lost).keys()
    held = {unit for rule in rules if not out.isdisjoint(rule.providers) for unit in rule.units}
    return lost - held
