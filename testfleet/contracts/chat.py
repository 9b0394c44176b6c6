"""What travels to a code model's endpoint and back: chat completions, as vLLM's server has them.

Our own handler speaks the same, so whoever asks need not know what serves a model.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from testfleet.contracts.base import Contract

MAX_PROMPT: Final = 200_000
"""Characters of one message."""
MAX_ANSWER_BYTES: Final = 2_000_000
"""Of one response, as it lies in the bucket."""
MAX_SAMPLES: Final = 16


class ChatMessage(Contract):
    """One part of a prompt."""

    role: Literal["system", "user", "assistant"]
    content: Annotated[str, Field(max_length=MAX_PROMPT)]


class ChatRequest(Contract):
    """Asks for some answers to one prompt."""

    messages: Annotated[tuple[ChatMessage, ...], Field(min_length=1, max_length=8)]
    n: Annotated[int, Field(ge=1, le=MAX_SAMPLES)] = 1
    """Answers that are wanted."""
    max_tokens: Annotated[int, Field(ge=1, le=8192)] = 1024
    """Of one answer."""
    temperature: Annotated[float, Field(ge=0.0, le=2.0)] = 0.0
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
    stop: Annotated[tuple[str, ...], Field(max_length=4)] = ()
    """Texts at which an answer ends."""


class _Theirs(BaseModel):
    """What serves the model may add keys at any time."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class ChatAnswer(_Theirs):
    """What the model has written."""

    content: str | None = None


class ChatChoice(_Theirs):
    """One of the answers."""

    message: ChatAnswer
    finish_reason: str | None = None
    """`stop` or `length` for most servers."""


class ChatUsage(_Theirs):
    """What the answers took, in tokens."""

    prompt_tokens: int = 0
    completion_tokens: int = 0


class ChatResponse(_Theirs):
    """The answers."""

    model: str = ""
    choices: Annotated[tuple[ChatChoice, ...], Field(max_length=MAX_SAMPLES)]
    usage: ChatUsage = ChatUsage()

    @property
    def texts(self) -> tuple[str, ...]:
        """The answers that are not empty."""
        return tuple(each.message.content for each in self.choices if each.message.content)
