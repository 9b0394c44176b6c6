"""A question to code models, asked beside the search, which goes on meanwhile."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Final, Protocol

from testfleet.contracts.chat import ChatMessage, ChatRequest, ChatResponse
from testfleet.contracts.models import CodeModel
from testfleet.errors import TestfleetError
from testfleet.repair.model.prompt import STOPS
from testfleet.repair.model.router import Choice, usd_of

_DRAWN: Final = 0.8
"""Temperature of the answers after the first."""
_SEED: Final = 20
_REASON: Final = 300


@dataclass(frozen=True)
class Patience:
    """How long an answer is waited for."""

    limit_s: float
    given_up: threading.Event
    """Set when nobody wants the answer any more."""


class Ask(Protocol):
    """A way to an endpoint."""

    def __call__(self, endpoint: str, request: ChatRequest, patience: Patience) -> ChatResponse:
        """The answers. Raises TestfleetError when none come: no endpoint, an error, too late."""
        ...


@dataclass(frozen=True)
class Told:
    """Answers of one model."""

    model: str
    texts: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class _Question:
    model: CodeModel
    began: float
    beside: int
    """Questions that share the endpoint's instance, and its price with it."""

    def usd(self, now: float, tokens: int = 0) -> float:
        return usd_of(self.model, (now - self.began) / self.beside, tokens)


@dataclass
class Conversation:
    """Asks the models one after the other until one answers. Answers are there when they are."""

    ask: Ask
    choices: Sequence[Choice]
    prompts: Sequence[tuple[ChatMessage, ...]]
    """One for each choice: models differ in how much they can read."""
    notes: list[str] = field(default_factory=list)
    """What went wrong, for the report."""
    _spent: float = 0.0
    _open: list[_Question] = field(default_factory=list)
    _told: SimpleQueue[Told] = field(default_factory=SimpleQueue)
    _given_up: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread = field(init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self) -> None:
        """Ask. The threads hold nobody up: they end with the process."""
        self._thread = threading.Thread(target=self._run, name="models", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Wait for nothing any more."""
        self._given_up.set()

    def poll(self) -> Told | None:
        """Answers that have come, if there are any."""
        try:
            return self._told.get_nowait()
        except Empty:
            return None

    @property
    def usd(self) -> float:
        """What it has cost so far, at list prices, answered or not: the endpoint works."""
        now = time.monotonic()
        with self._lock:
            return self._spent + sum(question.usd(now) for question in self._open)

    @property
    def is_over(self) -> bool:
        """Whether no more answers will come."""
        return not self._thread.is_alive() and self._told.empty()

    def _run(self) -> None:
        for choice, prompt in zip(self.choices, self.prompts, strict=True):
            if self._given_up.is_set() or self._ask_all(choice, prompt):
                return

    def _ask_all(self, choice: Choice, prompt: tuple[ChatMessage, ...]) -> bool:
        """The likeliest answer and the drawn ones side by side; whether any came."""
        requests = requests_of(choice, prompt)
        answered: list[bool] = []

        def ask(request: ChatRequest) -> None:
            answered.append(self._ask_one(choice, request, len(requests)))

        threads = [
            threading.Thread(target=ask, args=(request,), daemon=True) for request in requests
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return any(answered)

    def _ask_one(self, choice: Choice, request: ChatRequest, beside: int) -> bool:
        question = _Question(choice.model, time.monotonic(), beside)
        with self._lock:
            self._open.append(question)
        tokens = 0
        patience = Patience(choice.model.timeout_s, self._given_up)
        try:
            response = self.ask(choice.model.endpoint, request, patience)
        except TestfleetError as exc:
            if not self._given_up.is_set():
                self._note(f"model {choice.name} is silent: {str(exc)[:_REASON]}")
            return False
        else:
            tokens = response.usage.prompt_tokens + response.usage.completion_tokens
            self._told.put(Told(choice.name, response.texts[: request.n]))
            return True
        finally:
            with self._lock:
                self._open.remove(question)
                self._spent += question.usd(time.monotonic(), tokens)

    def _note(self, text: str) -> None:
        with self._lock:
            if text not in self.notes:
                self.notes.append(text)


def requests_of(choice: Choice, prompt: tuple[ChatMessage, ...]) -> list[ChatRequest]:
    """The likeliest answer, and the drawn ones in as many parts as the endpoint takes at once: each
    is tried as soon as it is there."""
    model = choice.model
    likeliest = ChatRequest(messages=prompt, max_tokens=model.answer_tokens, stop=STOPS)
    drawn = model.samples - 1
    parts = min(drawn, max(1, model.concurrency - 1))
    return [likeliest] + [
        likeliest.model_copy(
            update={
                "n": drawn // parts + (part < drawn % parts),
                "temperature": _DRAWN,
                "seed": _SEED + part,
            }
        )
        for part in range(parts)
    ]
