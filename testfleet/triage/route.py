"""From a failure's class to an engine, a model and a priority. Rules are config/routing.toml."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import log1p

from testfleet.contracts.failure import Classification, FailureVerdict, Priority, Route
from testfleet.contracts.routing import Routing, RoutingRule


class Branch(StrEnum):
    """Where the tested commit stands."""

    DEFAULT = "default"
    RELEASE = "release"
    PULL_REQUEST = "pull-request"
    OTHER = "other"


_BRANCHES: Mapping[Branch, float] = {
    Branch.DEFAULT: 1.0,
    Branch.RELEASE: 1.0,
    Branch.PULL_REQUEST: 0.5,
    Branch.OTHER: 0.2,
}


@dataclass(frozen=True)
class Concern:
    """A failure or a cluster of failures that somebody should look at."""

    name: str
    """Orders those with equal scores."""
    classification: Classification | None
    verdict: FailureVerdict = FailureVerdict.UNCONFIRMED
    tests: int = 1
    """Tests that fail for this cause."""
    of_tests: int = 1
    """All tests of the run."""
    branch: Branch = Branch.OTHER
    age_days: float = 0.0
    """Since the cause was first seen."""
    is_blocking: bool = False
    quarantined: bool = False

    @property
    def is_harmless(self) -> bool:
        """Nobody waits for it: it never goes before a failure that is real."""
        return self.quarantined or self.verdict is FailureVerdict.FLAKY


def route(
    concerns: Sequence[Concern], rules: Routing, load: Mapping[str, int] | None = None
) -> list[Route]:
    """The route of each, in the order given.

    Engines are handed out by priority, so that the critical ones get the specialists. `load` is how
    many failures each engine has to look at already.
    """
    judged = [(*_priority(concern, rules), concern) for concern in concerns]
    order = sorted(
        range(len(judged)), key=lambda at: (judged[at][0], -judged[at][1], judged[at][2].name)
    )
    waiting = defaultdict(int, load or {})
    found: dict[int, Route] = {}
    for at in order:
        priority, score, concern = judged[at]
        rule = _rule(concern, rules.rules)
        engine, why = _engine(rule, rules, waiting)
        if engine:
            waiting[engine] += 1
        found[at] = Route(
            engine=engine or "none",
            model=rules.engines[engine].model if engine else None,
            actions=rule.actions,
            priority=priority,
            score=round(score, 4),
            reasons=(f"rule: {rule.name}", *why, *_reasons(concern)),
        )
    return [found[at] for at in range(len(judged))]


def by_urgency(routes: Iterable[tuple[str, Route]]) -> list[str]:
    """The names, critical ones first."""
    ordered = sorted(routes, key=lambda each: (each[1].priority, -each[1].score, each[0]))
    return [name for name, _ in ordered]


def _rule(concern: Concern, rules: Sequence[RoutingRule]) -> RoutingRule:
    told = concern.classification
    for rule in rules:
        if rule.domains and (told is None or told.domain not in rule.domains):
            continue
        if rule.causes and (told is None or told.cause not in rule.causes):
            continue
        if not rule.verdicts or concern.verdict in rule.verdicts:
            return rule
    return rules[-1]


def _engine(
    rule: RoutingRule, rules: Routing, waiting: Mapping[str, int]
) -> tuple[str | None, tuple[str, ...]]:
    """The engine where waiting and the detour from the specialist cost least together."""
    if not rule.engines:
        return None, ()
    costs = [
        (rank * rules.detour + waiting.get(name, 0) // rules.engines[name].parallel, rank, name)
        for rank, name in enumerate(rule.engines)
    ]
    _, rank, name = min(costs)
    why = (f"{rule.engines[0]} has too much to do",) if rank else ()
    return name, why


def _priority(concern: Concern, rules: Routing) -> tuple[Priority, float]:
    weights, told = rules.priority.weights, concern.classification
    facts = (
        (weights.blast_radius, _blast_radius(concern)),
        (weights.blocking, float(concern.is_blocking and not concern.quarantined)),
        (weights.branch, _BRANCHES[concern.branch]),
        (weights.age, 0.5 ** (max(0.0, concern.age_days) / rules.priority.half_life_days)),
        (weights.confidence, told.confidence if told else 0.0),
    )
    total = sum(weight for weight, _ in facts)
    score = sum(weight * value for weight, value in facts) / total if total else 0.0
    steps = rules.priority
    if concern.is_harmless:
        return Priority.LOW, score
    if score >= steps.critical_from:
        return Priority.CRITICAL, score
    if score >= steps.high_from:
        return Priority.HIGH, score
    return (Priority.MEDIUM if score >= steps.medium_from else Priority.LOW), score


def _blast_radius(concern: Concern) -> float:
    tests = max(1, concern.tests)
    return log1p(tests) / log1p(max(tests, concern.of_tests)) if concern.of_tests > 1 else 0.5


def _reasons(concern: Concern) -> tuple[str, ...]:
    reasons = [f"{concern.tests} of {concern.of_tests} tests, branch: {concern.branch.value}"]
    if concern.is_blocking and not concern.quarantined:
        reasons.append("blocks")
    if concern.quarantined:
        reasons.append("in quarantine")
    if concern.verdict is not FailureVerdict.UNCONFIRMED:
        reasons.append(f"judged {concern.verdict.value}")
    return tuple(reasons)
