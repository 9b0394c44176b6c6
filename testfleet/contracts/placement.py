"""What past shards teach about the profiles that they ran on."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from testfleet.contracts.base import SCHEMA_VERSION, Contract

EMPHASIS_LEAST = 0.5
EMPHASIS_MOST = 2.0


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


class Emphasis(Contract):
    """By how much each configured weight is multiplied."""

    time: float = Field(default=1.0, ge=EMPHASIS_LEAST, le=EMPHASIS_MOST)
    price: float = Field(default=1.0, ge=EMPHASIS_LEAST, le=EMPHASIS_MOST)
    success: float = Field(default=1.0, ge=EMPHASIS_LEAST, le=EMPHASIS_MOST)
    warmth: float = Field(default=1.0, ge=EMPHASIS_LEAST, le=EMPHASIS_MOST)


class PlacementState(Contract):
    """Everything that placement has learnt in one place."""

    schema_version: Literal["1"] = SCHEMA_VERSION
    profiles: dict[str, ProfileRecord] = Field(default_factory=dict)
    emphasis: Emphasis = Emphasis()


class ShardOutcome(Contract):
    """One shard, as expected and as it came."""

    profile: str
    predicted_s: float = Field(gt=0, allow_inf_nan=False)
    actual_s: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    """None: no worker finished it."""
    predicted_usd: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    actual_usd: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    warm: bool | None = None
    """Whether working copy and environment were there already; None: nobody knows."""
