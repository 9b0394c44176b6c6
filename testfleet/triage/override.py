"""Classes by what operators have pinned: they speak before any model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from testfleet.contracts.override import Override
from testfleet.triage.classify import Answer, RuleClassifier
from testfleet.triage.evidence import WeighedLine

OVERRIDE = "override"
"""What a classification that was pinned names as its model."""


@dataclass(frozen=True)
class Pinned:
    """A classifier that only knows what was pinned."""

    overrides: Sequence[Override]
    """The first that matches decides."""
    rules: RuleClassifier = field(default_factory=RuleClassifier)
    """Speaks for the label that an override leaves open."""

    def classify(self, failures: Sequence[Sequence[WeighedLine]]) -> list[Answer | None]:
        """An answer for each failure, in order; None where nothing is pinned."""
        return [self._answer(lines) for lines in failures]

    def _answer(self, lines: Sequence[WeighedLine]) -> Answer | None:
        texts = [line.text.casefold() for line in lines]
        found = next((each for each in self.overrides if _matches(each.contains, texts)), None)
        if found is None:
            return None
        told = self.rules.classify([lines])[0]
        # Pinned wholly, it is certain; else only as sure as who has said the rest.
        is_whole = found.domain is not None and found.cause is not None
        return Answer(
            domain=found.domain or told.domain,
            cause=found.cause or told.cause,
            confidence=1.0 if is_whole else told.confidence,
            model=OVERRIDE,
        )


def _matches(pattern: str, lines: Sequence[str]) -> bool:
    parts = [part for part in pattern.casefold().split("*") if part]
    return any(_stands_in(parts, line) for line in lines)


def _stands_in(parts: Sequence[str], line: str) -> bool:
    at = 0
    for part in parts:
        at = line.find(part, at)
        if at < 0:
            return False
        at += len(part)
    return True
