"""Any causal model of Hugging Face's form. Needs torch and transformers (requirements-models.txt),
which the container and those who try a model at home install."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from testfleet.contracts.chat import ChatAnswer, ChatChoice, ChatRequest, ChatResponse, ChatUsage
from testfleet.errors import UsageError


@dataclass(frozen=True)
class CausalModel:
    """A loaded model. Use `load_causal`."""

    name: str
    tokenizer: Any
    body: Any

    def write(self, request: ChatRequest) -> ChatResponse:
        """All answers in one batch. Raises UsageError for a prompt that is too long."""
        import torch  # noqa: PLC0415  heavy, and not there but in the container

        tokens = self.tokenizer(self._prompt(request), return_tensors="pt").to(self.body.device)
        length = tokens["input_ids"].shape[1]
        most = getattr(self.body.config, "max_position_embeddings", None)
        if most is not None and length + request.max_tokens > most:
            raise UsageError(
                f"{self.name} reads {most} tokens: the prompt has {length}, and"
                f" {request.max_tokens} are wanted"
            )
        torch.manual_seed(request.seed)
        with torch.inference_mode():
            made = self.body.generate(**tokens, **self._options(request))
        answers = made[:, length:]
        choices = tuple(self._choice(row, request) for row in answers)
        return ChatResponse(
            model=self.name,
            choices=choices,
            usage=ChatUsage(prompt_tokens=length, completion_tokens=int(answers.numel())),
        )

    def _prompt(self, request: ChatRequest) -> str:
        """By the model's chat template; a model without one reads the plain text."""
        if self.tokenizer.chat_template is None:
            return "\n\n".join(each.content for each in request.messages) + "\n"
        told = [each.model_dump() for each in request.messages]
        text = self.tokenizer.apply_chat_template(told, tokenize=False, add_generation_prompt=True)
        return str(text)

    def _options(self, request: ChatRequest) -> dict[str, Any]:
        drawn = request.temperature > 0
        options: dict[str, Any] = {
            "max_new_tokens": request.max_tokens,
            "do_sample": drawn,
            "num_return_sequences": request.n if drawn else 1,
            "pad_token_id": self.tokenizer.pad_token_id or self.tokenizer.eos_token_id,
        }
        return options | ({"temperature": request.temperature} if drawn else {})

    def _choice(self, row: Any, request: ChatRequest) -> ChatChoice:
        text = str(self.tokenizer.decode(row, skip_special_tokens=True))
        for stop in request.stop:
            text = text.partition(stop)[0]
        ended = self.tokenizer.eos_token_id in row.tolist()
        reason = "stop" if ended else "length"
        return ChatChoice(message=ChatAnswer(content=text), finish_reason=reason)


def load_causal(folder: Path) -> CausalModel:
    """Load a folder. No code of the folder is run. Raises UsageError."""
    try:
        import torch  # noqa: PLC0415
        from transformers import AutoModelForCausalLM, AutoTokenizer  # noqa: PLC0415
    except ImportError as exc:
        raise UsageError(
            f"{folder} needs torch and transformers, which are not installed",
            hint="pip install -r requirements-models.txt",
        ) from exc
    device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        tokenizer = AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
        body = AutoModelForCausalLM.from_pretrained(
            str(folder), local_files_only=True, dtype="auto"
        ).to(device)
    except (OSError, ValueError) as exc:
        raise UsageError(f"{folder} cannot be loaded: {exc}") from exc
    body.eval()
    return CausalModel(folder.name, tokenizer, body)
