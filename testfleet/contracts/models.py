"""Code models that repair may ask, and how one is chosen: `config/models.toml`."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from testfleet.contracts.base import Contract
from testfleet.contracts.chat import MAX_SAMPLES
from testfleet.contracts.failure import Domain

Share = Annotated[float, Field(ge=0.0, le=1.0)]
Dollars = Annotated[float, Field(ge=0.0)]


class CodeModel(Contract):
    """One model behind an endpoint of the stack `models`."""

    endpoint: str = Field(pattern=r"^fixer-[a-z0-9]{1,20}$")
    """Key of `[endpoints]` in config/ENVIRONMENT.toml, and name of its folder on the laptop."""
    specialities: tuple[Domain, ...] = ()
    """Failures that it is made for."""
    quality: Share
    """Share of faults that it is thought to repair, until its own record says more."""
    usd_per_hour: Dollars = 0.0
    """List price of one instance of its endpoint."""
    usd_per_1k_tokens: Dollars = 0.0
    """Where tokens are charged, prompt and answer alike."""
    concurrency: int = Field(default=4, ge=1, le=64)
    """Questions that it answers at the same time."""
    typical_s: float = Field(default=30.0, gt=0)
    """Seconds that one question takes, once the endpoint is awake."""
    timeout_s: float = Field(default=600.0, gt=0, le=3600)
    """Seconds that an answer is waited for. An endpoint without instances needs minutes to wake."""
    context_tokens: int = Field(default=8192, ge=1024)
    """Prompt and answer together."""
    answer_tokens: int = Field(default=1024, ge=64, le=8192)
    """Of one answer."""
    samples: int = Field(default=5, ge=1, le=MAX_SAMPLES)
    """Answers to one question: the first is the likeliest, the others are drawn."""

    @model_validator(mode="after")
    def _has_room(self) -> Self:
        if self.answer_tokens > self.context_tokens // 2:
            raise ValueError(
                f"expected answer_tokens of at most half of context_tokens"
                f" ({self.context_tokens}), found {self.answer_tokens}"
            )
        return self


class ChoiceWeights(Contract):
    """What counts in the choice of a model, each as a share of faults repaired."""

    speciality: Share = 0.25
    """For a model that is made for such failures."""
    usd: float = Field(default=1.0, ge=0)
    """Against it, for each dollar that a question is expected to cost."""
    waiting: float = Field(default=0.05, ge=0)
    """Against it, for each round of questions that wait before ours."""
    trust: float = Field(default=20.0, gt=0)
    """Questions of its own record that weigh as much as `quality`."""


class Models(Contract):
    """The whole file."""

    choice: ChoiceWeights = ChoiceWeights()
    """See below."""
    models: dict[str, CodeModel] = Field(min_length=1)
    """By the name that config/routing.toml has for them."""

    @model_validator(mode="after")
    def _have_endpoints_of_their_own(self) -> Self:
        seen: dict[str, str] = {}
        for name, model in self.models.items():
            other = seen.setdefault(model.endpoint, name)
            if other != name:
                raise ValueError(f"models.{name}.endpoint: {model.endpoint!r} is {other}'s already")
        return self
