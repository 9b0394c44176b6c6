"""How placement learns from shards that have run. Pure: the state is a value, stored by others.

Records of profiles are discounted Beta-Bernoulli estimates: V. Raj, S. Kalyani, "Taming
non-stationary bandits: a Bayesian approach", arXiv:1707.09727 (2017). What was learnt fades with
every shard that runs anywhere, so a profile that once failed is tried again.

The factors' emphasis is Hedge: Y. Freund, R. E. Schapire, "A decision-theoretic generalization of
on-line learning and an application to boosting", JCSS 55 (1997), with factors that make no
forecast left out of the comparison ("sleeping experts": Freund, Schapire, Singer, Warmuth, "Using
and combining predictors that specialize", STOC 1997). A factor whose forecasts come true gains
on the others, and stays between a half and the double of its configured weight: what the
operator wants is never overruled by what is easy to forecast.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Final

from pydantic import ValidationError

from testfleet.contracts.placement import (
    EMPHASIS_LEAST,
    EMPHASIS_MOST,
    Emphasis,
    PlacementState,
    ProfileRecord,
    ShardOutcome,
)

MEMORY: Final = 0.99
"""What is left of a shard's weight after another shard has run: half after 69."""
PRIOR_SUCCESS: Final = 0.95
PRIOR_SHARDS: Final = 4.0
"""An unknown profile counts like one that ran 4 shards, of which 95 % finished."""
PRIOR_WARMTH: Final = 0.5
SLOWDOWN_STEP: Final = 0.2
LEARNING_RATE: Final = 0.1
_ODD: Final = 4.0
"""Shards this many times slower or quicker than expected teach no more than that."""


def success_of(record: ProfileRecord) -> float:
    """Chance that a shard on the profile is finished by its worker."""
    known = record.finished + record.lost
    return (record.finished + PRIOR_SUCCESS * PRIOR_SHARDS) / (known + PRIOR_SHARDS)


def warmth_of(record: ProfileRecord) -> float:
    """Chance that a shard on the profile finds what it needs already there."""
    known = record.warm + record.cold
    return (record.warm + PRIOR_WARMTH * PRIOR_SHARDS) / (known + PRIOR_SHARDS)


def learn(state: PlacementState, outcomes: Iterable[ShardOutcome]) -> PlacementState:
    """The state after these shards, one by one in their order."""
    profiles, emphasis = dict(state.profiles), state.emphasis
    for outcome in outcomes:
        before = profiles.get(outcome.profile, ProfileRecord())
        emphasis = _emphasis(emphasis, forecast_losses(before, outcome))
        profiles = {name: _faded(record) for name, record in profiles.items()}
        profiles[outcome.profile] = _with(_faded(before), outcome)
    return PlacementState(profiles=profiles, emphasis=emphasis)


def forecast_losses(before: ProfileRecord, outcome: ShardOutcome) -> dict[str, float]:
    """For each factor that made a forecast: how far off it was, 0 to 1."""
    finished = outcome.actual_s is not None
    losses = {"success": (finished - success_of(before)) ** 2}
    if outcome.warm is not None:
        losses["warmth"] = (outcome.warm - warmth_of(before)) ** 2
    if outcome.actual_s is not None:
        losses["time"] = _miss(outcome.predicted_s * before.slowdown, outcome.actual_s)
        if outcome.predicted_usd > 0:
            losses["price"] = _miss(outcome.predicted_usd, outcome.actual_usd)
    return losses


def read_state(body: bytes | None) -> PlacementState:
    """A stored state; an empty one for what is missing, broken or of another version.

    Placement without experience is worse, a run that fails for it is useless.
    """
    try:
        return PlacementState() if body is None else PlacementState.model_validate_json(body)
    except ValidationError:
        return PlacementState()


def _emphasis(old: Emphasis, losses: Mapping[str, float]) -> Emphasis:
    mean = sum(losses.values()) / len(losses)
    changed = {
        factor: min(
            max(
                getattr(old, factor) * math.exp(-LEARNING_RATE * (loss - mean)),
                EMPHASIS_LEAST,
            ),
            EMPHASIS_MOST,
        )
        for factor, loss in losses.items()
    }
    return old.model_copy(update=changed)


def _miss(expected: float, actual: float) -> float:
    small, large = sorted((expected, actual))
    return (1.0 - small / large) ** 2 if large > 0 else 0.0


def _faded(record: ProfileRecord) -> ProfileRecord:
    return record.model_copy(
        update={
            name: getattr(record, name) * MEMORY for name in ("finished", "lost", "warm", "cold")
        }
    )


def _with(record: ProfileRecord, outcome: ShardOutcome) -> ProfileRecord:
    changes: dict[str, float] = {}
    if outcome.actual_s is None:
        changes["lost"] = record.lost + 1
    else:
        ratio = min(max(outcome.actual_s / outcome.predicted_s, 1 / _ODD), _ODD)
        slowdown = record.slowdown ** (1 - SLOWDOWN_STEP) * ratio**SLOWDOWN_STEP
        changes |= {"finished": record.finished + 1, "slowdown": slowdown}
    if outcome.warm is not None:
        name = "warm" if outcome.warm else "cold"
        changes[name] = getattr(record, name) + 1
    return record.model_copy(update=changes)
