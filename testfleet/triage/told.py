"""A model that has answered already, as a classifier of the chain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from testfleet.triage.classify import Answer, text_of
from testfleet.triage.evidence import WeighedLine


@dataclass(frozen=True)
class Told:
    """Answers that came from elsewhere, by the text that was asked about."""

    answers: Mapping[str, Answer]

    def classify(self, failures: Sequence[Sequence[WeighedLine]]) -> list[Answer | None]:
        """What was answered about each failure, in order; None where nothing was."""
        return [self.answers.get(asked(lines)) for lines in failures]


MAX_ASKED = 8_000
"""Characters of a failure that a model gets. More than its window holds."""


def asked(lines: Sequence[WeighedLine]) -> str:
    """The text that a model is asked about, without secrets."""
    return text_of(lines)[:MAX_ASKED]
