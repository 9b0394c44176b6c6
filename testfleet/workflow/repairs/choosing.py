"""Which of a run's failures are repaired, by which engines, and in which order."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from testfleet.contracts.failure import Failure, FailureCluster, FailureVerdict, Priority
from testfleet.contracts.repair_work import RepairPlan, RepairRequest
from testfleet.contracts.report import RunReport
from testfleet.contracts.routing import Routing
from testfleet.planning.placement.place import Place
from testfleet.workflow.prepared import PreparedRun
from testfleet.workflow.repairs.budget import affordable

MOST_TESTS: Final = 60
"""Of one cluster; the others are part of the whole suite."""
MOST_CLUSTERS: Final = 1000
SEARCH_ENGINES: Final = ("rewrite", "tools")
MODEL_ENGINE: Final = "model"
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_HOPELESS: Final = {
    FailureVerdict.FLAKY: "is flaky: no repair can be proved by a test that passes now and then",
    FailureVerdict.INFRASTRUCTURE: "is the infrastructure's, and no patch of the code mends it",
}


@dataclass(frozen=True)
class Choice:
    """Everything that the choice rests on."""

    request: RepairRequest
    report: RunReport
    prepared: PreparedRun
    routing: Routing
    place: Place

    def plans(self) -> tuple[list[RepairPlan], list[str]]:
        """A plan for each cluster that is repaired, the most urgent first, and why others are
        not."""
        plans: list[RepairPlan] = []
        left_out = list(self._unknown())
        for cluster in self._asked()[:MOST_CLUSTERS]:
            found = self._plan(cluster)
            if isinstance(found, str):
                left_out.append(f"{cluster.id}: {cluster.title[:80]}: {found}")
            else:
                plans.append(found)
        # The report's order, which is by urgency, decides within a priority.
        return sorted(plans, key=lambda plan: plan.priority), left_out

    def _asked(self) -> list[FailureCluster]:
        wanted = set(self.request.clusters)
        return [each for each in self.report.clusters if not wanted or each.id in wanted]

    def _unknown(self) -> Iterator[str]:
        known = {cluster.id for cluster in self.report.clusters}
        for name in self.request.clusters:
            if name not in known:
                shown = ", ".join(sorted(known)[:10]) or "none"
                yield f"{name}: the run has no such cluster; it has {shown}"

    def _plan(self, cluster: FailureCluster) -> RepairPlan | str:
        """The plan, or why there is none."""
        reason = self._why_not_here()
        if reason:
            return reason
        failures = [each for each in self.report.failures if each.cluster == cluster.id]
        tests = _repairable(failures)
        engines = self._engines(cluster)
        profile = self.place.usual
        budget = affordable(self.request.budget, self.place.profiles[profile])
        if not _NAME.fullmatch(cluster.id):
            return "its id is no name"
        if not tests:
            return _why_none(failures)
        if not engines:
            return "routing hands it to a person, not to an engine"
        if budget is None:
            return f"{self.request.budget.usd:g} USD do not pay for one worker on {profile}"
        return RepairPlan(
            repair_id=self.request.repair_id,
            cluster=cluster.id,
            title=cluster.title,
            priority=int(cluster.route.priority if cluster.route else Priority.LOW),
            fingerprints=cluster.fingerprints,
            tests=tuple(tests[:MOST_TESTS]),
            engines=engines,
            budget=budget,
            profile=profile,
        )

    def _why_not_here(self) -> str:
        """Why the fleet cannot repair this suite; empty when it can."""
        suite = self.prepared.suite
        if suite is None or suite.framework == "pytest":
            needs = bool(suite and suite.services)
            return "its suite needs services, which repairs do not start" if needs else ""
        return f"suites of {suite.framework} are repaired at home: `testfleet fix`"

    def _engines(self, cluster: FailureCluster) -> tuple[str, ...]:
        """As asked for, or by config/routing.toml: an engine with a model asks it beside the
        search; a route without an engine is a person's."""
        if self.request.engines:
            return self.request.engines
        if cluster.route is None:
            return SEARCH_ENGINES
        engine = self.routing.engines.get(cluster.route.engine)
        if engine is None:
            return ()
        return (*SEARCH_ENGINES, MODEL_ENGINE) if engine.model else SEARCH_ENGINES


def _repairable(failures: Sequence[Failure]) -> list[str]:
    return [
        each.test
        for each in failures
        if each.judgement is None or each.judgement.verdict not in _HOPELESS
    ]


def _why_none(failures: Sequence[Failure]) -> str:
    verdicts = [each.judgement.verdict for each in failures if each.judgement]
    return _HOPELESS[verdicts[0]] if verdicts else "none of its tests is known"
