"""Trains the order of repair candidates, and tells what it is worth on packages never seen.

    python -m benchmarks.repair_ranks --split dev --sample 0 --keep DEV
    python -m benchmarks.train_rank DEV [DEV ...] [--judge HELD_OUT] [--write]

The score is linear; its weights maximise the likelihood that of a bug's first candidates a right
one is chosen (conditional logit, McFadden 1974), with L2. One fifth of the programs is left out and
judged. The general model of token pairs is counted in the standard library. `--write` replaces
`testfleet/repair/rank/weights.json`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sysconfig
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks.measure import guarded
from testfleet.contracts.repair import Candidate, SuspiciousLine
from testfleet.repair.engine import FailingTest, Fault
from testfleet.repair.rank.features import Features, Features4Fault
from testfleet.repair.rank.model import VERSION, WEIGHTS, Model
from testfleet.repair.rank.naturalness import abstract
from testfleet.repair.rank.order import AHEAD, order_by
from testfleet.repair.rank.profile import tokens

WORDS = 250
PAIRS = 4000
RAREST = 4
"""A feature of fewer bugs is left out."""
STRENGTH = 0.1
STEPS = 400
RATE = 0.05


@dataclass
class Example:
    """A bug with its candidates."""

    name: str
    fault: Fault
    candidates: list[Candidate]
    right: list[int]
    features: list[Features]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kept", type=Path, nargs="+")
    parser.add_argument("--judge", type=Path, action="append", default=[])
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    pairs = general_pairs()
    every = read(options.kept, pairs)
    left_out = [one for one in every if zlib.crc32(_program(one.name).encode()) % 5 == 0]
    names = {one.name for one in left_out}
    model = Model(fit([one for one in every if one.name not in names]), pairs)
    judge("a fifth of the programs, left out", left_out, model)
    model = Model(fit(every), pairs)
    if options.judge:
        judge("other packages", read(options.judge, pairs), model)
    if options.write:
        write(model, options.kept, len(every))
    return 0


def _program(bug: str) -> str:
    return "-".join(bug.split("-")[:3])


def general_pairs() -> dict[str, float]:
    """Log-probabilities of token pairs in the standard library, the most frequent ones."""
    files = sorted(Path(sysconfig.get_paths()["stdlib"]).glob("*.py"))
    texts = [tokens(path.read_text("utf-8", errors="replace")) for path in files]
    words = Counter(word for text in texts for word in text if word[0] not in "\"'#")
    known = frozenset(word for word, _ in words.most_common(WORDS))
    counts: Counter[tuple[str, str]] = Counter()
    for text in texts:
        counts.update(pairwise([abstract(word, known) for word in text]))
    firsts: Counter[str] = Counter()
    for (one, _), count in counts.items():
        firsts[one] += count
    return {
        f"{one} {other}": round(log(count / firsts[one]), 2)
        for (one, other), count in counts.most_common(PAIRS)
    }


def read(paths: Sequence[Path], pairs: dict[str, float]) -> list[Example]:
    """Bugs with a right candidate among those kept, each once."""
    known = Model({}, pairs).known
    found: dict[str, Example] = {}
    for path in paths:
        for line in path.read_text("utf-8").splitlines():
            kept = json.loads(line)
            if kept["right"]:
                found[kept["bug"]] = _example(kept, pairs, known)
    return list(found.values())


def _example(kept: dict[str, Any], pairs: dict[str, float], known: frozenset[str]) -> Example:
    tests = [FailingTest("", "", one["exception"], one["message"]) for one in kept["tests"]]
    lines = [SuspiciousLine.model_validate(line) for line in kept["lines"]]
    fault = Fault(tests, lines, kept["sources"])
    candidates = [Candidate.model_validate(one) for one in kept["candidates"]]
    reader = Features4Fault(fault, pairs, known)
    features = [reader.of(candidate) for candidate in candidates]
    return Example(kept["bug"], fault, candidates, kept["right"], features)


def fit(examples: Sequence[Example]) -> dict[str, float]:
    """Weights by name, by Adam (Kingma and Ba 2015) over all bugs at once."""
    names = _names(examples)
    place = {name: at for at, name in enumerate(names)}
    data = [_matrix(example, place) for example in examples]
    weights = np.zeros(len(names))
    weights[place["log-prior"]] = weights[place["log-suspicion"]] = 1.0
    start = weights.copy()
    first, second = np.zeros_like(weights), np.zeros_like(weights)
    for step in range(1, STEPS + 1):
        gradient = STRENGTH * (weights - start)
        for columns, values, rows, right in data:
            scores = np.bincount(rows, values * weights[columns], minlength=len(right))
            every = _softmax(scores)
            wanted = _softmax(np.where(right, scores, -np.inf))
            by_row = every - wanted
            gradient += np.bincount(columns, values * by_row[rows], minlength=len(weights)) / len(
                data
            )
        first = 0.9 * first + 0.1 * gradient
        second = 0.999 * second + 0.001 * gradient**2
        pace = RATE * np.sqrt(1 - 0.999**step) / (1 - 0.9**step)
        weights -= pace * first / (np.sqrt(second) + 1e-8)
    return {name: round(float(weights[at]), 4) for name, at in place.items()}


def _softmax(scores: Any) -> Any:
    powers = np.exp(scores - scores.max())
    return powers / powers.sum()


def _names(examples: Sequence[Example]) -> list[str]:
    counts: Counter[str] = Counter()
    for example in examples:
        counts.update({name for one in example.features for name in one})
    return sorted(name for name, count in counts.items() if count >= RAREST and name != "bias")


def _matrix(example: Example, place: dict[str, int]) -> tuple[Any, Any, Any, Any]:
    columns, values, rows = [], [], []
    for row, features in enumerate(example.features):
        for name, value in features.items():
            if name in place and value:
                columns.append(place[name])
                values.append(value)
                rows.append(row)
    right = np.zeros(len(example.features), bool)
    right[example.right] = True
    return np.array(columns), np.array(values), np.array(rows), right


def judge(title: str, examples: Sequence[Example], model: Model) -> None:
    """Prints where the first right candidate stands, in the engine's and in the learned order."""
    before = [one.right[0] + 1 for one in examples]
    after = [_place(one, model) for one in examples]
    print(f"{title}: {len(examples)} bugs with a right candidate; first right one within")
    for label, places in (("engine's order", before), ("learned order", after)):
        shares = ", ".join(
            f"{limit}: {sum(place <= limit for place in places) / len(places):.0%}"
            for limit in (10, 50, 100, 300)
        )
        mean = sum(map(log, places)) / len(places)
        print(f"  {label:15} {shares}; median {median(places):g}, mean log {mean:.2f}")


def _place(example: Example, model: Model) -> int:
    right = {id(example.candidates[at]) for at in example.right}
    ordered = order_by(example.candidates, example.fault, model, AHEAD)
    return next(place for place, one in enumerate(ordered, 1) if id(one) in right)


def write(model: Model, kept: Sequence[Path], bugs: int) -> None:
    """Replaces the weights."""
    digest = hashlib.sha256()
    for path in kept:
        digest.update(path.read_bytes())
    content = {
        "version": VERSION,
        "data": {"bugs": bugs, "sha256": digest.hexdigest()},
        "weights": {name: weight for name, weight in model.weights.items() if abs(weight) >= 0.01},
        "pairs": model.pairs,
    }
    WEIGHTS.write_text(json.dumps(content, separators=(",", ":"), sort_keys=True) + "\n", "utf-8")
    print(f"{WEIGHTS.name}: {WEIGHTS.stat().st_size} bytes, {len(content['weights'])} weights")


if __name__ == "__main__":
    raise SystemExit(guarded(main))
