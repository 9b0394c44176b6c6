"""How sure the rules should be: a logistic regression of right answers on their margins.

    python -m benchmarks.calibrate_rules FILE.jsonl...

The catalogue knows the failures that we have, so on them it is nearly always right, and looks surer
than it is on others. What an unknown wording does to it is imitated: a part of the signatures is
left out at random, several times, and every failure is judged by what remains. The weights are
fitted to the margins and the right answers of all these (Platt scaling, with two margins).
"""

from __future__ import annotations

import argparse
import math
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.classify import BINS, Failure, read
from testfleet.triage.evidence import extract
from testfleet.triage.rules import Rules, Signature, index, load_rules
from testfleet.triage.text import read_log
from testfleet.triage.verdict import judge

LEFT_OUT = (0.1, 0.1, 0.25, 0.25, 0.25, 0.4, 0.4)
STEPS = 400
Point = tuple[float, float, float]


def without_some(signatures: Sequence[Signature], share: float, dice: random.Random) -> Rules:
    return index(one for one in signatures if one.harmless or dice.random() >= share)


def points(failures: Sequence[Failure]) -> Iterator[tuple[Point, bool]]:
    rules = load_rules()
    signatures = [one for group in rules.by_word.values() for one in group]
    signatures += [one for _, one in rules.by_text]
    for seed, share in enumerate(LEFT_OUT):
        some = without_some(signatures, share, random.Random(seed))
        for failure in failures:
            found = judge(extract(read_log(failure.text), some))
            right = (found.domain.value, found.cause.value) == (failure.domain, failure.cause)
            yield (*found.margins, 1.0), right


def chance(point: Point, weights: Sequence[float]) -> float:
    return 1 / (1 + math.exp(-sum(a * b for a, b in zip(point, weights, strict=True))))


def fit(data: Sequence[tuple[Point, bool]]) -> list[float]:
    """Maximum likelihood by gradient ascent."""
    weights = [0.0, 0.0, 0.0]
    for _ in range(STEPS):
        slope = [0.0, 0.0, 0.0]
        for point, right in data:
            miss = right - chance(point, weights)
            slope = [a + miss * b for a, b in zip(slope, point, strict=True)]
        weights = [a + 1.5 * b / len(data) for a, b in zip(weights, slope, strict=True)]
    return weights


def calibration_error(data: Sequence[tuple[Point, bool]], weights: Sequence[float]) -> float:
    gaps = [0.0] * BINS
    for point, right in data:
        sure = chance(point, weights)
        gaps[min(int(sure * BINS), BINS - 1)] += sure - right
    return sum(map(abs, gaps)) / len(data)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("files", nargs="+", type=Path)
    options = parser.parse_args()
    data = list(points([one for path in options.files for one in read(path)]))
    weights = fit(data)
    right = sum(right for _, right in data) / len(data)
    print(f"{len(data)} answers, {right:.1%} right")
    print("weights of domain, cause and constant:", *(f"{weight:.2f}" for weight in weights))
    print(f"ECE {calibration_error(data, weights):.3f}")


if __name__ == "__main__":
    main()
