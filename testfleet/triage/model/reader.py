"""Which lines of a log are the failure, by what was learnt from made logs.

A logistic regression says of a line whether it belongs to a failure; a conditional logit (McFadden,
1974) chooses among the blocks that may be one, by their words, the words before and after them,
and where they stand. The chosen block grows while its neighbours belong to it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from operator import mul
from typing import Final

from testfleet.triage.blocks import Block, find_blocks
from testfleet.triage.model.reading import (
    View,
    block_facts,
    candidates,
    following,
    line_facts,
    preceding,
    spoken,
)
from testfleet.triage.model.table import BEFORE, LINE, NEXT, SEED, Table
from testfleet.triage.model.tokens import grams
from testfleet.triage.scene import Scene
from testfleet.triage.seeds import Seed, all_seeds, seed_at
from testfleet.triage.signs import Kind

_UP: Final = 14
_DOWN: Final = 45
_TOO_FAR: Final = 3.0
"""What may speak against a block's going on before it ends."""
_NEAR: Final = 2.0
"""What speaks for a line that stands beside a failure, whatever its words are."""
_BLANK: Final = -0.4
_LEAST: Final = -3.0
"""Strength of a seed, words included, that is worth a look."""
_MOST: Final = 6.0
_NOISE: Final = -4.0
"""Below which the words of a line leave no doubt, whatever the rules make of it."""
_PLAIN: Final = 1.5
"""From which on a line without any sign of trouble is a seed."""
_TRUST: Final = 0.25
"""What the rules' score of a block adds. In noise that nobody has seen, words alone are too sure;
chosen on public failures inside twelve families of noise that this table was not made with."""
_SCORED: Final = (-5.0, 15.0)
_UNMARKED: Final = 60
_READ: Final = 4_000
"""Lines without a sign of trouble that are read."""


@dataclass(frozen=True)
class LearntReader:
    """Finds the block of a failure. See blocks.Reader."""

    table: Table

    def block(self, scene: Scene) -> range:
        """Indices of the lines of the failure; empty if there is none."""
        view = View(scene)
        chosen = self.candidates(view)
        if not chosen:
            return range(0)
        best = max(chosen, key=lambda block: self.score(block, chosen, view))
        return self.grown(best, view)

    def candidates(self, view: View) -> list[Block]:
        """Blocks that may be the failure."""
        scene = view.scene
        seeds = all_seeds(scene, lambda at: self.belongs(at, view) >= _NOISE)
        rare = islice(view.rare(), _READ)
        unmarked = [at for at in rare if self.belongs(at, view) >= _PLAIN]
        seeds += [seed_at(at, scene) for at in unmarked[:_UNMARKED]]
        seeds.sort(key=lambda seed: seed.at)
        seeds = seeds or all_seeds(scene)
        hopeful = [seed for seed in seeds if self._hope(seed, view) >= _LEAST]
        blocks = find_blocks(hopeful or seeds, scene)
        return candidates(blocks, lambda one: max(self._hope(seed, view) for seed in one.seeds))

    def _hope(self, seed: Seed, view: View) -> float:
        belongs = self.belongs(seed.at, view)
        return seed.strength + 1.5 * max(-_MOST, min(_MOST, belongs))

    def belongs(self, at: int, view: View) -> float:
        """Log-odds that a line is part of a failure."""
        known = view.said.get(at)
        if known is None:
            constant, *weights = self.table.facts.line
            facts = sum(map(mul, weights, line_facts(at, view)))
            known = float(constant + self.words((at,), view, LINE) + facts)
            view.said[at] = known
        return known

    def score(self, block: Block, others: Sequence[Block], view: View) -> float:
        """How likely a block is the failure, against others of the same log."""
        facts = block_facts(block, others, view, self.belongs)
        low, high = _SCORED
        return (
            float(sum(map(mul, self.table.facts.block, facts)))
            + _TRUST * max(low, min(high, block.score))
            + self.words(spoken(block), view, SEED)
            + self.words(following(block, view), view, NEXT)
            + self.words(preceding(block, view), view, BEFORE)
        )

    def words(self, places: Iterable[int], view: View, column: int) -> float:
        """What the words of some lines say in a column."""
        lines = view.scene.lines
        found = dict.fromkeys(chain.from_iterable(grams(lines[at]) for at in places))
        total, known = self.table.sum_of(found, column)
        return total * self.table.facts.scales[column] / math.sqrt(max(1, known))

    def grown(self, block: Block, view: View) -> range:
        """The block with the lines around that belong to it."""
        first, last = block.seeds[0].at, block.seeds[-1].at
        lines = len(view.scene.lines)
        up = self._reach(range(first - 1, max(-1, first - _UP - 1), -1), view)
        down = self._reach(range(last + 1, min(lines, last + _DOWN + 1)), view)
        return range(first if up is None else up, (last if down is None else down) + 1)

    def _reach(self, way: range, view: View) -> int | None:
        """The line on the way up to which most belongs to the block."""
        reached, best, total = None, 0.0, 0.0
        for at in way:
            if not view.scene.lines[at].strip():
                total += _BLANK
            elif view.scene.kind(at) is Kind.PASSED:
                break
            else:
                total += max(-_MOST, min(_MOST, self.belongs(at, view) + _NEAR))
            if total > best:
                reached, best = at, total
            if total < best - _TOO_FAR:
                break
        return reached
