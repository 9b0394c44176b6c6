"""The level of a short, noisy series that may have jumped: robust mean, change point, interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

_DECAY: Final = 0.9
"""Weight of a run beside the one after it: a slow drift is followed within about seven runs."""
_FAR: Final = 6.0
"""Scales from the median beyond which a run counts as this far and no further."""
_SHIFT: Final = 6.0
"""Standard errors between the newest runs and those before that make a new level."""
_SMALLEST_SHIFT: Final = 2
"""Runs that must agree: one is an outlier."""
_RELATIVE_NOISE: Final = 0.03
_CLOCK_S: Final = 0.003
"""What even the steadiest test differs by from run to run."""
_NORMAL: Final = 1.4826
"""From the median absolute deviation to the standard deviation of a normal distribution."""

_RANKED: Final = 9
"""With so many runs, tenth and ninetieth percentile lie between the shortest and the longest."""
_PRIOR_SPREAD: Final = 0.15
"""Standard deviation of a unit's seconds, relative, where too few runs tell its own."""
_PRIOR_RUNS: Final = 2.0
"""Runs that what is assumed counts for."""
_Z80: Final = 1.2816


@dataclass(frozen=True, slots=True)
class Level:
    """What a series is about now."""

    seconds: float
    since: int
    """Index of the first run at this level."""


def level_of(series: Sequence[float]) -> Level:
    """The level at the end of a series, oldest first, not empty.

    Binary segmentation finds the last jump (A. J. Scott, M. Knott, Biometrics 30, 1974), with a
    robust noise; what follows it is averaged with weights that fall with age, after outliers were
    pulled in (the winsorized mean: P. J. Huber, Robust Statistics, 1981). A mean, because a worker
    takes the sum of its units; robust, because one run says little.
    """
    since = _last_shift(series)
    recent = series[since:]
    middle = median(recent)
    reach = _FAR * _noise(recent, middle)
    total = weights = 0.0
    weight = 1.0
    for value in reversed(recent):
        total += weight * min(max(value, middle - reach), middle + reach)
        weights += weight
        weight *= _DECAY
    return Level(total / weights, since)


def interval_of(ratios: Sequence[float]) -> tuple[float, float]:
    """Ratios to the level between which the next run falls with a chance of 80 %.

    From the order statistics of enough runs, whatever their distribution (S. S. Wilks, Annals of
    Mathematical Statistics 12, 1941); of fewer, as if their logarithms were normal, with a spread
    that is partly assumed.
    """
    if len(ratios) >= _RANKED:
        ordered = sorted(ratios)
        return min(_ranked(ordered, 0.1), 1.0), max(_ranked(ordered, 0.9), 1.0)
    logs = [math.log(max(ratio, 0.01)) for ratio in ratios]
    squares = sum(log * log for log in logs) + _PRIOR_RUNS * _PRIOR_SPREAD**2
    variance = squares / (len(logs) + _PRIOR_RUNS - 1)
    reach = _Z80 * math.sqrt(variance * (1 + 1 / max(len(logs), 1)))
    return math.exp(-reach), math.exp(reach)


def median(values: Sequence[float]) -> float:
    """The middle one, or the mean of the middle two. `statistics.median` checks more, and costs."""
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def weighted_median(pairs: Sequence[tuple[float, float]]) -> float:
    """The value at which half of the weight is reached, of (value, weight) pairs, not empty."""
    half = sum(weight for _, weight in pairs) / 2
    reached = 0.0
    for value, weight in sorted(pairs):
        reached += weight
        if reached >= half:
            return value
    return max(pairs)[0]


def _last_shift(series: Sequence[float]) -> int:
    """Index from which the series is at its last level; 0 when it has never jumped."""
    count = len(series)
    if count <= _SMALLEST_SHIFT:
        return 0
    middle = median(series)
    # Of few runs, the noise that they show may be much too small.
    assumed = _PRIOR_RUNS * _PRIOR_SPREAD * middle
    noise = (_noise(series, middle) * (count - 1) + assumed) / (count - 1 + _PRIOR_RUNS)
    # No split can be further apart than the series is wide.
    if max(series) - min(series) <= _SHIFT * noise * 2 / math.sqrt(count):
        return 0
    best, since = _SHIFT, 0
    for start in range(count - _SMALLEST_SHIFT, 0, -1):
        gap = _agreed_gap(series[start:], median(series[:start]))
        distance = gap / (noise * math.sqrt(1 / (count - start) + 1 / start))
        if distance > best:
            best, since = distance, start
    return since


def _agreed_gap(new: Sequence[float], before: float) -> float:
    """How far the new runs are from before, if they agree that they are; otherwise 0.

    Told by their lower median, and by the nearest: an outlier beside a usual run is no jump.
    """
    gaps = [value - before for value in new]
    if min(gaps) < 0 < max(gaps):
        return 0.0
    sizes = sorted(map(abs, gaps))
    middle = sizes[(len(sizes) - 1) // 2]
    return middle if sizes[0] >= middle / 2 else 0.0


def _noise(series: Sequence[float], middle: float) -> float:
    """Standard deviation within a level: neither a jump nor a lone outlier may blow it up."""
    around = _lower_median([abs(value - middle) for value in series])
    steps = _lower_median([abs(b - a) for a, b in pairwise(series)]) / math.sqrt(2)
    return _NORMAL * min(around, steps) + _RELATIVE_NOISE * middle + _CLOCK_S


def _lower_median(values: list[float]) -> float:
    values.sort()
    return values[(len(values) - 1) // 2] if values else 0.0


def _ranked(ordered: Sequence[float], share: float) -> float:
    """The quantile that a new value falls below with this chance."""
    at = share * (len(ordered) + 1) - 1
    below = int(at)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (at - below) * (ordered[above] - ordered[below])
