"""Where workers come from: how many there may be, how fast they come, and whether they are warm."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count
from typing import Final

from testfleet.config import Profile
from testfleet.planning.simulation.limits import Limits

_ROUNDING: Final = 1e-9
"""A bucket that lacks less than this has a token: its level is a sum of fractions."""


@dataclass
class TokenBucket:
    """Holds at most `capacity` tokens and gains `per_s` a second. Time never goes back."""

    capacity: float
    per_s: float
    _tokens: float = field(init=False)
    _at_s: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        self._tokens = self.capacity

    def has_token(self, now_s: float) -> bool:
        """Whether a token is there now."""
        self._refill(now_s)
        return self._tokens >= 1.0 - _ROUNDING

    def take(self, now_s: float) -> float:
        """Take a token, one that comes later if need be. Seconds until it is there."""
        self._refill(now_s)
        self._tokens -= 1.0
        return 0.0 if self._tokens >= -_ROUNDING else -self._tokens / self.per_s

    def _refill(self, now_s: float) -> None:
        if not math.isinf(self.capacity):
            gained = (now_s - self._at_s) * self.per_s
            self._tokens = min(self.capacity, self._tokens + gained)
        self._at_s = now_s


@dataclass(frozen=True, slots=True)
class Worker:
    """An execution environment of Lambda or a task of Fargate."""

    kind: str
    """`lambda`, `fargate` or `fargate-spot`."""
    number: int
    is_warm: bool
    """It has worked before: its start costs little."""

    @property
    def name(self) -> str:
        """One lane of the timeline, e.g. `lambda-0003`."""
        return f"{self.kind}-{self.number:04}"


class Supply:
    """Hands out workers within the limits, the lowest free number first."""

    def __init__(self, limits: Limits) -> None:
        # One function serves all profiles on Lambda; on demand and Spot each have a quota.
        self._pools: dict[str, _Environments | _Tasks] = {
            "lambda": _Environments(limits),
            "fargate": _Tasks(limits),
            "fargate-spot": _Tasks(limits),
        }

    def ask(self, profile: Profile, now_s: float) -> Worker | None:
        """A worker, or None: the call is throttled, and whoever asked may ask again."""
        kind = "fargate-spot" if profile.spot else profile.compute.value
        return self._pools[kind].ask(kind, now_s)

    def give_back(self, worker: Worker, *, is_usable: bool) -> None:
        """The worker has ended its shard. An environment that died is not used again."""
        self._pools[worker.kind].give_back(worker, is_usable=is_usable)


class _Numbers:
    """The lowest number that nobody uses."""

    def __init__(self) -> None:
        self._free: list[int] = []
        self._next = count()

    def take(self) -> int:
        return heappop(self._free) if self._free else next(self._next)

    def give_back(self, number: int) -> None:
        heappush(self._free, number)


class _Environments:
    """Execution environments of one Lambda function: kept warm, made at a limited rate."""

    def __init__(self, limits: Limits) -> None:
        self._most = limits.lambda_concurrency
        self._scaling = TokenBucket(limits.lambda_scaling, limits.lambda_scaling_per_s)
        self._numbers = _Numbers()
        self._idle: list[int] = []
        self._busy = 0

    def ask(self, kind: str, now_s: float) -> Worker | None:
        if self._busy >= self._most:
            return None
        if self._idle:
            self._busy += 1
            return Worker(kind, heappop(self._idle), is_warm=True)
        if not self._scaling.has_token(now_s):
            return None
        self._scaling.take(now_s)
        self._busy += 1
        return Worker(kind, self._numbers.take(), is_warm=False)

    def give_back(self, worker: Worker, *, is_usable: bool) -> None:
        self._busy -= 1
        if is_usable:
            heappush(self._idle, worker.number)
        else:
            self._numbers.give_back(worker.number)


class _Tasks:
    """Tasks of Fargate: each is new, and launched at a limited rate."""

    def __init__(self, limits: Limits) -> None:
        self._buckets = (
            TokenBucket(limits.fargate_burst, limits.fargate_launches_per_s),
            TokenBucket(limits.run_task_burst, limits.run_task_per_s),
        )
        self._numbers = _Numbers()

    def ask(self, kind: str, now_s: float) -> Worker | None:
        if not all(bucket.has_token(now_s) for bucket in self._buckets):
            return None
        for bucket in self._buckets:
            bucket.take(now_s)
        return Worker(kind, self._numbers.take(), is_warm=False)

    def give_back(self, worker: Worker, *, is_usable: bool) -> None:  # noqa: ARG002 (a task ends anyway)
        self._numbers.give_back(worker.number)
