"""Trains the embedded model and writes its table.

    python -m benchmarks.failure_data.train DATA [--out FILE] [--final] [--logs 1600]

DATA is the folder with what `real` and `mined` wrote. Without --final a sixth of the messages and
four families of noise stay out, and what the model reaches on them is printed; with it everything
is learnt. Nothing of the development data or of held_out.txt is ever learnt; the latter is written
beside the table, where `testfleet retrain` measures on it.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from benchmarks.failure_data import fit
from benchmarks.failure_data.compose import HERE, Family
from benchmarks.failure_data.corpus import is_held, make_corpus
from benchmarks.failure_data.examples import Example
from benchmarks.failure_data.material import (
    LEFT_OUT,
    Training,
    all_families,
    catalogues,
    rehearsal,
    write_examples,
)
from benchmarks.failure_data.render import read_labelled
from benchmarks.failure_data.steps import (
    fit_blocks,
    fit_labels,
    fit_lines,
    pair_weights,
    read_all,
    words_of_noise,
    words_of_text,
)
from testfleet.triage.evidence import extract
from testfleet.triage.model.labels import CAUSES, DOMAINS, EmbeddedModel
from testfleet.triage.model.reader import LearntReader
from testfleet.triage.model.table import (
    BEFORE,
    BLOCK_FACTS,
    COLUMNS,
    LABEL_FACTS,
    LABELS,
    LINE,
    LINE_FACTS,
    NEXT,
    SEED,
    Facts,
    Table,
    load_table,
    rows_of,
    table_bytes,
)
from testfleet.triage.text import read_log

KEPT_OUT = ("cargo", "gitlab docker", "php and ruby gems", "browsers")
WORDS = 60_000
EMPTY: dict[str, Any] = {
    "name": "embedded-1",
    "corpus": "",
    "line": [0.0] * (1 + LINE_FACTS),
    "block": [0.0] * BLOCK_FACTS,
    "labels": [[0.0] * (1 + LABEL_FACTS)] * LABELS,
    "pairs": [[1.0] * len(CAUSES)] * len(DOMAINS),
    "sure": [0.8, 0.0],
}
"""What a table has that knows nothing yet."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--final", action="store_true")
    parser.add_argument("--logs", type=int, default=1_600)
    options = parser.parse_args()
    training = Training(make_corpus(options.data), all_families(), catalogues())
    if options.final:
        learnt, held, known, other = training.corpus.examples, [], training.families, []
    else:
        learnt = [one for one in training.corpus.examples if not is_held(one)]
        held = [one for one in training.corpus.examples if is_held(one)]
        known = [one for one in training.families if one.name not in KEPT_OUT]
        other = [one for one in training.families if one.name in KEPT_OUT]
    say(
        f"{len(training.corpus.examples)} texts, {training.corpus.dropped} near-duplicates "
        f"left out, {training.corpus.digest[:16]}"
    )
    table = train(training, learnt, known, options)
    if held:
        evaluate(training, table, held, other)
    if options.out:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_bytes(table)
        write_examples(options.out.with_name("rehearsal.jsonl"), rehearsal(training))
        write_examples(options.out.with_name("frozen.jsonl"), read_labelled(HERE / "held_out.txt"))


_START = time.monotonic()


def say(text: str) -> None:
    print(f"{time.monotonic() - _START:6.0f} s  {text}", flush=True)


# ------------------------------------------------------------------ the three steps


def train(
    training: Training,
    learnt: Sequence[Example],
    families: Sequence[Family],
    options: argparse.Namespace,
) -> bytes:
    logs = list(training.logs(learnt, families, options.logs))
    say(f"{len(logs)} logs made")
    words = fit.vocabulary(
        [*(words_of_text(one.text) for one in learnt), *(words_of_noise(logs, training.dice))],
        3,
        WORDS,
    )
    say(f"{len(words)} words")
    columns = np.zeros((len(words), COLUMNS))
    facts: dict[str, Any] = EMPTY | {"corpus": training.corpus.digest}
    columns[:, LINE], facts["line"] = fit_lines(logs, words, training.dice)
    say("lines fitted")
    reader = LearntReader(packed(words, columns, facts))
    columns[:, [SEED, NEXT, BEFORE]], facts["block"] = fit_blocks(logs, words, reader)
    say("blocks fitted")
    reader = LearntReader(packed(words, columns, facts))
    examples, evidence = read_all(training, learnt, logs, reader)
    say(f"{len(examples)} evidences read")
    columns[:, :LABELS], facts["labels"] = fit_labels(examples, evidence, words)
    facts["pairs"] = pair_weights(learnt)
    say("labels fitted")
    return written(words, columns, facts)


def packed(words: dict[str, int], columns: np.ndarray, facts: dict[str, Any]) -> Table:
    numbers, scales = quantised(columns)
    names = sorted(words)
    body = b"".join((numbers[words[name]] + 128).astype(np.uint8).tobytes() for name in names)
    return Table(rows_of(names, body), Facts(**facts, scales=tuple(scales)))


def quantised(columns: np.ndarray) -> tuple[np.ndarray, list[float]]:
    pairs = [fit.rounded(columns[:, at]) for at in range(columns.shape[1])]
    return np.array([numbers for numbers, _ in pairs]).T, [scale for _, scale in pairs]


def written(words: dict[str, int], columns: np.ndarray, facts: dict[str, Any]) -> bytes:
    """The file; words that say next to nothing are left out."""
    numbers, scales = quantised(columns)
    kept = {
        name: numbers[at].tolist() for name, at in words.items() if np.abs(numbers[at]).max() > 3
    }
    data = table_bytes(kept, Facts(**_short(facts), scales=tuple(_short(scales))))
    say(f"{len(kept)} words kept, {len(data) / 1e6:.2f} MB")
    return data


def _short(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.5g}")
    if isinstance(value, dict):
        return {key: _short(one) for key, one in value.items()}
    return [_short(one) for one in value] if isinstance(value, list) else value


def evaluate(
    training: Training, data: bytes, held: Sequence[Example], families: Sequence[Family]
) -> None:
    """On messages and noise that were kept out."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "table"
        path.write_bytes(data)
        table = load_table(path)
    reader, model = LearntReader(table), EmbeddedModel(table)
    for rules_at in (0, 4):
        rules = training.catalogues[rules_at]
        lines = [extract(read_log(one.text), rules, reader) for one in held]
        found = [(one, two) for one, two in zip(held, model.classify(lines), strict=True) if two]
        domain = sum(one.domain == two.domain.value for one, two in found) / len(held)
        cause = sum(one.cause == two.cause.value for one, two in found) / len(held)
        say(
            f"held messages, {LEFT_OUT[rules_at]:.0%} of the rules left out: "
            f"domain {domain:.1%}, cause {cause:.1%}"
        )
    hit = choice = total = kept = 0
    logs = list(training.logs(held, families, 300))
    for one in logs:
        block = reader.block(one.view.scene)
        inside = sum(at in one.failure for at in block)
        filled = [at for at in one.failure if one.log.lines[at].strip()]
        hit += sum(at in block for at in filled) * 2 >= len(filled)
        choice += inside > 0
        kept += inside
        total += len(block)
    say(
        f"held noise: right block {choice / len(logs):.1%}, "
        f"evidence {hit / len(logs):.1%}, precision {kept / max(1, total):.1%}"
    )


if __name__ == "__main__":
    main()
