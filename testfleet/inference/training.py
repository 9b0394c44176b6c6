"""Fine-tuning of the encoder on labelled failures, on a laptop's CPU or in a SageMaker job.

Cross-entropy of both heads, rare classes weighing more; AdamW with a linear warm-up and decline;
the temperature is fitted on a tenth that training did not see (Guo et al., 2017).
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from testfleet.contracts.failure import Cause, Domain
from testfleet.errors import UsageError
from testfleet.inference.encoder import CAUSES, DOMAINS, Encoder

_JUDGED = 32
"""Texts at once."""


@dataclass(frozen=True)
class Labelled:
    """A text and what it is."""

    text: str
    domain: Domain
    cause: Cause


@dataclass(frozen=True)
class Settings:
    """How to train."""

    epochs: int = 3
    batch: int = 32
    rate: float = 5e-5
    seed: int = 7


@dataclass(frozen=True)
class Trained:
    """A model, and what it reached on the tenth it had not seen."""

    encoder: Encoder
    domain_accuracy: float
    cause_accuracy: float


def read_labelled(file: Path) -> list[Labelled]:
    """Lines {"text", "domain", "cause"}. Raises UsageError that names the line."""
    found = []
    try:
        for number, line in enumerate(file.read_text("utf-8").splitlines(), start=1):
            try:
                row = json.loads(line)
                found.append(Labelled(row["text"], Domain(row["domain"]), Cause(row["cause"])))
            except (ValueError, KeyError, TypeError) as exc:
                raise UsageError(
                    f"{file}:{number} is no labelled failure: {exc}",
                    hint='each line is {"text": ..., "domain": ..., "cause": ...}',
                ) from exc
    except OSError as exc:
        raise UsageError(f"{file} cannot be read: {exc.strerror}") from exc
    return found


def train(encoder: Encoder, examples: Sequence[Labelled], settings: Settings) -> Trained:
    """A trained copy of the encoder's weights; needs at least 20 examples. Raises UsageError."""
    if len(examples) < 20:  # noqa: PLR2004
        raise UsageError(f"{len(examples)} labelled failures are too few, at least 20 are needed")
    import torch  # noqa: PLC0415  heavy, and not installed where nobody trains

    torch.manual_seed(settings.seed)
    shuffled = random.Random(settings.seed).sample(list(examples), len(examples))  # noqa: S311  a shuffle
    held, learnt = shuffled[: len(shuffled) // 10], shuffled[len(shuffled) // 10 :]
    device = "cuda" if torch.cuda.is_available() else "cpu"
    encoder.body.to(device)
    encoder.heads.to(device)
    _learn(encoder, learnt, settings)
    encoder.body.eval()
    return _judged(encoder, held)


def marks(encoder: Encoder, examples: Sequence[Labelled]) -> tuple[float, float]:
    """Shares of right domains, and of answers right in both labels."""
    import torch  # noqa: PLC0415

    encoder.body.eval()
    domains = both = 0
    with torch.inference_mode():
        for at in range(0, len(examples), _JUDGED):
            batch = examples[at : at + _JUDGED]
            logits = encoder.logits([one.text for one in batch]).cpu()
            targets = _targets(batch, "cpu")
            domain = logits[:, : len(DOMAINS)].argmax(1) == targets[:, 0]
            cause = logits[:, len(DOMAINS) :].argmax(1) == targets[:, 1]
            domains += int(domain.sum())
            both += int((domain & cause).sum())
    count = max(1, len(examples))
    return domains / count, both / count


def _learn(encoder: Encoder, learnt: Sequence[Labelled], settings: Settings) -> None:
    import torch  # noqa: PLC0415
    from transformers import get_linear_schedule_with_warmup  # noqa: PLC0415

    parameters = [*encoder.body.parameters(), *encoder.heads.parameters()]
    optimiser = torch.optim.AdamW(parameters, lr=settings.rate, weight_decay=0.01)
    steps = settings.epochs * (len(learnt) // settings.batch + 1)
    schedule = get_linear_schedule_with_warmup(optimiser, steps // 10, steps)
    losses = _losses(learnt, encoder.body.device)
    encoder.body.train()
    for batch in _batches(learnt, settings):
        optimiser.zero_grad()
        logits = encoder.logits([one.text for one in batch])
        targets = _targets(batch, logits.device)
        loss = losses[0](logits[:, : len(DOMAINS)], targets[:, 0])
        loss = loss + losses[1](logits[:, len(DOMAINS) :], targets[:, 1])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        schedule.step()


def _batches(learnt: Sequence[Labelled], settings: Settings) -> Iterator[Sequence[Labelled]]:
    dice = random.Random(settings.seed)  # noqa: S311  a shuffle
    for _ in range(settings.epochs):
        mixed = dice.sample(list(learnt), len(learnt))
        for at in range(0, len(mixed), settings.batch):
            yield mixed[at : at + settings.batch]


def _losses(learnt: Sequence[Labelled], device: Any) -> list[Any]:
    import torch  # noqa: PLC0415

    found = []
    for labels, names in (
        ([one.domain for one in learnt], DOMAINS),
        ([one.cause for one in learnt], CAUSES),
    ):
        counts = Counter(labels)
        weights = [(1 + counts[name]) ** -0.5 for name in names]
        scaled = torch.tensor(weights, device=device) * len(names) / sum(weights)
        found.append(torch.nn.CrossEntropyLoss(weight=scaled, label_smoothing=0.05))
    return found


def _targets(batch: Sequence[Labelled], device: Any) -> Any:
    import torch  # noqa: PLC0415

    pairs = [(DOMAINS.index(one.domain), CAUSES.index(one.cause)) for one in batch]
    return torch.tensor(pairs, device=device)


def _judged(encoder: Encoder, held: Sequence[Labelled]) -> Trained:
    import torch  # noqa: PLC0415

    with torch.inference_mode():
        parts = [
            encoder.logits([one.text for one in held[at : at + 32]]).cpu()
            for at in range(0, len(held), 32)
        ]
    logits, targets = torch.cat(parts), _targets(held, "cpu")
    split = len(DOMAINS)
    right = [
        (logits[:, :split].argmax(1) == targets[:, 0]).float().mean().item(),
        (logits[:, split:].argmax(1) == targets[:, 1]).float().mean().item(),
    ]

    def loss(temperature: float) -> float:
        scaled = logits / temperature
        cross = torch.nn.functional.cross_entropy
        both = cross(scaled[:, :split], targets[:, 0]), cross(scaled[:, split:], targets[:, 1])
        return float(sum(both))

    best = min((0.5 + 0.1 * at for at in range(36)), key=loss)
    return Trained(replace(encoder, temperature=best), right[0], right[1])
