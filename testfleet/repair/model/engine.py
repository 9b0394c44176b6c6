"""The `model` engine: candidates that code models write."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from testfleet.contracts.chat import ChatMessage
from testfleet.contracts.models import CodeModel, Models
from testfleet.contracts.past_fix import PastFix
from testfleet.contracts.repair import Candidate
from testfleet.repair.engine import Fault
from testfleet.repair.model.conversation import Ask, Conversation
from testfleet.repair.model.drafts import ENGINE, Reader
from testfleet.repair.model.examples import similar_fixes
from testfleet.repair.model.prompt import CHARACTERS_A_TOKEN, messages
from testfleet.repair.model.router import Choice, Record, Situation, choose, domain_of

_MOST_FIXES: Final = 2
_MOST_ASKED: Final = 2
"""Models that are asked, the second when the first is silent."""


@dataclass(frozen=True)
class Desk:
    """What the engine works with."""

    models: Models
    available: frozenset[str]
    """Endpoints that are there."""
    ask: Ask
    records: Mapping[str, Mapping[str, Record]] = field(default_factory=dict)
    """How each model has done, by class of failures."""
    load: Mapping[str, int] = field(default_factory=dict)
    """Questions that wait at each endpoint."""
    past: Sequence[PastFix] = ()
    """Repairs of the past, those proved last at the end."""


class ModelEngine:
    """Asks the model that fits the fault best. Its answers come when they come: until then it says
    so, and the search goes on with the other engines' candidates."""

    name = ENGINE

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._talks: list[Conversation] = []
        self._readers: list[Reader] = []
        self.asked: list[tuple[str, str]] = []
        """Class and model of each question that was answered."""

    def candidates(self, fault: Fault) -> Iterator[Candidate | None]:
        """Candidates as the answers come in; None while there is nothing new yet."""
        domain = domain_of(fault)
        choices = self._choose(domain.value, fault)
        prompts = [self._prompt(choice.model, fault) for choice in choices]
        talk, reader = Conversation(self._desk.ask, choices, prompts), Reader(fault)
        self._talks.append(talk)
        self._readers.append(reader)
        talk.start()
        try:
            while not talk.is_over:
                told = talk.poll()
                if told is None:
                    yield None
                    continue
                self.asked.append((domain.value, told.model))
                yield from reader.candidates(told.model, told.texts)
        finally:
            talk.stop()

    @property
    def usd(self) -> float:
        """What all questions have cost so far, at list prices."""
        return sum(talk.usd for talk in self._talks)

    @property
    def notes(self) -> list[str]:
        """What a reader of the report should know: silent models, answers that were not used."""
        refused = self.refused
        told = [note for talk in self._talks for note in talk.notes]
        if refused:
            reasons = ", ".join(f"{reason} ({count})" for reason, count in refused.most_common(4))
            told.append(f"{refused.total()} answers of the model were not used: {reasons}")
        return list(dict.fromkeys(told))

    @property
    def refused(self) -> Counter[str]:
        """How many answers were not used, by reason."""
        found: Counter[str] = Counter()
        for reader in self._readers:
            found += reader.refused
        return found

    def _choose(self, domain: str, fault: Fault) -> list[Choice]:
        desk = self._desk
        situation = Situation(
            domain=domain_of(fault),
            available=desk.available,
            load=desk.load,
            records=desk.records.get(domain, {}),
        )
        return choose(desk.models, situation)[:_MOST_ASKED]

    def _prompt(self, model: CodeModel, fault: Fault) -> tuple[ChatMessage, ...]:
        room = (model.context_tokens - model.answer_tokens) * CHARACTERS_A_TOKEN
        return messages(fault, room, similar_fixes(fault, self._desk.past, _MOST_FIXES))
