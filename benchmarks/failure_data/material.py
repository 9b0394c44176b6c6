"""What training goes on: examples, logs around them, catalogues with parts left out."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.calibrate_rules import without_some
from benchmarks.failure_data.compose import HERE, Family, make_log, read_families
from benchmarks.failure_data.corpus import Corpus
from benchmarks.failure_data.examples import Example
from benchmarks.failure_logs import NOISE
from benchmarks.failure_styles import STYLES
from testfleet.triage.model.reading import View
from testfleet.triage.rules import Rules, load_rules
from testfleet.triage.scene import Scene
from testfleet.triage.text import Log, read_log

LEFT_OUT = (0.0, 0.0, 0.1, 0.2, 0.3, 0.5)
"""Shares of the catalogue that are left out, so that the model learns to do without."""
LONGEST = 45
REHEARSED = 12
LONGEST_REHEARSED = 400
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
