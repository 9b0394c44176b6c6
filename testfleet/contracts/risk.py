"""What makes a change risky: the rules of `config/risk.toml`, and what was learnt."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from testfleet.contracts.base import SCHEMA_VERSION, Contract


class Category(StrEnum):
    """How bad it is when a file breaks, worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class FileKind(StrEnum):
    """What a file is to the tests."""

    CODE = "code"
    TESTS = "tests"
    DOCS = "docs"
    DEPENDENCIES = "dependencies"
    """Lock files and lists of requirements: what they change is not in the tree."""
    CONFIGURATION = "configuration"
    """Settings of tools, builds and deployments: what they reach, no import tells."""
    MIGRATION = "migration"
    """Changes of stored data: what they did cannot be taken back by a revert."""


class RiskRule(Contract):
    """Files of one sort."""

    name: str = Field(min_length=1)
    """For reasons, e.g. `backend services`."""
    category: Category
    """How bad it is when one of them breaks."""
    kind: FileKind = FileKind.CODE
    """What they are to the tests."""
    paths: tuple[str, ...] = Field(min_length=1)
    """Globs: without a slash of the file's name, else of the end of its path."""


Weight = Annotated[float, Field(ge=0, le=10)]


class RiskWeights(Contract):
    """What each feature at its worst adds to the log-odds of a failure.

    Where no outcome of past changes is known they are the score; else learning starts from them.
    """

    start: float = Field(default=-3.0, ge=-10, le=10)
    """Log-odds of a change in which every feature is at its best: -3 is a risk of 5 %."""
    category: Weight = 2.0
    """The worst changed file is critical."""
    size: Weight = 1.5
    """1,000 lines of code or more changed."""
    spread: Weight = 0.8
    """The code lies in 10 folders or more."""
    churn: Weight = 0.7
    """A file was changed 30 times or more in 90 days."""
    failures: Weight = 1.5
    """A test failed after every past change of a file."""
    reach: Weight = 1.0
    """Stored data are migrated. Lock files count 0.7 of it, configuration 0.5."""
    untested: Weight = 0.5
    """No test changed beside the code."""


class RiskRules(Contract):
    """The whole file."""

    rules: tuple[RiskRule, ...]
    """The first that matches a file decides."""
    otherwise: Category = Category.MEDIUM
    """Category of files that no rule matches. They count as code."""
    all_tests_from: float = Field(default=0.6, ge=0, le=1)
    """From this score on, all tests should run."""
    wait_from: float = Field(default=0.5, ge=0, le=1)
    """From this score on, a merge should wait for the tests."""
    weights: RiskWeights = RiskWeights()


class ProjectRisk(Contract):
    """What the repository says of the risk of its own changes."""

    rules: tuple[RiskRule, ...] = ()
    """Tried before those of Testfleet's `config/risk.toml`: the first that matches decides."""
    all_tests_from: float | None = Field(default=None, ge=0, le=1)
    """Score from which on all tests should run. Default: that of `config/risk.toml`."""
    wait_from: float | None = Field(default=None, ge=0, le=1)
    """Score from which on a merge should wait for its tests. Default: as above."""

    def over(self, rules: RiskRules) -> RiskRules:
        """The rules that hold in this repository."""
        own = {
            name: value
            for name in ("all_tests_from", "wait_from")
            if (value := getattr(self, name)) is not None
        }
        return rules.model_copy(update={"rules": (*self.rules, *rules.rules), **own})


class RiskModel(Contract):
    """A logistic regression with an independent Gaussian for each weight."""

    schema_version: Literal["1"] = SCHEMA_VERSION
    means: tuple[float, ...]
    precisions: tuple[Annotated[float, Field(gt=0)], ...]
    seen: int = Field(default=0, ge=0)
    """Changes that it has learnt from."""
