"""Takes units that slow down together apart: what is even on average is even in each run too.

Each shard's seconds are a sum, and their variance is the sum of its units' covariances, as in H.
Markowitz, "Portfolio Selection", Journal of Finance 7 (1952). What is made small is the sum over
all shards of mean squared plus variance, which is the expected sum of the squares of their lengths
(A. K. Chandra, C. K. Wong, "Worst-Case Analysis of a Placement Algorithm Related to Storage
Allocation", SIAM J. Comput. 4, 1975), by moves and swaps until none helps.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from heapq import nlargest
from operator import mul
from typing import Final

MOST_UNITS: Final = 150
"""Longest units that change places. The time grows with their square: a fifth of a second."""
_BY_CHANCE: Final = 0.4
"""Correlations below this, of a dozen runs, say nothing, and count as none: P. J. Bickel, E.
Levina, "Covariance regularization by thresholding", Annals of Statistics 36 (2008)."""
_SWEEPS: Final = 20
_NOISE: Final = 1e-9
"""Gains below this share of the whole are rounding, and could go round in circles."""

Scatter = Sequence[float]
"""Seconds by which past runs of a unit were longer than expected, run by run, the same runs for all
units of a suite. Empty: nothing is known."""


def apart(
    parts: Sequence[Sequence[int]], seconds: Sequence[float], scatters: Sequence[Scatter]
) -> list[list[int]]:
    """Parts, of the same units in as many shards, that runs like the past ones leave more even.

    Indices ascend inside a part, none becomes empty. Without scatter, the parts as they are.
    """
    runs = max(map(len, scatters), default=0)
    if runs == 0 or len(parts) < 2:  # noqa: PLR2004 (one shard has nothing to exchange)
        return [list(part) for part in parts]
    movable = nlargest(MOST_UNITS, range(len(seconds)), key=seconds.__getitem__)
    place = {unit: at for at, unit in enumerate(movable)}
    home = [0] * len(movable)
    fixed_s = [0.0] * len(parts)
    for number, part in enumerate(parts):
        for unit in part:
            if unit in place:
                home[place[unit]] = number
            else:
                fixed_s[number] += seconds[unit]
    search = _Search(
        home,
        _together([seconds[at] for at in movable], [scatters[at] for at in movable], runs),
        [[seconds[at] * rest_s for rest_s in fixed_s] for at in movable],
        [len(part) for part in parts],
    )
    search.run()
    found = [[unit for unit in part if unit not in place] for part in parts]
    for unit, number in zip(movable, search.home, strict=True):
        found[number].append(unit)
    return [sorted(part) for part in found]


def _together(
    seconds: Sequence[float], scatters: Sequence[Scatter], runs: int
) -> list[list[float]]:
    """What two units add to the squares when they share a shard: their means' product, and their
    covariance."""
    norms = [math.sqrt(_dot(scatter, scatter)) for scatter in scatters]
    table = [[0.0] * len(seconds) for _ in seconds]
    for at, scatter in enumerate(scatters):
        for other in range(at, len(seconds)):
            shared = _dot(scatter, scatters[other])
            if at != other and abs(shared) < _BY_CHANCE * norms[at] * norms[other]:
                shared = 0.0
            both = seconds[at] * seconds[other] + shared / runs
            table[at][other] = table[other][at] = both
    return table


def _dot(left: Scatter, right: Scatter) -> float:
    return float(sum(map(mul, left, right)))


@dataclass(frozen=True, slots=True)
class _Step:
    """A unit goes to another shard, and maybe one comes back."""

    gain: float
    shard: int
    back: int | None


class _Search:
    """Units between shards, while the sum of squares falls."""

    def __init__(
        self,
        home: list[int],
        together: list[list[float]],
        beside: list[list[float]],
        sizes: list[int],
    ) -> None:
        self.home = home
        self._together = together
        self._beside = beside
        """What each unit shares with each shard: first with what never moves there."""
        self._sizes = sizes
        for unit, shard in enumerate(home):
            for row, both in zip(self._beside, together[unit], strict=True):
                row[shard] += both
        self._least = _NOISE * sum(row[at] for at, row in enumerate(together))

    def run(self) -> None:
        """Let each unit take its best step, until none has one."""
        for _ in range(_SWEEPS):
            steps = 0
            for unit in range(len(self.home)):
                step = self._best(unit)
                if step is not None:
                    self._take(unit, step)
                    steps += 1
            if steps == 0:
                return

    def _best(self, unit: int) -> _Step | None:
        """The move or swap that gains most, if it is more than rounding."""
        home, beside, mine = self.home[unit], self._beside, self._together[unit]
        stays = mine[unit] - beside[unit][home]
        best = _Step(self._least, -1, None)
        if self._sizes[home] > 1:
            for shard, there in enumerate(beside[unit]):
                if shard != home and -(there + stays) > best.gain:
                    best = _Step(-(there + stays), shard, None)
        for other, shard in enumerate(self.home):
            if shard != home:
                row = beside[other]
                back = self._together[other][other] + row[home] - row[shard]
                gain = -(beside[unit][shard] + stays + back - 2 * mine[other])
                if gain > best.gain:
                    best = _Step(gain, shard, other)
        return None if best.shard < 0 else best

    def _take(self, unit: int, step: _Step) -> None:
        home = self.home[unit]
        self.home[unit] = step.shard
        change = self._together[unit]
        if step.back is None:
            self._sizes[home] -= 1
            self._sizes[step.shard] += 1
        else:
            self.home[step.back] = home
            returned = self._together[step.back]
            change = [gone - come for gone, come in zip(change, returned, strict=True)]
        for row, moved in zip(self._beside, change, strict=True):
            row[home] -= moved
            row[step.shard] += moved
