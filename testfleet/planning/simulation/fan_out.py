"""One Map run: orders to workers within the limits, event by event.

A discrete-event simulation with an event list kept as a heap: A. M. Law, "Simulation Modeling and
Analysis". Events at the same moment are taken in the order in which they were made, so the same
orders under the same conditions always give the same attempts.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count
from random import Random
from typing import Final

from testfleet.contracts.plan import Compute
from testfleet.planning.simulation.attempts import Attempt, Conditions, Ending, Order, fate_of
from testfleet.planning.simulation.supply import Supply, TokenBucket, Worker


@dataclass(frozen=True)
class Retry:
    """How the workflow repeats a throttled call: exponentially later, with full jitter."""

    interval_s: float
    backoff: float
    attempts: int
    max_delay_s: float

    def delay_s(self, tries: int, chance: Random) -> float:
        """Seconds to wait after so many throttled calls."""
        return chance.random() * min(
            self.max_delay_s, self.interval_s * self.backoff ** (tries - 1)
        )


LAMBDA_RETRY: Final = Retry(interval_s=1, backoff=2, attempts=8, max_delay_s=30)
FARGATE_RETRY: Final = Retry(interval_s=5, backoff=2, attempts=5, max_delay_s=60)
"""As in statemachines/run-tests.asl.json; a test compares them."""


@dataclass
class FanOut:
    """What became of the orders."""

    end_s: float
    """When the last order had ended."""
    attempts: list[Attempt] = field(default_factory=list)
    """In the order in which they ended."""
    throttled_calls: int = 0
    refused: list[Order] = field(default_factory=list)
    """Throttled until the workflow gave up: they never had a worker."""


@dataclass(frozen=True, slots=True)
class _Call:
    order: Order
    tries: int = 0
    chance: Random | None = None
    """Of its delays; most calls need none."""


@dataclass(frozen=True, slots=True)
class _End:
    attempt: Attempt
    worker: Worker


class MapRun:
    """The fleet of one run: its workers stay warm from one fan-out to the next."""

    def __init__(self, conditions: Conditions, workers: int) -> None:
        limits = conditions.limits
        self._conditions = conditions
        self._slots = min(workers, limits.map_concurrency)
        self._starts = TokenBucket(limits.map_starts_per_s, limits.map_starts_per_s)
        self._supply = Supply(limits)

    def run(self, orders: Sequence[Order], start_s: float) -> FanOut:
        """Hand out all orders, the first first, and wait for the last to end."""
        return _Events(self._conditions, self._supply, self._starts, self._slots).run(
            orders, start_s
        )


class _Events:
    def __init__(
        self, conditions: Conditions, supply: Supply, starts: TokenBucket, slots: float
    ) -> None:
        self._conditions = conditions
        self._supply = supply
        self._starts = starts
        self._free = slots
        self._number = count()
        self._heap: list[tuple[float, int, _Call | _End]] = []

    def run(self, orders: Sequence[Order], start_s: float) -> FanOut:
        waiting = deque(orders)
        result = FanOut(end_s=start_s)
        now_s = start_s
        self._hand_out(waiting, now_s)
        while self._heap:
            now_s, _, event = heappop(self._heap)
            match event:
                case _Call():
                    self._call(event, now_s, result)
                case _End():
                    is_usable = event.attempt.ending is not Ending.LOST
                    self._supply.give_back(event.worker, is_usable=is_usable)
                    result.attempts.append(event.attempt)
                    self._free += 1
            self._hand_out(waiting, now_s)
        result.end_s = now_s
        return result

    def _hand_out(self, waiting: deque[Order], now_s: float) -> None:
        while waiting and self._free >= 1:
            self._free -= 1
            order = waiting.popleft()
            self._push(now_s + self._starts.take(now_s), _Call(order))

    def _call(self, call: _Call, now_s: float, result: FanOut) -> None:
        order = call.order
        profile = self._conditions.profiles[order.profile]
        worker = self._supply.ask(profile, now_s)
        if worker is not None:
            self._begin(order, worker, now_s)
            return
        result.throttled_calls += 1
        retry = LAMBDA_RETRY if profile.compute is Compute.LAMBDA else FARGATE_RETRY
        tries = call.tries + 1
        if tries > retry.attempts:
            result.refused.append(order)
            self._free += 1
            return
        chance = call.chance or self._conditions.chance(order, "retries")
        self._push(now_s + retry.delay_s(tries, chance), _Call(order, tries, chance))

    def _begin(self, order: Order, worker: Worker, now_s: float) -> None:
        fate = fate_of(order, self._conditions, is_warm=worker.is_warm)
        attempt = Attempt(
            order=order,
            worker=worker.name,
            start_s=now_s,
            tests_s=now_s + fate.startup_s,
            end_s=now_s + fate.length_s,
            ending=fate.ending,
            done=fate.done,
        )
        self._push(attempt.end_s, _End(attempt, worker))

    def _push(self, at_s: float, event: _Call | _End) -> None:
        heappush(self._heap, (at_s, next(self._number), event))
