"""How sure the embedded model should be: Platt scaling on failures of public projects.

    python -m benchmarks.failure_data.calibrate FILE.jsonl... --table words.bin

Made failures are too easy to learn doubt from. Two numbers, a slope and a constant, are fitted to
labelled failures that training never saw: as they are, with a part of the rules' catalogue left out
(as an unknown wording would), and inside made logs. The table is written anew with them.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

from benchmarks.classify import Failure, read
from benchmarks.failure_data.compose import make_log
from benchmarks.failure_data.material import all_families, catalogues
from testfleet.triage.evidence import WeighedLine, extract
from testfleet.triage.model.labels import EmbeddedModel
from testfleet.triage.model.reader import LearntReader
from testfleet.triage.model.table import Table, load_table, table_bytes
from testfleet.triage.text import read_log

CATALOGUES = (0, 3, 5)
SEED = 5_000_000
PULL = 0.002
"""Towards a slope of 1 and no constant, worth about one failure in 500."""


def evidences(
    failures: Sequence[Failure], table: Table
) -> Iterator[tuple[Failure, Sequence[WeighedLine]]]:
    reader, rules, families = LearntReader(table), catalogues(), all_families()
    for at, one in enumerate(failures):
        for which in CATALOGUES:
            yield one, extract(read_log(one.text), rules[which], reader)
        yield one, extract(read_log(make_log(one.text, families, SEED + at).text), reader=reader)


def points(failures: Sequence[Failure], table: Table) -> tuple[np.ndarray, np.ndarray]:
    """Log-odds of the chosen pair, and whether it is right."""
    model = EmbeddedModel(table.facts_with(sure=(1.0, 0.0)))
    shares, right = [], []
    for one, lines in evidences(failures, table):
        answer = model.classify([lines])[0]
        if answer is not None:
            share = min(1 - 1e-6, max(1e-6, answer.confidence))
            shares.append(math.log(share / (1 - share)))
            right.append((answer.domain.value, answer.cause.value) == (one.domain, one.cause))
    return np.array(shares), np.array(right, float)


def fit(shares: np.ndarray, right: np.ndarray) -> tuple[float, float]:
    def loss(weights: np.ndarray) -> float:
        said = weights[0] * shares + weights[1]
        pull = PULL * ((weights[0] - 1) ** 2 + weights[1] ** 2)
        return float(np.mean(np.logaddexp(0, said) - right * said) + pull)

    slope, constant = minimize(loss, [1.0, 0.0]).x
    return round(float(slope), 3), round(float(constant), 3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--table", type=Path, required=True)
    options = parser.parse_args()
    table = load_table(options.table)
    shares, right = points([one for path in options.files for one in read(path)], table)
    sure = fit(shares, right)
    rows = {name: list(table.total((name,))[0]) for name in table.rows}
    options.table.write_bytes(table_bytes(rows, table.facts_with(sure=sure).facts))
    print(f"{len(right)} answers, {right.mean():.1%} right; slope and constant {sure}")


if __name__ == "__main__":
    main()
