"""The steps of training: words, lines of failures, blocks of logs, labels."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

import numpy as np
import scipy.sparse as sp

from benchmarks.failure_data import fit
from benchmarks.failure_data.examples import Example
from benchmarks.failure_data.material import LONGEST, MadeLog, Training
from testfleet.triage.evidence import WeighedLine, extract
from testfleet.triage.model.labels import CAUSES, DOMAINS, label_facts, words_of
from testfleet.triage.model.reader import LearntReader
from testfleet.triage.model.reading import (
    block_facts,
    following,
    line_facts,
    preceding,
    spoken,
)
from testfleet.triage.model.tokens import grams
from testfleet.triage.text import read_log


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
    print(f"the failure is among the candidates in {reached / len(logs):.1%}")
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
