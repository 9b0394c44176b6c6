"""Trains the embedded model and writes its table.

    python -m benchmarks.failure_data.train DATA [--out FILE] [--final] [--logs 1600]

DATA is the folder with what `real` and `mined` wrote. Without --final a sixth of the messages and
four families of noise stay out, and what the model reaches on them is printed; with it everything
is learnt. Nothing of the development data or of held_out.txt is ever learnt; the latter is written
beside the table, where `testfleet retrain` measures on it.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import scipy.sparse as sp

from benchmarks.calibrate_rules import without_some
from benchmarks.failure_data import fit
from benchmarks.failure_data.compose import HERE, Family, make_log, read_families
from benchmarks.failure_data.corpus import Corpus, is_held, make_corpus
from benchmarks.failure_data.real import Example
from benchmarks.failure_data.render import read_labelled
from benchmarks.failure_logs import NOISE
from benchmarks.failure_styles import STYLES
from testfleet.triage.evidence import WeighedLine, extract
from testfleet.triage.model.labels import (
    CAUSES,
    DOMAINS,
    EmbeddedModel,
    label_facts,
    words_of,
)
from testfleet.triage.model.reader import LearntReader
from testfleet.triage.model.reading import (
    View,
    block_facts,
    following,
    line_facts,
    preceding,
    spoken,
)
from testfleet.triage.model.table import (
    BEFORE,
    BLOCK_FACTS,
    COLUMNS,
    LABELS,
    LABEL_FACTS,
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
from testfleet.triage.model.tokens import grams
from testfleet.triage.rules import Rules, load_rules
from testfleet.triage.scene import Scene
from testfleet.triage.text import Log, read_log

KEPT_OUT = ("cargo", "gitlab docker", "php and ruby gems", "browsers")
LEFT_OUT = (0.0, 0.0, 0.1, 0.2, 0.3, 0.5)
"""Shares of the catalogue that are left out, so that the model learns to do without."""
WORDS = 60_000
LONGEST = 45
REHEARSED = 12
LONGEST_REHEARSED = 400
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
LARGEST_LOG = 1_500


@dataclass
class MadeLog:
    """A log, read."""

    example: Example
    log: Log
    view: View
    failure: range


@dataclass
class Training:
    """What training goes on."""

    corpus: Corpus
    families: Sequence[Family]
    catalogues: Sequence[Rules]
    dice: random.Random = field(default_factory=lambda: random.Random(3))

    def logs(
        self, examples: Sequence[Example], families: Sequence[Family], count: int
    ) -> Iterator[MadeLog]:
        """Failures inside logs."""
        short = [one for one in examples if one.text.count("\n") < LONGEST]
        made = 0
        while made < count:
            one = self.dice.choice(short)
            found = make_log(one.text, families, self.dice.randrange(10**9))
            if found.text.count("\n") > LARGEST_LOG:
                continue
            log = read_log(found.text)
            scene = Scene(log.lines, self.dice.choice(self.catalogues))
            made += 1
            yield MadeLog(one, log, View(scene), range(found.first - 1, found.last))


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
        f"{len(training.corpus.examples)} texts, {training.corpus.dropped} near-duplicates left out, {training.corpus.digest[:16]}"
    )
    table = train(training, learnt, known, options)
    if held:
        evaluate(training, table, held, other)
    if options.out:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_bytes(table)
        write_examples(options.out.with_name("rehearsal.jsonl"), rehearsal(training))
        write_examples(options.out.with_name("frozen.jsonl"), read_labelled(HERE / "held_out.txt"))


def all_families() -> list[Family]:
    """Noise for training: the families of noise.txt and those of the rules' benchmark."""
    found = read_families(HERE / "noise.txt")
    found += [
        Family(
            one.name,
            list(one.setup),
            list(one.passing),
            [list(block) for block in one.harmless],
            list(one.end),
        )
        for one in STYLES
    ]
    for at, blocks in enumerate(NOISE):
        base = found[at]
        found.append(
            Family(
                f"set {at}", base.setup, base.passing, [list(block) for block in blocks], base.end
            )
        )
    return found


def catalogues() -> list[Rules]:
    """The catalogue, whole and with parts left out."""
    rules = load_rules()
    signatures = [one for group in rules.by_word.values() for one in group]
    signatures += [one for _, one in rules.by_text]
    return [
        rules if not share else without_some(signatures, share, random.Random(at))
        for at, share in enumerate(LEFT_OUT)
    ]


def rehearsal(training: Training) -> list[Example]:
    """A few short examples of each pair of labels, for later retraining."""
    pairs: dict[tuple[str, str], list[Example]] = {}
    for one in training.corpus.examples:
        if len(one.text) < LONGEST_REHEARSED:
            pairs.setdefault((one.domain, one.cause), []).append(one)
    return [one for pair in sorted(pairs) for one in pairs[pair][:REHEARSED]]


def write_examples(file: Path, examples: Iterable[Example]) -> None:
    rows = ({"text": one.text, "domain": one.domain, "cause": one.cause} for one in examples)
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")


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


def words_of_text(text: str) -> set[str]:
    return {gram for line in text.split("\n")[:LONGEST] for gram in grams(line)}


def words_of_noise(logs: Sequence[MadeLog], dice: random.Random) -> Iterator[set[str]]:
    for one in logs:
        lines = one.log.lines
        picked = {*one.view.scene.suspects, *(dice.randrange(len(lines)) for _ in range(20))}
        for at in sorted(picked)[:60]:
            if at not in one.failure:
                yield set(grams(lines[at]))


def fit_lines(
    logs: Sequence[MadeLog], words: dict[str, int], dice: random.Random
) -> tuple[np.ndarray, list[float]]:
    """Which lines belong to a failure."""
    texts, facts, labels = [], [], []
    for one in logs:
        lines = one.log.lines
        noise = [at for at in range(len(lines)) if at not in one.failure and lines[at].strip()]
        suspects = [at for at in one.view.scene.suspects if at not in one.failure]
        near = [
            at for at in noise if abs(at - one.failure.start) < 6 or abs(at - one.failure.stop) < 6
        ]
        picked = [
            *dice.sample(noise, min(8, len(noise))),
            *dice.sample(suspects, min(14, len(suspects))),
            *near,
        ]
        mine = [at for at in one.failure if lines[at].strip()]
        for at in (*mine[:20], *picked):
            texts.append(grams(lines[at]))
            facts.append(line_facts(at, one.view))
            labels.append(at in one.failure)
    found = fit.logistic(fit.rows(texts, words), np.array(facts), np.array(labels), 2.0)
    weights = found.coef_[0]
    return weights[: len(words)], [float(found.intercept_[0]), *map(float, weights[len(words) :])]


def fit_blocks(
    logs: Sequence[MadeLog], words: dict[str, int], reader: LearntReader
) -> tuple[np.ndarray, list[float]]:
    """Which of a log's blocks is the failure."""
    said: list[list[list[str]]] = [[], [], []]
    facts, numbers, right = [], [], []
    reached = 0
    for number, one in enumerate(logs):
        blocks = reader.candidates(one.view)
        good = [any(seed.at in one.failure for seed in block.seeds) for block in blocks]
        reached += any(good)
        if not any(good) or all(good):
            continue
        for block, is_good in zip(blocks, good, strict=True):
            for column, places in enumerate(
                (spoken(block), following(block, one.view), preceding(block, one.view))
            ):
                said[column].append(
                    list(dict.fromkeys(gram for at in places for gram in grams(one.log.lines[at])))
                )
            facts.append(block_facts(block, blocks, one.view, reader.belongs))
            numbers.append(number)
            right.append(is_good)
    say(f"the failure is among the candidates in {reached / len(logs):.1%}")
    features = sp.hstack(
        [*(fit.rows(column, words) for column in said), sp.csr_matrix(np.array(facts)) * 2]
    ).tocsr()
    weights = fit.choice(features, np.array(numbers), np.array(right), 1.0)
    count = len(words)
    return weights[: 3 * count].reshape(3, count).T, [
        2 * float(one) for one in weights[3 * count :]
    ]


def read_all(
    training: Training, learnt: Sequence[Example], logs: Sequence[MadeLog], reader: LearntReader
) -> tuple[list[Example], list[Sequence[WeighedLine]]]:
    """Evidence of texts by themselves, and of those logs in which the failure is found."""
    examples, evidence = [], []
    for one in learnt:
        examples.append(one)
        evidence.append(
            extract(read_log(one.text), training.dice.choice(training.catalogues), reader)
        )
    for made in logs:
        lines = extract(made.log, made.view.scene.rules, reader)
        if sum(line.number - 1 in made.failure for line in lines) * 2 >= len(lines) > 0:
            examples.append(made.example)
            evidence.append(lines)
    return examples, evidence


def fit_labels(
    examples: Sequence[Example], evidence: Sequence[Sequence[WeighedLine]], words: dict[str, int]
) -> tuple[np.ndarray, list[list[float]]]:
    """Domains and causes."""
    texts = fit.rows([list(words_of(lines)) for lines in evidence], words)
    facts = np.array([label_facts(lines) for lines in evidence]) * 3
    columns, dense = [], []
    for labels, names in (
        (np.array([one.domain for one in examples]), [one.value for one in DOMAINS]),
        (np.array([one.cause for one in examples]), [one.value for one in CAUSES]),
    ):
        found = fit.logistic(texts, facts, labels, 3.0)
        for name in names:
            at = list(found.classes_).index(name)
            columns.append(found.coef_[at][: len(words)])
            dense.append(
                [
                    float(found.intercept_[at]),
                    *(3 * float(one) for one in found.coef_[at][len(words) :]),
                ]
            )
    return np.array(columns).T, dense


def pair_weights(examples: Sequence[Example]) -> list[list[float]]:
    """How far domains and causes go together, from 0.05 to 1."""
    pairs = {(one.domain, one.cause) for one in examples}
    return [
        [1.0 if (domain.value, cause.value) in pairs else 0.05 for cause in CAUSES]
        for domain in DOMAINS
    ]


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
        found = [
            model.classify([extract(read_log(one.text), training.catalogues[rules_at], reader)])[0]
            for one in held
        ]
        domain = sum(
            a is not None and a.domain.value == b.domain for a, b in zip(found, held, strict=True)
        )
        cause = sum(
            a is not None and a.cause.value == b.cause for a, b in zip(found, held, strict=True)
        )
        say(
            f"held messages, {LEFT_OUT[rules_at]:.0%} of the rules left out: domain {domain / len(held):.1%}, cause {cause / len(held):.1%}"
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
        f"held noise: right block {choice / len(logs):.1%}, evidence {hit / len(logs):.1%}, precision {kept / max(1, total):.1%}"
    )


if __name__ == "__main__":
    main()
