"""The risk of what has changed in a working tree, from git and the outcomes of past commits."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from testfleet.config import load_risk_rules
from testfleet.contracts.change import FileChange
from testfleet.contracts.risk import ProjectRisk, RiskRules
from testfleet.planning.risk.outcomes import by_full_name
from testfleet.planning.risk.past import PastChange, study
from testfleet.planning.risk.score import Recommendation, Risk, RiskInput, assess, recommend
from testfleet.scm.changes import changes_since, merge_base
from testfleet.scm.commits import commits_before

_REASONS: Final = 2
"""That a note has room for."""


@dataclass(frozen=True)
class RiskRequest:
    """What is judged, and by what."""

    root: Path
    rev: str
    """The change is all since the branch left this revision."""
    files: Collection[str]
    """Of the tree."""
    rules: RiskRules
    outcomes: Mapping[str, bool]
    """By commit, in full or abbreviated: whether a test failed."""


@dataclass(frozen=True)
class RiskReport:
    """The judgement, and what it is about."""

    base: str
    """The commit where the branch left."""
    changes: tuple[FileChange, ...]
    risk: Risk


def risk_since(request: RiskRequest) -> RiskReport:
    """Judge what has changed since the revision, by what was known there. Raises UsageError."""
    base = merge_base(request.root, request.rev)
    changes = changes_since(request.root, request.rev, request.files)
    commits = commits_before(request.root, base)
    lessons = study(
        (PastChange(each.commit, each.at_s, each.files) for each in commits),
        by_full_name(request.outcomes, (each.commit for each in commits)),
        request.rules,
    )
    risk = assess(RiskInput(changes, request.rules, lessons.past, lessons.model))
    return RiskReport(base, changes, risk)


def risk_notes(changes: Sequence[FileChange] | None, own: ProjectRisk) -> tuple[str, ...]:
    """For the report of a run of a change: its risk by the rules, in one sentence.

    Nothing is known there of the repository's past. No change, no note.
    """
    if not changes:
        return ()
    rules = own.over(load_risk_rules())
    risk = assess(RiskInput(changes, rules))
    advice = recommend(risk, rules)
    return (
        f"risk of the change {risk.score:.2f}:"
        f" {'; '.join((*risk.reasons[:_REASONS], advice.reasons[-1]))}",
    )


def as_json(report: RiskReport, advice: Recommendation) -> dict[str, Any]:
    """For a program."""
    risk = report.risk
    return {
        "base": report.base,
        "score": round(risk.score, 4),
        "category": risk.category.value,
        "learnt_from": risk.learnt_from,
        "files": {category.value: count for category, count in risk.files.items()},
        "factors": [
            {
                "name": factor.name,
                "value": round(factor.value, 4),
                "adds": round(factor.adds, 4),
                "reason": factor.reason,
            }
            for factor in risk.factors
        ],
        "recommendation": {
            "tests": advice.tests.value,
            "predicted_s": advice.predicted_s,
            "wait": advice.wait,
            "reasons": list(advice.reasons),
        },
    }
