"""Domain and cause of a failure's lines, by words and by what the rules say.

Two multinomial logistic regressions read the words of all lines and what the catalogue's signatures
add up to (stacking: Wolpert, 1992), so that a plain statement of the catalogue counts as much as it
has deserved on made failures with a part of the catalogue left out. The pair is chosen together.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import mul
from typing import Final

from testfleet.contracts.failure import Cause, Domain
from testfleet.triage.classify import Answer
from testfleet.triage.evidence import WeighedLine
from testfleet.triage.model.table import Table
from testfleet.triage.model.tokens import grams
from testfleet.triage.verdict import scores

DOMAINS: Final = tuple(Domain)
CAUSES: Final = tuple(Cause)
_HALF: Final = 4.0
"""Weight of a signature that says half of what can be said."""
_LEAST: Final = 0.3
"""What a line has to count for its words to be read."""
_LINES: Final = 24


@dataclass(frozen=True)
class EmbeddedModel:
    """Classifies by the table of words. See classify.Classifier."""

    table: Table

    @property
    def name(self) -> str:
        """As the answer calls it."""
        return self.table.facts.name

    def classify(self, failures: Sequence[Sequence[WeighedLine]]) -> Sequence[Answer | None]:
        """An answer for each failure, in order; None where there are no lines."""
        return [self._answer(lines) if lines else None for lines in failures]

    def _answer(self, lines: Sequence[WeighedLine]) -> Answer:
        domains, causes = self.chances(lines)
        pairs = self.table.facts.pairs
        together = {
            (at, to): one * two * pairs[at][to]
            for at, one in enumerate(domains)
            for to, two in enumerate(causes)
        }
        at, to = max(together, key=lambda pair: together[pair])
        share = together[at, to] / sum(together.values())
        return Answer(DOMAINS[at], CAUSES[to], self._sure(share), self.name)

    def _sure(self, share: float) -> float:
        slope, constant = self.table.facts.sure
        share = min(1 - 1e-6, max(1e-6, share))
        return 1 / (1 + math.exp(-(slope * math.log(share / (1 - share)) + constant)))

    def chances(self, lines: Sequence[WeighedLine]) -> tuple[Sequence[float], Sequence[float]]:
        """How likely each domain and each cause is."""
        lanes, known = self.table.total(words_of(lines))
        facts = label_facts(lines)
        root = max(1, known) ** 0.5
        logits = [
            lane * scale / root + sum(map(mul, weights, facts)) + constant
            for lane, scale, (constant, *weights) in zip(
                lanes, self.table.facts.scales, self.table.facts.labels, strict=False
            )
        ]
        return _softmax(logits[: len(DOMAINS)]), _softmax(logits[len(DOMAINS) :])


def words_of(lines: Sequence[WeighedLine]) -> Mapping[str, None]:
    """Words of the lines that count, each once."""
    read = [line for line in lines if line.weight >= _LEAST] or list(lines)
    return dict.fromkeys(gram for line in read[:_LINES] for gram in grams(line.text))


def label_facts(lines: Sequence[WeighedLine]) -> list[float]:
    """What the catalogue says, in numbers from 0 to 1."""
    domains, causes = scores(lines)
    return [
        *(_soft(domains.get(one, 0.0)) for one in DOMAINS),
        *(_soft(causes.get(one, 0.0)) for one in CAUSES),
        *_ahead([domains.get(one, 0.0) for one in DOMAINS]),
        *_ahead([causes.get(one, 0.0) for one in CAUSES]),
    ]


def _soft(score: float) -> float:
    return score / (score + _HALF)


def _ahead(found: Sequence[float]) -> list[float]:
    """By how much the first is ahead, in its place."""
    best, second = sorted((*found, 0.0), reverse=True)[:2]
    lead = min(best - second, _HALF) / _HALF
    place = found.index(best)
    return [lead * (at == place) for at in range(len(found))]


def _softmax(logits: Sequence[float]) -> list[float]:
    most = max(logits)
    raised = [math.exp(logit - most) for logit in logits]
    total = sum(raised)
    return [one / total for one in raised]
