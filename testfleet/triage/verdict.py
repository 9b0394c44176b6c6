"""The rules' verdict: which domain and cause the signatures of a failure's lines add up to.

Each signature adds its weight times what its line counts. The strongest one of a label decides,
others of the same label add a little, so that ten hints never outvote one plain statement. The
domain is decided first; a cause that another domain's signature names counts half.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from testfleet.contracts.failure import Cause, Domain
from testfleet.triage.evidence import WeighedLine
from testfleet.triage.rules import Signature

_Label = TypeVar("_Label", Domain, Cause)
_MORE: Final = 0.1
"""What a further signature of the same label adds."""
_MOST_MORE: Final = 5
_DOMAINS: Final = {Domain.TYPESCRIPT: 0.3, Domain.REACT: 0.2, Domain.TEST: 0.1, Domain.GENERAL: 1.0}
"""What a domain has without any signature: also the order among equals."""
_FOREIGN: Final = 0.5
_ANYWHERE: Final = 0.6
"""What the message of a machine or a library says for `general`: a test's report quotes it too."""
_FADE: Final = 0.02
"""What a line loses for each line before it: what is said first is the root."""


_OF_DOMAIN, _OF_CAUSE, _BEFORE = 1.04, 1.01, -3.44
"""Log-odds that both labels are right, fitted by `benchmarks/calibrate_rules.py`."""
_ENOUGH: Final = 4.0
"""Margin from which on more makes an answer no surer."""


@dataclass(frozen=True)
class Reason:
    """A signature that spoke, and where."""

    line: int
    signature: Signature


@dataclass(frozen=True)
class Verdict:
    """What the rules say."""

    domain: Domain
    cause: Cause
    confidence: float
    reasons: tuple[Reason, ...]
    """Of the labels that were given, strongest first."""
    margins: tuple[float, float]
    """How far domain and cause are ahead of the second, at most 4."""


@dataclass(frozen=True)
class _Vote:
    number: int
    signature: Signature
    weight: float


def judge(lines: Sequence[WeighedLine]) -> Verdict:
    """Domain and cause of a failure. Without any signature: general and other, hardly sure."""
    votes = list(_votes(lines))
    domain_scores, causes = _scores(votes)
    domain = max(Domain, key=lambda one: domain_scores[one])
    cause = max(causes, key=lambda one: causes[one])
    reasons = [
        Reason(vote.number, vote.signature)
        for vote in sorted(votes, key=lambda vote: -vote.weight)
        if vote.signature.cause is cause or vote.signature.domain is domain
    ]
    margins = _margin(domain_scores), _margin(causes)
    return Verdict(domain, cause, _confidence(*margins), tuple(reasons), margins)


def scores(lines: Sequence[WeighedLine]) -> tuple[Mapping[Domain, float], Mapping[Cause, float]]:
    """What the signatures add up to for each label; a label that none names is missing."""
    return _scores(list(_votes(lines)))


def _scores(votes: Sequence[_Vote]) -> tuple[dict[Domain, float], dict[Cause, float]]:
    domains = _totals((vote.signature.domain, _as_domain(vote)) for vote in votes)
    domain_scores = {one: least + domains.get(one, 0.0) for one, least in _DOMAINS.items()}
    domain = max(Domain, key=lambda one: domain_scores[one])
    causes = _totals((vote.signature.cause, _at_home(vote, domain)) for vote in votes)
    causes.setdefault(Cause.OTHER, 0.1)
    return domain_scores, causes


def _votes(lines: Sequence[WeighedLine]) -> Iterable[_Vote]:
    for at, line in enumerate(lines):
        share = line.weight / (1 + _FADE * at)
        for signature in line.signatures:
            yield _Vote(line.number, signature, signature.weight * share)


def _as_domain(vote: _Vote) -> float:
    return vote.weight * (_ANYWHERE if vote.signature.domain is Domain.GENERAL else 1.0)


def _at_home(vote: _Vote, domain: Domain) -> float:
    known = vote.signature.domain
    return vote.weight if known in (None, domain) else vote.weight * _FOREIGN


def _totals(votes: Iterable[tuple[_Label | None, float]]) -> dict[_Label, float]:
    weights: dict[_Label, list[float]] = {}
    for label, weight in votes:
        if label is not None:
            weights.setdefault(label, []).append(weight)
    return {label: _total(found) for label, found in weights.items()}


def _total(weights: list[float]) -> float:
    best, *more = sorted(weights, reverse=True)
    return best + _MORE * sum(more[:_MOST_MORE])


def _margin(scores: Mapping[_Label, float]) -> float:
    best, second = sorted((*scores.values(), 0.0), reverse=True)[:2]
    return min(best - second, _ENOUGH)


def _confidence(domain: float, cause: float) -> float:
    margins = _OF_DOMAIN * domain + _OF_CAUSE * cause
    return 1 / (1 + math.exp(-(margins + _BEFORE)))
