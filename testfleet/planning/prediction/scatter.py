"""How the newest runs of a suite's units differed from what is expected, run by run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from heapq import nlargest
from math import inf
from operator import attrgetter
from typing import Final

from testfleet.contracts.history import UnitHistory
from testfleet.contracts.plan import PlannedUnit
from testfleet.planning.prediction.remember import Ring, is_duration, ring_of, usable

FEWEST_RUNS: Final = 8
"""Of fewer, what looks like units that slow down together is chance."""
_FAR: Final = 5.0
"""Times the expected seconds beyond which a run counts as so far and no further."""
_CLOCK_S: Final = 0.003


def scatters(
    units: Sequence[PlannedUnit], history: Mapping[str, UnitHistory], most: int
) -> dict[str, tuple[float, ...]]:
    """By unit, the seconds by which each of its runs was longer than expected, oldest first.

    Of the longest units, at most `most`, that ran in the same newest runs; what all of them share
    in a run is taken out. Empty when these runs are too few. The sum of a unit's numbers is zero.
    """
    longest = nlargest(most, units, key=attrgetter("predicted_s"))
    rings = {unit.id: ring for unit in longest if (ring := _ring(history.get(unit.id)))}
    counted = Counter(map(_runs, rings.values()))
    runs = max(counted, key=lambda one: (counted[one], one), default=((), ()))
    if len(runs[0]) < FEWEST_RUNS:
        return {}
    like = {
        unit.id: _like(rings[unit.id], history[unit.id], unit.predicted_s)
        for unit in longest
        if unit.id in rings and _runs(rings[unit.id]) == runs
    }
    total_s = sum(unit.predicted_s for unit in longest if unit.id in like)
    scales = [total_s / sum(seconds) for seconds in zip(*like.values(), strict=True)]
    return {unit: _around_mean(seconds, scales) for unit, seconds in like.items()}


def _ring(past: UnitHistory | None) -> Ring | None:
    """A unit's newest runs; None where what was stored cannot be."""
    if past is None or not usable(past):
        return None
    ring = ring_of(past)
    sound = all(map(is_duration, ring.seconds)) and all(0 < pace < inf for pace in ring.paces)
    return ring if sound else None


def _runs(ring: Ring) -> tuple[tuple[float, ...], tuple[str, ...]]:
    """What tells runs apart: no two are likely to have the same paces."""
    return ring.paces, ring.profiles


def _like(ring: Ring, past: UnitHistory, expected_s: float) -> list[float]:
    """The seconds that the unit would take if the next run was like each of its newest."""
    usual_s = max(past.duration_s / past.pace, _CLOCK_S)
    return [
        expected_s * min(max(seconds / pace, _CLOCK_S) / usual_s, _FAR)
        for seconds, pace in zip(ring.seconds, ring.paces, strict=True)
    ]


def _around_mean(seconds: Sequence[float], scales: Sequence[float]) -> tuple[float, ...]:
    scaled = [one * scale for one, scale in zip(seconds, scales, strict=True)]
    mean = sum(scaled) / len(scaled)
    return tuple(one - mean for one in scaled)
