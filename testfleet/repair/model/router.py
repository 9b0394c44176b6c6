"""Which code model is asked about a failure: by class, price, load and its own record."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from testfleet.contracts.failure import Domain
from testfleet.contracts.models import CodeModel, Models
from testfleet.repair.engine import Fault

_HOUR_S: Final = 3600
_REACT: Final = frozenset({".tsx", ".jsx"})
_TYPESCRIPT: Final = frozenset({".ts", ".mts", ".cts"})


@dataclass(frozen=True)
class Record:
    """How a model has done so far with failures of one class."""

    asked: int = 0
    fixed: int = 0


@dataclass(frozen=True)
class Situation:
    """What the choice depends on beside the configuration."""

    domain: Domain
    available: Collection[str]
    """Endpoints that are there."""
    load: Mapping[str, int]
    """Questions that wait at an endpoint."""
    records: Mapping[str, Record]
    """By model, for this class of failures."""


@dataclass(frozen=True)
class Choice:
    """A model, and why."""

    name: str
    model: CodeModel
    score: float
    reasons: tuple[str, ...]


def choose(models: Models, situation: Situation) -> list[Choice]:
    """The available models, the best first."""
    found = [
        _judged(name, models, situation)
        for name, model in models.models.items()
        if model.endpoint in situation.available
    ]
    return sorted(found, key=lambda choice: (-choice.score, choice.name))


def _judged(name: str, models: Models, situation: Situation) -> Choice:
    model, weights = models.models[name], models.choice
    record = situation.records.get(name, Record())
    # The mean of a Beta distribution that `trust` questions of the stated quality stand before.
    chance = (model.quality * weights.trust + record.fixed) / (weights.trust + record.asked)
    special = situation.domain in model.specialities
    usd = expected_usd(model)
    rounds = situation.load.get(model.endpoint, 0) // model.concurrency
    score = chance + weights.speciality * special - weights.usd * usd - weights.waiting * rounds
    reasons = [f"repairs {chance:.0%}", f"${usd:.4f} a question"]
    if special:
        reasons.insert(0, f"made for {situation.domain.value}")
    if rounds:
        reasons.append(f"{rounds} rounds wait before ours")
    return Choice(name, model, round(score, 6), tuple(reasons))


def expected_usd(model: CodeModel) -> float:
    """What one question is thought to cost, in US dollars at list prices."""
    tokens = model.context_tokens // 2 + model.samples * model.answer_tokens // 2
    return model.usd_per_hour * model.typical_s / _HOUR_S + model.usd_per_1k_tokens * tokens / 1000


def usd_of(model: CodeModel, seconds: float, tokens: int) -> float:
    """What a question has cost: the endpoint's seconds, and tokens where these are charged."""
    return model.usd_per_hour * seconds / _HOUR_S + model.usd_per_1k_tokens * tokens / 1000


def domain_of(fault: Fault) -> Domain:
    """The class of a fault, by the file that is most suspicious."""
    paths: Sequence[str] = [line.path for line in fault.lines[:1]] or list(fault.sources)[:1]
    for path in paths:
        kind = PurePosixPath(path).suffix.lower()
        if kind in _REACT:
            return Domain.REACT
        if kind in _TYPESCRIPT:
            return Domain.TYPESCRIPT
    return Domain.TEST
