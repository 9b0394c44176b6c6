"""Who looks at which failure, and how soon: `config/routing.toml`."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from testfleet.contracts.base import Contract
from testfleet.contracts.failure import Cause, Domain, FailureVerdict

Share = Annotated[float, Field(ge=0, le=1)]
Weight = Annotated[float, Field(ge=0, le=10)]


class Engine(Contract):
    """One repair engine."""

    model: str | None = None
    """Code model that it asks. Without one it works by rules and search alone."""
    parallel: int = Field(default=10, ge=1)
    """Failures that it looks at side by side."""


class RoutingRule(Contract):
    """Failures of one sort. What is left out holds for all."""

    name: str = Field(min_length=1)
    """For reasons, e.g. `compiler errors`."""
    domains: tuple[Domain, ...] = ()
    """Whose failures."""
    causes: tuple[Cause, ...] = ()
    """Of which cause."""
    verdicts: tuple[FailureVerdict, ...] = ()
    """Real, flaky, of the infrastructure, or not confirmed."""
    engines: tuple[str, ...] = ()
    """The specialist first; the next are asked when those before them have too much to do. None:
    no engine, a person acts."""
    actions: tuple[str, ...] = ()
    """What a person can do, in one sentence each."""


class PriorityWeights(Contract):
    """How much each fact counts. Only their ratios matter."""

    blast_radius: Weight = 3.0
    """Share of the run's tests that fail for the cause, by its logarithm."""
    blocking: Weight = 3.0
    """It keeps a change from being merged, or a deployment from going on."""
    branch: Weight = 2.0
    """1 on the default branch and on releases, 0.5 in a pull request, 0.2 elsewhere."""
    age: Weight = 1.0
    """1 while the cause is new, half after `half_life_days`: what is new is easily mended."""
    confidence: Weight = 1.0
    """How sure the classification is."""


class PriorityRules(Contract):
    """From facts to a priority."""

    weights: PriorityWeights = PriorityWeights()
    """See below."""
    half_life_days: float = Field(default=7.0, gt=0)
    """Days after which a cause counts half as new."""
    critical_from: Share = 0.75
    """Score from which on it is critical."""
    high_from: Share = 0.55
    """Score from which on it is high."""
    medium_from: Share = 0.3
    """Score from which on it is medium; below, it is low."""

    @model_validator(mode="after")
    def _descend(self) -> Self:
        if not self.critical_from >= self.high_from >= self.medium_from:
            raise ValueError("expected critical_from >= high_from >= medium_from")
        return self


class Routing(Contract):
    """The whole file."""

    detour: float = Field(default=1.0, ge=0)
    """Rounds of waiting that a more special engine is worth."""
    engines: dict[str, Engine]
    """By name."""
    rules: tuple[RoutingRule, ...] = Field(min_length=1)
    """The first that matches a failure decides."""
    priority: PriorityRules = PriorityRules()
    """How soon somebody should look."""

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        for rule in self.rules:
            for engine in rule.engines:
                if engine not in self.engines:
                    known = ", ".join(self.engines)
                    raise ValueError(f"rule {rule.name!r} names engine {engine!r}; known: {known}")
        last = self.rules[-1]
        if last.domains or last.causes or last.verdicts:
            raise ValueError("expected a last rule without domains, causes and verdicts, for all")
        return self
