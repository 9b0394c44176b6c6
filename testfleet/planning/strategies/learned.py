"""Learns from past shards what predictions leave out, and balances what shards will really take."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from operator import mul
from typing import Final

from testfleet.contracts.placement import PastShard
from testfleet.planning.strategies.balanced import BALANCED
from testfleet.planning.work import Assignment, Job

ENOUGH: Final = 8
"""Past shards without which nothing is learned."""
NEWEST: Final = 500
"""Past shards that are looked at."""
_FORGET: Final = 0.99
"""Weight of a shard beside that of the next one: what it was like 100 shards ago counts a third."""
_BELIEF: Final = (1.0, 0.0, 0.0)
"""A priori a shard takes what was predicted, and neither a unit nor a start takes more."""
_PRIOR_VARIANCE: Final = (0.25, 1.0, 4.0)
"""Half as much again, a second for each unit, and two for the start are no surprise."""
_NOISE_VARIANCE: Final = 0.01
"""The time of a shard varies by about a tenth."""
_WORTH: Final = 0.98
"""What was learned is used if it has predicted past shards with less than this share of the error
that the predictions alone had made."""


@dataclass(frozen=True)
class Correction:
    """What a shard takes: `factor` * predicted seconds + `per_unit_s` * units + `per_shard_s`."""

    factor: float
    per_unit_s: float
    per_shard_s: float
    error: float
    """Root mean square of what it missed of each past shard, before it had seen that shard."""
    error_before: float
    """The same of the predictions alone."""

    @property
    def helps(self) -> bool:
        """Whether it has been better than the predictions."""
        return self.error < _WORTH * self.error_before and self.factor > 0


@dataclass(frozen=True)
class Learned:
    """Recursive least squares with forgetting, judged by what it foresaw.

    The predictions sum up tests; what a file costs beside its tests (import, collection, fixtures
    of the module) is not in them, and a shard of many small files takes longer than one with few
    long ones. Recursive least squares: R. L. Plackett, "Some theorems in least squares",
    Biometrika 37 (1950). Judged prequentially, each shard foretold from the ones before it: A. P.
    Dawid, "Statistical theory: the prequential approach", J. R. Statist. Soc. A 147 (1984). While
    it has not been better than the predictions, and with few past shards, it is `balanced`.
    """

    name: str = "learned"
    summary: str = "balances what shards really took in past runs; at first as balanced"

    def assign(self, job: Job) -> Assignment:
        """Balanced by corrected durations."""
        correction = learn(job.past)
        if correction is None:
            known = f"{len(job.past)} past shards, fewer than {ENOUGH}"
            return self._as_balanced(job, known)
        if not correction.helps:
            return self._as_balanced(job, "corrections have not been better than the predictions")
        units = [
            replace(unit, duration_s=_corrected(unit.duration_s, correction)) for unit in job.units
        ]
        answer = BALANCED.assign(replace(job, units=units))
        gain = 1 - correction.error / correction.error_before
        reason = (
            f"past shards took {correction.factor:.2f} times the prediction and"
            f" {correction.per_unit_s:.3f} s a unit, which foretold them {gain:.0%} better"
        )
        return replace(answer, reasons=(reason, *answer.reasons))

    def _as_balanced(self, job: Job, why: str) -> Assignment:
        answer = BALANCED.assign(job)
        return replace(answer, reasons=(f"as balanced: {why}", *answer.reasons))


def learn(past: Sequence[PastShard]) -> Correction | None:
    """What past shards, oldest first, teach. None: too few of them took
    and were predicted any time at all."""
    usable = [shard for shard in past[-NEWEST:] if shard.took_s > 0 and shard.predicted_s > 0]
    if len(usable) < ENOUGH:
        return None
    state = _LeastSquares()
    missed = missed_before = 0.0
    for number, shard in enumerate(usable):
        if number >= ENOUGH // 2:
            missed += (state.foretell(shard) / shard.took_s - 1) ** 2
            missed_before += (shard.predicted_s / shard.took_s - 1) ** 2
        state.see(shard)
    judged = len(usable) - ENOUGH // 2
    return Correction(
        factor=state.factor,
        per_unit_s=state.per_unit_s,
        per_shard_s=state.per_shard_s,
        error=math.sqrt(missed / judged),
        error_before=math.sqrt(missed_before / judged),
    )


def _corrected(duration_s: float, correction: Correction) -> float:
    return duration_s * correction.factor + correction.per_unit_s


class _LeastSquares:
    """Three coefficients and their covariance; each shard counts by its relative error."""

    def __init__(self) -> None:
        self._weights = list(_BELIEF)
        self._covariance = [
            [variance if row == column else 0.0 for column in range(len(_BELIEF))]
            for row, variance in enumerate(_PRIOR_VARIANCE)
        ]

    @property
    def factor(self) -> float:
        return self._weights[0]

    @property
    def per_unit_s(self) -> float:
        return max(self._weights[1], 0.0)

    @property
    def per_shard_s(self) -> float:
        return max(self._weights[2], 0.0)

    def foretell(self, shard: PastShard) -> float:
        return self.factor * shard.predicted_s + self.per_unit_s * shard.units + self.per_shard_s

    def see(self, shard: PastShard) -> None:
        inputs = [each / shard.took_s for each in (shard.predicted_s, shard.units, 1.0)]
        along = [_dot(row, inputs) for row in self._covariance]
        total = _FORGET * _NOISE_VARIANCE + _dot(inputs, along)
        miss = 1 - _dot(self._weights, inputs)
        for row, gain in enumerate(each / total for each in along):
            self._weights[row] += gain * miss
            self._covariance[row] = [
                (old - gain * other) / _FORGET
                for old, other in zip(self._covariance[row], along, strict=True)
            ]


def _dot(one: Sequence[float], other: Sequence[float]) -> float:
    return math.fsum(map(mul, one, other))


LEARNED = Learned()
