"""The fine-tuned encoder with two heads: domain and cause of a text.

A BERT-family encoder reads the failure's lines; the mean of its last states (attention aside from
padding) goes through one linear head for each label. Needs torch and transformers, which only the
container and those who train install.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from testfleet.contracts.failure import Cause, Domain
from testfleet.contracts.inference import InferenceAnswer, InferenceRequest, InferenceResponse
from testfleet.errors import UsageError

HEADS: Final = "heads.safetensors"
CARD: Final = "classifier.json"
MAX_TOKENS: Final = 256
BATCH: Final = 32
DOMAINS: Final = tuple(Domain)
CAUSES: Final = tuple(Cause)


@dataclass(frozen=True)
class Encoder:
    """A loaded model. Use `load_encoder`."""

    name: str
    tokenizer: Any
    body: Any
    heads: Any
    temperature: float = 1.0
    """By which both heads are divided, so that their shares are chances (Guo et al., 2017)."""

    def predict(self, request: InferenceRequest) -> InferenceResponse:
        """An answer for each text, in order; long requests in batches."""
        texts = request.texts
        answers = [
            answer
            for at in range(0, len(texts), BATCH)
            for answer in self._answers(texts[at : at + BATCH])
        ]
        return InferenceResponse(model=self.name, answers=tuple(answers))

    def _answers(self, texts: Sequence[str]) -> list[InferenceAnswer]:
        import torch  # noqa: PLC0415  heavy, and not there but in the container

        with torch.inference_mode():
            logits = self.logits(texts) / self.temperature
            domains = torch.softmax(logits[:, : len(DOMAINS)], dim=1)
            causes = torch.softmax(logits[:, len(DOMAINS) :], dim=1)
        return [
            _answer(domain, cause)
            for domain, cause in zip(domains.tolist(), causes.tolist(), strict=True)
        ]

    def logits(self, texts: Sequence[str]) -> Any:
        """Of domains and causes, side by side, for each text."""
        tokens = self.tokenizer(
            list(texts), padding=True, truncation=True, max_length=MAX_TOKENS, return_tensors="pt"
        ).to(self.body.device)
        states = self.body(**tokens).last_hidden_state
        mask = tokens["attention_mask"].unsqueeze(-1).to(states.dtype)
        return self.heads((states * mask).sum(1) / mask.sum(1).clamp(min=1.0))


def _answer(domains: Sequence[float], causes: Sequence[float]) -> InferenceAnswer:
    domain, cause = max(domains), max(causes)
    return InferenceAnswer(
        domain=DOMAINS[domains.index(domain)],
        cause=CAUSES[causes.index(cause)],
        confidence=min(1.0, domain * cause),
    )


def new_encoder(folder: str) -> Encoder:
    """An encoder with untrained heads, from a folder of Hugging Face's form or a hub's name."""
    import torch  # noqa: PLC0415
    from transformers import AutoModel, AutoTokenizer  # noqa: PLC0415

    body = AutoModel.from_pretrained(folder)
    heads = torch.nn.Linear(body.config.hidden_size, len(DOMAINS) + len(CAUSES))
    return Encoder("encoder", AutoTokenizer.from_pretrained(folder), body, heads)


def save_encoder(encoder: Encoder, folder: Path) -> None:
    """Write what `load_encoder` reads, and what SageMaker packs into model.tar.gz."""
    from safetensors.torch import save_file  # noqa: PLC0415

    folder.mkdir(parents=True, exist_ok=True)
    encoder.body.save_pretrained(folder)
    encoder.tokenizer.save_pretrained(folder)
    save_file(encoder.heads.state_dict(), str(folder / HEADS))
    card = {"name": encoder.name, "temperature": encoder.temperature}
    card |= {"domains": [one.value for one in DOMAINS], "causes": [one.value for one in CAUSES]}
    (folder / CARD).write_text(json.dumps(card, indent=2) + "\n", "utf-8")


def is_encoder(folder: Path) -> bool:
    """Whether `save_encoder` wrote the folder."""
    return (folder / CARD).is_file()


def load_encoder(folder: Path) -> Encoder:
    """Read a trained model. Raises UsageError if its labels are not ours."""
    card = json.loads((folder / CARD).read_text("utf-8"))
    labels = ([one.value for one in DOMAINS], [one.value for one in CAUSES])
    if (card.get("domains"), card.get("causes")) != labels:
        raise UsageError(
            f"{folder} was trained for other labels than this version has",
            hint="train it anew: sagemaker/classifier/train.py",
        )
    from safetensors.torch import load_file  # noqa: PLC0415

    fresh = new_encoder(str(folder))
    fresh.heads.load_state_dict(load_file(str(folder / HEADS)))
    fresh.body.eval()
    return Encoder(card["name"], fresh.tokenizer, fresh.body, fresh.heads, card["temperature"])
