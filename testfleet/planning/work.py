"""What a strategy is given and what it answers: a job of units, and their assignment to shards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from testfleet.config import Profile
from testfleet.contracts.placement import PastShard


@dataclass(frozen=True, slots=True)
class WorkUnit:
    """A unit as strategies and the simulator see it. Small: a plan may hold a million."""

    id: str
    duration_s: float
    """Predicted seconds, finite and positive."""
    low_s: float | None = None
    high_s: float | None = None
    """Prediction interval; None when nothing is known of it."""
    scatter: tuple[float, ...] = ()
    """By how many seconds each of its newest runs was longer than expected, the same runs for all
    units that have any; empty when nothing is known of it."""
    memory_mb: float = 0.0
    """Predicted peak; 0 is unknown."""
    requires: frozenset[str] = frozenset()
    """Abilities that its worker must have, e.g. `docker` or `browser:chromium`."""
    depends_on: tuple[str, ...] = ()
    """Ids of units that must have passed before."""
    together: str | None = None
    """Units with the same word must share a shard."""
    priority: float = 0.0
    """Higher is sooner."""
    owner: str = ""
    """Repository or team, for strategies that share fairly."""
    kind: str = ""
    """The suite's kind of test, e.g. `unit`, `integration`, `browser`."""
    deadline_s: float | None = None
    """Seconds from the start of the run until its result is wanted."""
    known: bool = True
    """False when the duration is a guess from the source."""


@dataclass(frozen=True, slots=True)
class Traits:
    """What is known of a unit beside its prediction: see the fields of `WorkUnit`."""

    requires: frozenset[str] = frozenset()
    priority: float = 0.0
    owner: str = ""
    kind: str = ""
    deadline_s: float | None = None


@dataclass(frozen=True)
class Job:
    """One decision: these units into shards of these relative sizes, on this fleet."""

    units: Sequence[WorkUnit]
    weights: tuple[float, ...]
    """One number a shard: what share of the whole it should have. Mostly all 1."""
    workers: int
    """Shards that run at the same time."""
    profile: str
    """Name of the profile that shards run on unless a unit requires more."""
    profiles: Mapping[str, Profile] = field(default_factory=dict)
    overhead_s: float = 0.0
    """Start, set-up and transfer, paid once a shard."""
    deadline_s: float | None = None
    """Seconds until the whole run should have ended."""
    max_usd: float | None = None
    shares: Mapping[str, float] = field(default_factory=dict)
    """How much of the workers each owner may have beside the others; 1 for who is not named."""
    past: Sequence[PastShard] = ()
    """Shards of earlier runs of the suite, oldest first, for strategies that learn."""
    seed: int = 0
    """For strategies that draw: the same job with the same seed gives the same assignment."""


@dataclass(frozen=True)
class Assignment:
    """Every unit in exactly one shard."""

    shards: tuple[tuple[int, ...], ...]
    """Indices into the job's units, in the order in which they run. Shards in the order in which
    they are handed to workers."""
    reasons: tuple[str, ...] = ()
    """Sentences for a person: what decided."""
    profiles: tuple[str, ...] = ()
    """Name of each shard's profile. Empty: all shards run on the job's."""


class Strategy(Protocol):
    """How units become shards. Plugins register under the entry point `testfleet.strategies`.

    With an attribute `ordered` that is true, workers run the units of a shard in the order of the
    assignment; else in the order in which the framework collects them, as at home.
    """

    @property
    def name(self) -> str:
        """One word, as in `--strategy`."""
        ...

    @property
    def summary(self) -> str:
        """One line for `--help` and the docs."""
        ...

    def assign(self, job: Job) -> Assignment:
        """Pure and deterministic. Raises UsageError for a job that no assignment can serve."""
        ...
