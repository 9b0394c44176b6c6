"""How risky a change is, why, and what should be done about it.

The score is the probability that a test fails after the change, by a logistic regression over
`testfleet.planning.risk.features`. Its weights are those of the rules until outcomes of past
changes are known, and move from there. A score is always the sum of what its features add, and
each that adds something says so in a sentence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from testfleet.contracts.risk import Category, FileKind, RiskModel, RiskRules
from testfleet.planning.risk.features import (
    FEATURES,
    ChangedFile,
    Features,
    PathPast,
    Sorted,
    Sorter,
)
from testfleet.planning.risk.logistic import log_odds, prior, probability

ENOUGH_SEEN: Final = 20
"""Changes with known outcomes from which on the score counts as learnt."""
_ORDER: Final = tuple(Category)


@dataclass(frozen=True)
class Factor:
    """One feature of the change and what it adds."""

    name: str
    value: float
    """0 to 1."""
    adds: float
    """To the log-odds of a failure; never less than 0."""
    reason: str


@dataclass(frozen=True)
class Risk:
    """The judgement about a change."""

    score: float
    """0 to 1: the chance that a test fails after it."""
    category: Category
    """Of the worst file."""
    factors: tuple[Factor, ...]
    """All features, what adds most first."""
    files: Mapping[Category, int]
    """Changed files by category, worst first; categories without a file are left out."""
    kinds: frozenset[FileKind]
    """What the files are to the tests."""
    learnt_from: int
    """Past changes whose outcomes moved the weights; 0: the rules alone."""

    @property
    def reasons(self) -> tuple[str, ...]:
        """Sentences for a person, what adds most first."""
        return tuple(factor.reason for factor in self.factors if factor.adds > 0)


@dataclass(frozen=True)
class RiskInput:
    """What a judgement depends on."""

    changes: Sequence[ChangedFile]
    rules: RiskRules
    past: Mapping[str, PathPast] = field(default_factory=dict)
    """By path, as far as it is known."""
    model: RiskModel | None = None
    """None: the rules' own weights."""


def assess(request: RiskInput) -> Risk:
    """Judge a change. Pure; the same input always gives the same answer. No change has no risk."""
    features = Features(tuple(Sorter(request.rules).sort(request.changes)), request.past)
    model = request.model or rule_model(request.rules)
    counts = {
        category: sum(each.rule.category is category for each in features.files)
        for category in _ORDER
    }
    return Risk(
        score=probability(log_odds(model, features.vector())) if features.files else 0.0,
        category=features.worst.rule.category if features.worst else Category.LOW,
        factors=_factors(features, model),
        files={category: count for category, count in counts.items() if count},
        kinds=frozenset(each.rule.kind for each in features.files),
        learnt_from=model.seen,
    )


def rule_model(rules: RiskRules) -> RiskModel:
    """The model that the rules themselves are."""
    weights = rules.weights
    return prior([weights.start, *(getattr(weights, name) for name in FEATURES)])


def _factors(features: Features, model: RiskModel) -> tuple[Factor, ...]:
    told = _sentences(features)
    values = features.vector()[1:]
    factors = [
        Factor(name, value, weight * value, told[name])
        for name, value, weight in zip(FEATURES, values, model.means[1:], strict=True)
    ]
    return tuple(sorted(factors, key=lambda factor: -factor.adds))


def _sentences(features: Features) -> dict[str, str]:
    worst, farthest = features.worst, features.farthest
    busy, busiest = features.busiest
    weak, weakest = features.weakest
    return {
        "category": f"{worst.file.path} belongs to {worst.rule.name}, category"
        f" {worst.rule.category.value}"
        if worst
        else "nothing is changed",
        "size": f"{_lines(features.code)} of code changed in {_count(len(features.code), 'file')}",
        "spread": f"the code lies in {_count(features.folders, 'folder')}",
        "churn": f"{busy} was changed {_count(busiest.changes, 'time')} lately",
        "failures": f"after {weakest.failed} of {_count(weakest.judged, 'change')} of {weak} a test"
        " failed",
        "reach": f"{farthest.file.path} ({farthest.rule.name}) acts where no import leads"
        if farthest
        else "nothing acts where no import leads",
        "untested": f"{_lines(features.tests)} of tests changed beside {_lines(features.code)}"
        " of code",
    }


def _lines(files: Sequence[Sorted]) -> str:
    return _count(sum(each.file.added + each.file.deleted for each in files), "line")


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' * (number != 1)}"


class TestChoice(StrEnum):
    """Which tests should run."""

    __test__ = False

    ALL = "all"
    IMPACTED = "impacted"
    SMOKE = "smoke"


@dataclass(frozen=True)
class Recommendation:
    """What should be done about a change."""

    tests: TestChoice
    predicted_s: float | None
    """What these tests take; None where nobody knows."""
    wait: bool
    """A merge should wait for them."""
    reasons: tuple[str, ...]


def recommend(
    risk: Risk, rules: RiskRules, seconds: Mapping[TestChoice, float] | None = None
) -> Recommendation:
    """Which tests, how long, and whether a merge should wait.

    `seconds` says what each choice of tests is predicted to take, as far as that is known.
    """
    tests, why = _choose(risk, rules)
    wait, because = _waits(risk, rules)
    return Recommendation(tests, (seconds or {}).get(tests), wait, (why, because))


def _choose(risk: Risk, rules: RiskRules) -> tuple[TestChoice, str]:
    blind = risk.kinds & {FileKind.DEPENDENCIES, FileKind.CONFIGURATION, FileKind.MIGRATION}
    if blind:
        names = " and ".join(sorted(kind.value for kind in blind))
        return TestChoice.ALL, f"all tests: imports do not tell what {names} reach"
    if risk.score >= rules.all_tests_from:
        return TestChoice.ALL, f"all tests: the score is {rules.all_tests_from:.2f} or more"
    if risk.kinds <= {FileKind.DOCS}:
        return TestChoice.SMOKE, "smoke tests: only documentation changed"
    return TestChoice.IMPACTED, "the tests that the change can reach"


def _waits(risk: Risk, rules: RiskRules) -> tuple[bool, str]:
    if risk.score >= rules.wait_from:
        return True, f"a merge should wait: the score is {rules.wait_from:.2f} or more"
    if risk.category in (Category.CRITICAL, Category.HIGH):
        return True, f"a merge should wait: files of category {risk.category.value} changed"
    return False, "a merge need not wait: score and category are low enough"
