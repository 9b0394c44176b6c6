"""A GGUF file, served by llama.cpp within this process. Needs xllamacpp (requirements-models.txt).

The model's own chat template makes the prompt.
"""

from __future__ import annotations

import os
import secrets
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from testfleet.contracts.chat import ChatChoice, ChatRequest, ChatResponse, ChatUsage
from testfleet.errors import FleetError, UsageError

CONTEXT: Final = 8192
"""Tokens of prompt and answer."""
_MOST_THREADS: Final = 16


@dataclass
class GgufModel:
    """A loaded file. Use `load_gguf`."""

    name: str
    server: Any
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def write(self, request: ChatRequest) -> ChatResponse:
        """The answers, one after the other: the prompt is read once and kept."""
        choices: list[ChatChoice] = []
        prompt = answers = 0
        for number in range(request.n):
            response = self._one(request, request.seed + number)
            choices += response.choices[:1]
            prompt = max(prompt, response.usage.prompt_tokens)
            answers += response.usage.completion_tokens
        usage = ChatUsage(prompt_tokens=prompt, completion_tokens=answers)
        return ChatResponse(model=self.name, choices=tuple(choices), usage=usage)

    def _one(self, request: ChatRequest, seed: int) -> ChatResponse:
        asked = request.model_dump(mode="json") | {"n": 1, "seed": seed, "cache_prompt": True}
        with self._lock:  # One context: questions wait for each other.
            told: Any = self.server.handle_chat_completions(asked)
        if isinstance(told, dict) and "error" in told:
            message = str(told["error"].get("message", told["error"]))[:300]
            raise UsageError(f"{self.name} refuses the question: {message}")
        try:
            return ChatResponse.model_validate(told)
        except ValidationError as exc:
            raise FleetError(f"{self.name} answers with no chat completion") from exc


def load_gguf(file: Path) -> GgufModel:
    """Load a file. Raises UsageError when llama.cpp is not there or cannot read it."""
    try:
        import xllamacpp  # noqa: PLC0415  optional, see requirements-models.txt
    except ImportError as exc:
        raise UsageError(
            f"{file} needs llama.cpp, which is not installed",
            hint="pip install -r requirements-models.txt",
        ) from exc
    params = xllamacpp.CommonParams()
    params.model.path = str(file)
    params.n_ctx = CONTEXT
    params.n_parallel = 1
    params.warmup = False
    # It listens on the loopback address as well, where nobody else is to ask it anything.
    params.api_keys = [secrets.token_hex(16)]
    for cores in (params.cpuparams, params.cpuparams_batch):
        cores.n_threads = threads()
        cores.poll = 0
    try:
        return GgufModel(file.stem, xllamacpp.Server(params))
    except RuntimeError as exc:
        raise UsageError(f"{file} cannot be loaded: {exc}") from exc


def threads() -> int:
    """All cores of this process but one. Threads of llama.cpp wait for each other at every step: a
    core that is shared with tests makes all of them many times slower."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, min(_MOST_THREADS, (cores or 1) - 1))
