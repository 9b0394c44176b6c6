"""Candidates in the learned order, without asking the engines for more than a little ahead."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from math import log
from typing import Final

from testfleet.contracts.repair import Candidate
from testfleet.repair.engine import Fault
from testfleet.repair.rank.features import Features4Fault
from testfleet.repair.rank.model import Model, load

AHEAD: Final = 400
"""Candidates that wait. An engine has the likeliest first itself, so what is far behind the others
in its order seldom belongs before them."""


def order(candidates: Iterable[Candidate | None], fault: Fault) -> Iterator[Candidate | None]:
    """The same candidates, the likeliest of the next `AHEAD` first. Lazy, bounded, deterministic.
    None, which says that there is nothing new yet, waits for nobody.

    Falls back to suspiciousness times prior where no model is installed.
    """
    return order_by(candidates, fault, load(), AHEAD)


def order_by(
    candidates: Iterable[Candidate | None], fault: Fault, model: Model | None, ahead: int
) -> Iterator[Candidate | None]:
    """`order` by a given model, with `ahead` candidates waiting."""
    score = _scorer(fault, model)
    waiting: list[tuple[float, int, Candidate]] = []
    for number, candidate in enumerate(candidates):
        if candidate is None:
            yield heapq.heappop(waiting)[2] if waiting else None
            continue
        heapq.heappush(waiting, (-score(candidate), number, candidate))
        if len(waiting) > ahead:
            yield heapq.heappop(waiting)[2]
    while waiting:
        yield heapq.heappop(waiting)[2]


def _scorer(fault: Fault, model: Model | None) -> Callable[[Candidate], float]:
    if model is None:
        return _plain
    reader = Features4Fault(fault, model.pairs, model.known)

    def score(candidate: Candidate) -> float:
        features = reader.of(candidate)
        return model.score(features) if features else _plain(candidate)

    return score


def _plain(candidate: Candidate) -> float:
    return log(max(candidate.suspiciousness * candidate.prior, 1e-6))
