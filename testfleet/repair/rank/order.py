"""Candidates in the learned order, without asking the engines for more than a little ahead."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from math import log
from typing import Final

from testfleet.contracts.repair import Candidate
from testfleet.repair.engine import Fault
from testfleet.repair.rank.features import Features4Fault
from testfleet.repair.rank.model import Model, load

AHEAD: Final = 400
"""Candidates that wait. An engine has the likeliest first itself, so what is far behind the others
in its order seldom belongs before them."""


def order(candidates: Iterable[Candidate], fault: Fault) -> Iterator[Candidate]:
    """The same candidates, the likeliest of the next `AHEAD` first. Lazy, bounded, deterministic.

    Falls back to suspiciousness times prior where no model is installed.
    """
    model = load()
    features = Features4Fault(fault, model.pairs, model.known) if model else None
    waiting: list[tuple[float, int, Candidate]] = []
    for number, candidate in enumerate(candidates):
        score = _score(candidate, model, features)
        heapq.heappush(waiting, (-score, number, candidate))
        if len(waiting) > AHEAD:
            yield heapq.heappop(waiting)[2]
    while waiting:
        yield heapq.heappop(waiting)[2]


def _score(candidate: Candidate, model: Model | None, features: Features4Fault | None) -> float:
    plain = log(max(candidate.suspiciousness * candidate.prior, 1e-6))
    found = features.of(candidate) if features else {}
    return model.score(found) if model and found else plain
