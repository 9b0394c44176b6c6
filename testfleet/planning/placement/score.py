"""How good a profile is for some units: a weighted sum of four factors, and what each adds.

Simple additive weighting: C. L. Hwang, K. Yoon, "Multiple Attribute Decision Making", Springer
(1981). Every factor lies between 0 and 1; time and price are relative to the best profile.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from typing import Final

from testfleet.config import Profile
from testfleet.contracts.placement import PlacementState, ProfileRecord
from testfleet.contracts.profile import Weights
from testfleet.planning.placement.learning import success_of, warmth_of
from testfleet.planning.work import WorkUnit

_SHOWN_FACTORS: Final = 2
_AT_MOST: Final = 4.0
"""How many times a weight may be more or less than configured."""
_WORTH_TELLING: Final = 0.005
"""Less would be printed as 0.00."""


@dataclass(frozen=True)
class Factors:
    """One number for each thing that counts."""

    time: float
    price: float
    success: float
    warmth: float

    @property
    def total(self) -> float:
        """Their sum."""
        return self.time + self.price + self.success + self.warmth

    def times(self, other: Factors) -> Factors:
        """Factor by factor."""
        return Factors(*(getattr(self, name) * getattr(other, name) for name in FACTORS))


FACTORS: Final = tuple(each.name for each in fields(Factors))


@dataclass(frozen=True)
class Estimate:
    """What some units take on one profile."""

    seconds: float
    """Wall time, starts included."""
    usd: float
    success: float
    """Chance that a worker there finishes what it began."""
    warmth: float
    """Chance that it finds what it needs already there."""


@dataclass(frozen=True)
class Score:
    """How good one profile is for some units."""

    profile: str
    estimate: Estimate
    factors: Factors
    """0 to 1, more is better."""
    shares: Factors
    """Weight times factor."""

    @property
    def total(self) -> float:
        """0 to 1, more is better."""
        return self.shares.total


@dataclass(frozen=True)
class Experience:
    """What is known of profiles beside what they promise."""

    usd: Callable[[Profile, float], float]
    """Price of one worker on the profile for so many seconds, its start included in them."""
    state: PlacementState = field(default_factory=PlacementState)

    def record(self, profile: str) -> ProfileRecord:
        """What past shards on the profile were like."""
        return self.state.profiles.get(profile) or ProfileRecord()


def weighted(weights: Weights, state: PlacementState) -> Factors:
    """The configured weights with what was learnt; they sum up to 1.

    A lost worker costs as much as the time and the price of what has to be done again, a cold one
    those of what it does before its tests: so much success and warmth weigh, within a quarter and
    four times of what is configured.
    """
    lessons, worth = state.lessons, weights.time + weights.price
    lost = None if lessons.lost is None else worth * lessons.lost
    known = lessons.cold is not None and lessons.warm is not None
    cold = worth * ((lessons.cold or 0.0) - (lessons.warm or 0.0)) if known else None
    success, warmth = _learnt(weights.success, lost), _learnt(weights.warmth, cold)
    total = worth + success + warmth
    return Factors(weights.time / total, weights.price / total, success / total, warmth / total)


def estimate(
    work: Sequence[WorkUnit], name: str, profile: Profile, workers: int, known: Experience
) -> Estimate:
    """What the units take, spread over as many workers as are worth their start."""
    record = known.record(name)
    total_s = sum(unit.duration_s for unit in work) * record.slowdown
    longest_s = max(unit.duration_s for unit in work) * record.slowdown
    shards = _worth(total_s, profile.startup_s, min(workers, len(work)))
    return Estimate(
        seconds=max(longest_s, total_s / shards) + profile.startup_s,
        usd=shards * known.usd(profile, total_s / shards + profile.startup_s),
        success=success_of(record),
        warmth=warmth_of(record),
    )


def rank(estimates: dict[str, Estimate], weights: Factors) -> tuple[Score, ...]:
    """Scores of all profiles, best first; of equals the one that stands first."""
    quickest = min(each.seconds for each in estimates.values())
    cheapest = min(each.usd for each in estimates.values())
    scores = []
    for name, each in estimates.items():
        factors = Factors(
            time=_relative(quickest, each.seconds),
            price=_relative(cheapest, each.usd),
            success=each.success,
            warmth=each.warmth,
        )
        scores.append(Score(name, each, factors, weights.times(factors)))
    return tuple(sorted(scores, key=lambda score: -score.total))


def compare(best: Score, second: Score) -> str:
    """Why the one is better than the other, for a person: the factors that decided."""
    gains = {name: getattr(best.shares, name) - getattr(second.shares, name) for name in FACTORS}
    decisive = sorted(FACTORS, key=lambda name: -gains[name])
    told = [f"{name} +{gains[name]:.2f}" for name in decisive if gains[name] >= _WORTH_TELLING]
    because = f" ({', '.join(told[:_SHOWN_FACTORS])})" if told else ""
    return f"score {best.total:.2f}, before `{second.profile}` with {second.total:.2f}{because}"


def explain(score: Score) -> str:
    """What each factor adds to a score, and what it was made from."""
    told = ", ".join(f"{name} {getattr(score.shares, name):.2f}" for name in FACTORS)
    cost = f"{score.estimate.seconds:.1f} s, ${score.estimate.usd:.4f}"
    return f"`{score.profile}` {score.total:.2f}: {told} ({cost})"


def _learnt(configured: float, learnt: float | None) -> float:
    if learnt is None:
        return configured
    return min(max(learnt, configured / _AT_MOST), configured * _AT_MOST)


def _worth(total_s: float, startup_s: float, most: int) -> int:
    """As many workers as work longer than their start takes."""
    return max(1, min(most, int(total_s / startup_s) if startup_s > 0 else most))


def _relative(best: float, value: float) -> float:
    return best / value if value > 0 else 1.0
