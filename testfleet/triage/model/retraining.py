"""Learning from corrections: the label columns of the table move towards what people said.

Stochastic gradient descent on both heads' cross-entropy, over the corrections and over examples of
the made data, so that what was known is kept (rehearsal: Robins, 1995). How lines are read stays as
it is. A new table is worth having only if it is better on examples that took no part.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from testfleet.contracts.failure import Cause, Domain
from testfleet.errors import UsageError
from testfleet.triage.classify import Chain
from testfleet.triage.evidence import extract
from testfleet.triage.model.labels import CAUSES, DOMAINS, EmbeddedModel, label_facts, words_of
from testfleet.triage.model.reader import LearntReader
from testfleet.triage.model.table import COLUMNS, LABELS, Facts, Table, table_bytes
from testfleet.triage.text import read_log

if TYPE_CHECKING:
    from numpy import ndarray

REHEARSAL: Final = Path(__file__).with_name("rehearsal.jsonl")
"""Made failures of all classes, to be learnt again beside corrections."""
FROZEN: Final = Path(__file__).with_name("frozen.jsonl")
"""Failures that no training ever sees: each new table is measured on them."""
_EPOCHS: Final = 12
_RATE: Final = 0.6
_EACH: Final = 4
"""How often a correction counts where a made example counts once."""
_NEW: Final = 2
"""Corrections in which an unknown word has to stand to become known."""
_LARGEST: Final = 127


@dataclass(frozen=True)
class Labelled:
    """A text and what it is."""

    text: str
    domain: Domain
    cause: Cause


@dataclass(frozen=True)
class Marks:
    """What a table reaches on some failures: shares of right answers."""

    domain: float
    cause: float
    both: float


@dataclass(frozen=True)
class _Example:
    words: Sequence[int]
    facts: Sequence[float]
    domain: int
    cause: int


def read_labelled(file: Path) -> list[Labelled]:
    """Lines {"text", "domain", "cause"}. Raises UsageError that names the line."""
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as exc:
        raise UsageError(
            f"{file} cannot be read: {exc}", hint="it is a file of JSON lines"
        ) from exc
    return [_labelled(line, f"{file}:{at}") for at, line in enumerate(lines, 1) if line.strip()]


def _labelled(line: str, where: str) -> Labelled:
    try:
        row = json.loads(line)
        return Labelled(str(row["text"]), Domain(row["domain"]), Cause(row["cause"]))
    except (ValueError, KeyError, TypeError) as exc:
        raise UsageError(
            f"{where} is no labelled failure: {exc}",
            hint='each line is {"text": ..., "domain": ..., "cause": ...}',
        ) from exc


def marks(table: Table, examples: Sequence[Labelled]) -> Marks:
    """What a table reaches, asked before the rules as always."""
    chain = Chain((EmbeddedModel(table),), reader=LearntReader(table))
    found = chain.classify([one.text for one in examples])
    domain = [one.domain is two.domain for one, two in zip(examples, found, strict=True)]
    cause = [one.cause is two.cause for one, two in zip(examples, found, strict=True)]
    both = [one and two for one, two in zip(domain, cause, strict=True)]
    count = max(1, len(examples))
    return Marks(sum(domain) / count, sum(cause) / count, sum(both) / count)


def retrained(table: Table, corrections: Sequence[Labelled], *, seed: int = 7) -> bytes:
    """The file of a table that has learnt the corrections. Raises UsageError without any."""
    if not corrections:
        raise UsageError("there is nothing to learn from", hint="name a file with corrections")
    learner = _Learner(table, corrections)
    dice = random.Random(seed)  # noqa: S311  a shuffle
    for epoch in range(_EPOCHS):
        for example in dice.sample(learner.examples, len(learner.examples)):
            learner.learn(example, _RATE * (1 - epoch / _EPOCHS))
    return learner.file()


class _Learner:
    """Weights in motion."""

    def __init__(self, table: Table, corrections: Sequence[Labelled]) -> None:
        import numpy as np  # noqa: PLC0415  only retraining needs it, and it takes 100 ms

        self.table = table
        evidence = [
            (one, extract(read_log(one.text), reader=LearntReader(table))) for one in corrections
        ]
        counts = Counter(word for _, lines in evidence for word in words_of(lines))
        new = [word for word, count in counts.items() if count >= _NEW and word not in table.rows]
        self.names = [*table.rows, *sorted(new)]
        self.places = {name: at for at, name in enumerate(self.names)}
        self.scales = np.array(table.facts.scales)
        self.columns = np.zeros((len(self.names), COLUMNS))
        self.columns[: len(table.rows)] = list(_unpacked(table)) * self.scales
        self.constants = np.array([row[0] for row in table.facts.labels])
        self.weights = np.array([row[1:] for row in table.facts.labels])
        own = [self._example(one) for one in corrections]
        self.examples = own * _EACH + [self._example(one) for one in read_labelled(REHEARSAL)]

    def _example(self, one: Labelled) -> _Example:
        lines = extract(read_log(one.text), reader=LearntReader(self.table))
        words = [self.places[word] for word in words_of(lines) if word in self.places]
        places = DOMAINS.index(one.domain), CAUSES.index(one.cause)
        return _Example(words, label_facts(lines), *places)

    def learn(self, example: _Example, rate: float) -> None:
        """One step down the loss of an example."""
        import numpy as np  # noqa: PLC0415

        words = list(example.words)
        root = max(1, len(words)) ** 0.5
        logits = self.columns[words, :LABELS].sum(0) / root + self.weights @ np.array(example.facts)
        slope = _slope(logits + self.constants, (example.domain, len(DOMAINS) + example.cause))
        self.columns[words, :LABELS] -= rate * slope / root
        self.constants -= 0.1 * rate * slope

    def file(self) -> bytes:
        """The table as it is now."""
        import numpy as np  # noqa: PLC0415

        rounded = np.clip(np.round(self.columns / self.scales), -_LARGEST, _LARGEST).astype(int)
        labels = np.column_stack([self.constants, self.weights]).tolist()
        facts = self.table.facts.model_copy(update={"labels": tuple(map(tuple, labels))})
        return table_bytes(dict(zip(self.names, rounded.tolist(), strict=True)), _next(facts))


def _slope(logits: ndarray, right: Sequence[int]) -> ndarray:
    """Derivative of both heads' cross-entropy."""
    import numpy as np  # noqa: PLC0415

    slope = np.zeros(LABELS)
    for part in (slice(0, len(DOMAINS)), slice(len(DOMAINS), LABELS)):
        raised = np.exp(logits[part] - logits[part].max())
        slope[part] = raised / raised.sum()
    slope[list(right)] -= 1.0
    return slope


def _unpacked(table: Table) -> Iterator[Sequence[int]]:
    """Rows as numbers."""
    for name in table.rows:
        yield table.total((name,))[0]


def _next(facts: Facts) -> Facts:
    """Facts under the next version's name."""
    name, _, number = facts.name.rpartition("-")
    return facts.model_copy(update={"name": f"{name}-{int(number) + 1}"})
