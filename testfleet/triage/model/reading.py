"""What the model looks at in a log: where a block stands, what its lines and neighbours say.

The same numbers are made for training and in use.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from testfleet.triage.blocks import Block
from testfleet.triage.scene import Scene
from testfleet.triage.signs import Kind

CANDIDATES: Final = 16
"""Blocks that are looked at: those that the rules find most likely."""
_NEAR: Final = 40
_SEEDS: Final = 3
_NEXT: Final = 2
_SHAPE: Final = 14
_RARE: Final = 2
_DIGITS = str.maketrans("123456789", "000000000")
_AROUND: Final = (Kind.PASSED, Kind.RECOVERED, Kind.BENIGN, Kind.CONSEQUENCE, Kind.HARD, None)


@dataclass(frozen=True)
class View:
    """A log as the model sees it."""

    scene: Scene
    said: dict[int, float] = field(default_factory=dict)
    """Log-odds of lines that were read, that they belong to a failure."""

    @cached_property
    def shape_of(self) -> Sequence[str]:
        """How each line begins, whatever its numbers are."""
        return [line[:_SHAPE].translate(_DIGITS) for line in self.scene.lines]

    @cached_property
    def shapes(self) -> Mapping[str, int]:
        """How many lines begin alike. What is said all over a log is how this job talks."""
        return Counter(self.shape_of)

    @cached_property
    def scale(self) -> float:
        """Against which repetitions count."""
        return 1.0 / math.log2(2 + len(self.scene.lines))

    def common(self, at: int) -> float:
        """How common the beginning of a line is in this log, from 0 to 1."""
        return math.log2(self.shapes[self.shape_of[at]]) * self.scale

    def rare(self) -> Iterator[int]:
        """Lines whose beginning stands at most twice, signs of trouble aside; the last first."""
        suspects, shapes, begins = self.scene.suspects, self.shapes, self.shape_of
        for at in range(len(begins) - 1, -1, -1):
            if begins[at] and shapes[begins[at]] <= _RARE and at not in suspects:
                yield at

    def filled(self, way: Sequence[int], count: int) -> Iterator[int]:
        """The next lines on the way that are not blank."""
        for at in way:
            if count and 0 <= at < len(self.scene.lines) and self.scene.lines[at].strip():
                count -= 1
                yield at


def candidates(blocks: Sequence[Block], hope: Callable[[Block], float]) -> list[Block]:
    """The likeliest blocks, in order of their places."""
    if len(blocks) <= CANDIDATES:
        return list(blocks)
    kept = sorted(blocks, key=lambda block: -(block.score + hope(block)))[:CANDIDATES]
    return sorted(kept, key=lambda block: block.seeds[0].at)


def spoken(block: Block) -> list[int]:
    """The lines that say most in a block."""
    strongest = sorted(block.seeds, key=lambda seed: -seed.strength)[:_SEEDS]
    return sorted(seed.at for seed in strongest)


def following(block: Block, view: View) -> list[int]:
    """The lines after a block that say how it went on."""
    last = block.seeds[-1].at
    return list(view.filled(range(last + 1, last + 8), _NEXT))


def preceding(block: Block, view: View) -> list[int]:
    """The line that led to a block."""
    first = block.seeds[0].at
    return list(view.filled(range(first - 1, first - 5, -1), 1))


Belongs = Callable[[int, View], float]
"""Log-odds that a line is part of a failure."""


def block_facts(block: Block, others: Sequence[Block], view: View, belongs: Belongs) -> list[float]:
    """Numbers about a block, of the size of 1."""
    scene, seeds = view.scene, block.seeds
    last = seeds[-1].at
    top = max(other.best for other in others)
    after = [scene.kind(at) for at in view.filled(range(last + 1, last + 12), 3)]
    around = [float(kind in after) for kind in _AROUND]
    hard = sum(scene.kind(seed.at) is Kind.HARD for seed in seeds) / len(seeds)
    warned = sum(scene.kind(seed.at) is Kind.WARNING for seed in seeds) / len(seeds)
    return [
        *(block.best / 8, block.more / 2, block.detail, block.place / 4, block.mended / 6),
        *(block.score / 10, (block.best - top) / 8, float(block.best == top)),
        *(last / len(scene.lines), float(block is others[-1]), float(block is others[0])),
        *around,
        *(hard, warned, float(any(seed.special for seed in seeds))),
        *(math.log2(len(seeds)) / 3, float(seeds[0].cause is not None)),
        max(view.common(seed.at) for seed in seeds),
        min(view.common(seed.at) for seed in seeds),
        math.log2(1 + len(scene.lines) - last) / 12,
        float(len(others) == 1),
        *_company(block, view, belongs),
        *_neighbour(block, others, -1),
        *_neighbour(block, others, +1),
    ]


def _neighbour(block: Block, others: Sequence[Block], way: int) -> list[float]:
    """How near the next candidate on the way is, and how much stronger, if it is near.

    What comes right after a failure often only tells what followed from it.
    """
    at = others.index(block) + way
    if not 0 <= at < len(others):
        return [0.0, 0.0, 0.0]
    one, two = (others[at], block) if way < 0 else (block, others[at])
    near = max(0.0, 1.0 - (two.seeds[0].at - one.seeds[-1].at) / _NEAR)
    lead = max(-1.0, min(1.0, (others[at].best - block.best) / 8))
    return [near, near * lead, float(others[at].seeds[-1].special) * near]


def _company(block: Block, view: View, belongs: Belongs) -> list[float]:
    """How far the block's lines and those around it sound like a failure."""
    first, last = block.seeds[0].at, block.seeds[-1].at
    own = [belongs(seed.at, view) for seed in block.seeds[:8]]
    after = [belongs(at, view) for at in view.filled(range(last + 1, last + 8), 4)]
    before = [belongs(at, view) for at in view.filled(range(first - 1, first - 5, -1), 2)]
    return [
        max(own) / 4,
        sum(own) / len(own) / 4,
        sum(after) / max(1, len(after)) / 4,
        sum(before) / max(1, len(before)) / 4,
    ]


def line_facts(at: int, view: View) -> list[float]:
    """Numbers about a line: what it is, how far it is indented, how common its form is."""
    scene = view.scene
    line, kind = scene.lines[at], scene.kind(at)
    indent = len(line) - len(line.lstrip())
    return [
        *(float(kind is one) for one in (*_AROUND, Kind.WARNING, Kind.SOFT)),
        *(min(indent, 8) / 8, float(indent > 0), float(scene.is_detail(at))),
        view.common(at),
        min(len(line), 200) / 200,
    ]
