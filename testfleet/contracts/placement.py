"""What past shards teach about the profiles that they ran on."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from testfleet.contracts.base import SCHEMA_VERSION, Contract


class ProfileRecord(Contract):
    """What shards on one profile were like. The older, the less they count."""

    finished: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    """Shards whose worker got to their end."""
    lost: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    """Shards that no worker finished."""
    slowdown: float = Field(default=1.0, ge=0.05, le=20.0)
    """Seconds that it took for each predicted second."""
    warm: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    cold: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    """Shards that found their working copy and environment there, and shards that did not."""


class Lessons(Contract):
    """What it costs when things go wrong, as a share of a shard's predicted seconds, so far. None
    where nothing has happened yet."""

    lost: float | None = Field(default=None, ge=0, le=10)
    """A worker is lost: all is done again, on a worker that has to start."""
    cold: float | None = Field(default=None, ge=0, le=10)
    """A worker's time beside its tests, where it found no working copy."""
    warm: float | None = Field(default=None, ge=0, le=10)
    """And where it found one."""


class PastShard(Contract):
    """What a shard took that is done."""

    predicted_s: float = Field(ge=0, allow_inf_nan=False)
    """Sum of its units' predictions, overhead excluded."""
    units: int = Field(ge=0)
    took_s: float = Field(ge=0, allow_inf_nan=False)
    """Seconds of its worker, from its own start to its end."""
    beside_s: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    """Of these, seconds that were not its units': set-up and transfer."""


class PlacementState(Contract):
    """Everything that placement has learnt in one place."""

    schema_version: Literal["1"] = SCHEMA_VERSION
    profiles: dict[str, ProfileRecord] = Field(default_factory=dict)
    lessons: Lessons = Lessons()
    past: tuple[PastShard, ...] = ()
    """The newest shards, oldest first, for strategies that learn."""


class ShardOutcome(Contract):
    """One shard, as expected and as it came."""

    profile: str
    predicted_s: float = Field(gt=0, allow_inf_nan=False)
    startup_s: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    """What the profile says that a start takes."""
    actual_s: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    """Seconds of its tests. None: no worker finished it."""
    overhead_s: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    """Seconds of its worker beside its tests."""
    warm: bool | None = None
    """Whether the working copy was there already; None: nobody knows."""
