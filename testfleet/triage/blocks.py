"""Which lines of a log stand together, and which of these blocks is the failure.

A block counts for its strongest line and for where it stands: shortly before the step ended with an
error, late in the log. What was tried again, or belongs to a test that passed, counts less.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from testfleet.contracts.failure import Cause
from testfleet.triage.scene import Scene
from testfleet.triage.seeds import PLAIN_STATEMENT, Seed, find_seeds
from testfleet.triage.signs import Kind

_GAP: Final = 4
"""Lines that may stand between two of one failure, its stack not counted."""
_UP: Final = 10
_DOWN: Final = 25
_NEAR_THE_END: Final = 30
_QUOTED = re.compile(r"^\s*(?:console\.(?:error|warn|log|info)\b|std(?:err|out) \||-+ Captured)")


@dataclass(frozen=True)
class Block:
    """Seeds that stand together, and what speaks for and against their being the failure."""

    seeds: Sequence[Seed]
    best: float
    """Strength of the strongest seed."""
    more: float
    detail: float
    place: float
    """For standing late, and shortly before the end of the step."""
    mended: float
    """Against it: it was tried again, or belongs to what passed."""

    @property
    def score(self) -> float:
        """How strongly it is the failure, by the rules alone."""
        return self.best + self.more + self.detail + self.place - self.mended


class Reader(Protocol):
    """Knows more about failures than their forms."""

    def block(self, scene: Scene) -> range:
        """Indices of the lines of the failure; empty if there is none."""


def decisive_block(scene: Scene, reader: Reader | None = None) -> range:
    """Indices of the block that counts most; empty if there is none."""
    if reader is not None:
        return reader.block(scene)
    blocks = find_blocks(find_seeds(scene), scene)
    if not blocks:
        return range(0)
    best = max(blocks, key=lambda block: block.score).seeds
    return _grown(best[0].at, best[-1].at, scene)


def find_blocks(seeds: Sequence[Seed], scene: Scene) -> list[Block]:
    """What may be the failure, in order."""
    if not seeds:
        return []
    ends = sorted(at for at, kind in scene.suspects.items() if kind is Kind.CONSEQUENCE)
    return [_block(group, scene, ends) for group in _groups(seeds, scene)]


def _groups(seeds: Sequence[Seed], scene: Scene) -> list[list[Seed]]:
    """Seeds that stand together."""
    groups = [[seeds[0]]]
    for seed in seeds[1:]:
        last = groups[-1][-1].at
        if seed.at - last <= _reach(last, seed.at, scene):
            groups[-1].append(seed)
        else:
            groups.append([seed])
    return groups


def _reach(start: int, end: int, scene: Scene) -> int:
    """How far apart lines of one failure may stand. Its stack does not count."""
    between = range(start + 1, end)
    if any(scene.is_border(at) or scene.kind(at) is Kind.RECOVERED for at in between):
        return 0
    detail = sum(scene.is_detail(at) for at in between)
    return _GAP + detail


def _block(group: Sequence[Seed], scene: Scene, ends: Sequence[int]) -> Block:
    best = max(seed.strength for seed in group)
    last = group[-1].at
    late = 2.0 * last / len(scene.lines)
    # Where a line stands makes a failure likelier, and nothing a failure.
    place = (late + _before_an_end(last, ends, scene)) * max(0.0, min(1.0, best / PLAIN_STATEMENT))
    following = range(last + 1, min(last + 9, len(scene.lines)))
    detail = 0.2 * sum(scene.is_detail(at) for at in following)
    more = 0.7 * math.log2(1 + len(group))
    return Block(group, best, more, detail, place, _mended(group, scene))


def _before_an_end(at: int, ends: Sequence[int], scene: Scene) -> float:
    """What it counts that the step ended with an error soon after."""
    follows = bisect_right(ends, at)
    if follows == len(ends) or ends[follows] - at > 4 * _NEAR_THE_END:
        return 0.0
    distance = sum(1 for line in scene.lines[at + 1 : ends[follows]] if line.strip())
    return 4.0 * max(0.0, 1.0 - distance / _NEAR_THE_END)


_MENDED_BY_TIME: Final = frozenset(
    {Cause.NETWORK, Cause.TIMEOUT, Cause.INFRASTRUCTURE, Cause.RESOURCE, Cause.OTHER, None}
)
"""Nobody tries again what does not compile."""


def _mended(group: Sequence[Seed], scene: Scene) -> float:
    """What counts against it: it was tried again, or belongs to what passed."""
    last = group[-1]
    after = next((at for at in (1, 2) if scene.kind(last.at + at) is Kind.RECOVERED), None)
    mendable = last.cause in _MENDED_BY_TIME or (after == 1 and not last.special)
    recovered = 8.0 - 2.0 * after if after and mendable else 0.0
    if any(scene.kind(seed.at) is Kind.RECOVERED for seed in group):
        recovered = 6.0
    before = scene.lines[max(0, group[0].at - 4) : group[0].at + 1]
    quoted = any(_QUOTED.match(line) for line in before)
    passed = any(scene.kind(last.at + at) is Kind.PASSED for at in (1, 2))
    special = any(seed.special for seed in group)
    return recovered + 7.0 * quoted + (1.0 if special else 2.5) * passed


def _grown(first: int, last: int, scene: Scene) -> range:
    """The block with the lines around that belong to it."""
    up = _grow(range(first - 1, max(-1, first - _UP - 1), -1), scene, plain=4)
    down = _grow(range(last + 1, min(len(scene.lines), last + _DOWN + 1)), scene, plain=8)
    return range(first if up is None else up, (last if down is None else down) + 1)


def _grow(way: range, scene: Scene, *, plain: int) -> int | None:
    """The last line on the way that belongs to the block.

    So many lines that tell nothing are taken along, then the next has to be part of a report.
    """
    reached, left, blank = None, plain, False
    for at in way:
        if not scene.lines[at].strip():
            blank = True
            continue
        if scene.kind(at) is Kind.CONSEQUENCE:
            reached, left, blank = at, 0, False
            continue
        if scene.is_border(at):
            break
        if scene.is_told(at):
            left = plain
        elif blank or left == 0:
            break
        else:
            left -= 1
        reached, blank = at, False
    return reached
