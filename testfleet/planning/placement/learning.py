"""How placement learns from shards that have run. Pure: the state is a value, stored by others.

Records of profiles are discounted Beta-Bernoulli estimates: V. Raj, S. Kalyani, "Taming
non-stationary bandits: a Bayesian approach", arXiv:1707.09727 (2017). What was learnt fades with
every shard that runs anywhere, so a profile that once failed is tried again.

The weights of success and warmth follow what a lost or a cold worker really costs, by the delta
rule: B. Widrow, M. E. Hoff, "Adaptive switching circuits", IRE WESCON (1960). Those of time and
price are what the operator wants, and nothing is to be learnt about that.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from pydantic import ValidationError

from testfleet.contracts.placement import (
    Lessons,
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
LESSON_STEP: Final = 0.1
_ODD: Final = 4.0
"""Shards this many times slower or quicker than expected teach no more than that."""
_WORST: Final = 10.0
"""What any single shard can cost at most, in the eyes of a lesson."""


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
    profiles, lessons = dict(state.profiles), state.lessons
    for outcome in outcomes:
        before = profiles.get(outcome.profile, ProfileRecord())
        profiles = {name: _faded(record) for name, record in profiles.items()}
        profiles[outcome.profile] = _with(_faded(before), outcome)
        lessons = _taught(lessons, outcome)
    return state.model_copy(update={"profiles": profiles, "lessons": lessons})


def read_state(body: bytes | None) -> PlacementState:
    """A stored state; an empty one for what is missing, broken or of another version.

    Placement without experience is worse, a run that fails for it is useless.
    """
    try:
        return PlacementState() if body is None else PlacementState.model_validate_json(body)
    except ValidationError:
        return PlacementState()


def _taught(lessons: Lessons, outcome: ShardOutcome) -> Lessons:
    if outcome.actual_s is None:
        again = 1.0 + outcome.startup_s / outcome.predicted_s
        return lessons.model_copy(update={"lost": _moved(lessons.lost, again)})
    if outcome.warm is None:
        return lessons
    name = "warm" if outcome.warm else "cold"
    beside = outcome.overhead_s / outcome.predicted_s
    return lessons.model_copy(update={name: _moved(getattr(lessons, name), beside)})


def _moved(old: float | None, new: float) -> float:
    seen = min(new, _WORST)
    return seen if old is None else old + LESSON_STEP * (seen - old)


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
