"""Classifiers, and the order in which they are trusted.

A pinned rule speaks first, then the models in their order, then the rules. Whoever is not there,
too slow or not sure enough passes the question on; the rules always answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from testfleet.contracts.failure import Cause, Classification, Domain, EvidenceLine
from testfleet.mask import mask
from testfleet.triage.blocks import Reader
from testfleet.triage.evidence import WeighedLine, extract
from testfleet.triage.text import read_log
from testfleet.triage.verdict import Verdict, judge

SURE_ENOUGH: Final = 0.5
"""Below this a model's answer is not taken when another may speak."""


@dataclass(frozen=True)
class Answer:
    """What a classifier says about the lines of a failure."""

    domain: Domain
    cause: Cause
    confidence: float
    model: str


class Classifier(Protocol):
    """Anything that labels failures."""

    def classify(self, failures: Sequence[Sequence[WeighedLine]]) -> Sequence[Answer | None]:
        """An answer for each failure, in order; None for what it cannot tell.

        Never raises for a time-out or an endpoint that is down: that is None for all. What it is
        given may go to another machine: mask it first, as `text_of` does.
        """


class RuleClassifier:
    """The catalogue of messages. Always answers."""

    def classify(self, failures: Sequence[Sequence[WeighedLine]]) -> Sequence[Answer]:
        """An answer for each failure, in order."""
        return [_answer(judge(lines)) for lines in failures]


@dataclass(frozen=True)
class Chain:
    """Asks in the order of trust. Use `classify`."""

    models: Sequence[Classifier] = ()
    """Most trusted first. The rules stand behind them."""
    pinned: Classifier | None = None
    """What operators have decided: spoken whatever a model says."""
    sure: float = SURE_ENOUGH
    rules: RuleClassifier = field(default_factory=RuleClassifier)
    reader: Reader | None = None
    """Finds the failure in a log. None: the rules do."""

    def classify(self, texts: Sequence[str | bytes]) -> list[Classification]:
        """One answer for each text, in order."""
        failures = [extract(read_log(text), reader=self.reader) for text in texts]
        answers = self._ask(failures)
        return [
            _classification(answer, lines) for answer, lines in zip(answers, failures, strict=True)
        ]

    def _ask(self, failures: Sequence[Sequence[WeighedLine]]) -> list[Answer]:
        found: list[Answer | None] = [None] * len(failures)
        for classifier, least in self._order():
            open_ = [at for at, answer in enumerate(found) if answer is None]
            if not open_:
                break
            given = classifier.classify([failures[at] for at in open_])
            for at, answer in zip(open_, given, strict=True):
                if answer is not None and answer.confidence >= least:
                    found[at] = answer
        return [answer for answer in found if answer is not None]

    def _order(self) -> list[tuple[Classifier, float]]:
        pinned = [] if self.pinned is None else [(self.pinned, 0.0)]
        models = [(model, self.sure) for model in self.models]
        return [*pinned, *models, (self.rules, 0.0)]


def text_of(lines: Sequence[WeighedLine]) -> str:
    """The lines of a failure as a model gets them, without secrets."""
    return mask("\n".join(line.text for line in lines))


def _answer(verdict: Verdict) -> Answer:
    return Answer(verdict.domain, verdict.cause, verdict.confidence, "rules")


def _classification(answer: Answer, lines: Sequence[WeighedLine]) -> Classification:
    masked = text_of(lines).split("\n") if lines else []
    return Classification(
        domain=answer.domain,
        cause=answer.cause,
        confidence=answer.confidence,
        model=answer.model,
        evidence=tuple(
            EvidenceLine(line=line.number, text=text)
            for line, text in zip(lines, masked, strict=True)
        ),
    )
