"""A run's share of the quotas: asked for at admission, renewed on the way, given back at the end.

Where a run counts against no quota, the store is not even asked.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Final, TypeVar

from testfleet.config import Environment
from testfleet.contracts.plan import Shard
from testfleet.contracts.quota import QuotaState
from testfleet.contracts.run import RunRequest
from testfleet.errors import FleetError
from testfleet.planning.quotas.admission import (
    Ask,
    Decision,
    Moment,
    Verdict,
    decide,
    release,
    renew,
    scopes_of,
)
from testfleet.workflow.ports import QuotaStore

_TRIES: Final = 20
"""Each failed exchange means that somebody else's has succeeded."""
_RETRIED: Final = 2
"""Workers of a shard that fail to start are tried again: its time may be needed twice."""
_MARGIN_S: Final = 1800.0
"""Steps between two Maps, and the start of the workers."""
_LONGEST_S: Final = 86_400.0
"""The state machine ends every execution after a day."""

_Answer = TypeVar("_Answer")


@dataclass(frozen=True)
class Admission:
    """The quotas as one run meets them."""

    environment: Environment
    store: QuotaStore | None
    """None where the application has no place for it: then nothing is limited."""
    request: RunRequest
    now: Callable[[], datetime]

    def decide(self) -> Decision:
        """Whether the run may start. May be asked again and again."""
        wanted, scopes = self._wanted(), self._scopes()
        if not scopes:
            return Decision(Verdict.ADMIT, "no quota limits it", wanted)
        ask = Ask(self.request.run_id, self.request.repository, scopes, wanted)
        return self._exchange(lambda moment: decide(moment, ask))

    @cached_property
    def workers(self) -> int:
        """Shards that the run may run at the same time."""
        store, fleet = self.store, self.environment.fleet
        if store is None or not self._scopes():
            return fleet.workers
        state, _ = store.load()
        lease = state.leases.get(self.request.run_id)
        return lease.slots if lease else fleet.workers

    def extend(self, shards: Sequence[Shard]) -> None:
        """Keep the share for as long as these shards may take."""
        if not self._scopes() or not shards:
            return
        run_id, lease_s = self.request.run_id, self._longest_s(shards)
        self._exchange(lambda moment: renew(moment, run_id, lease_s))

    def give_back(self, usd: float) -> None:
        """The run has ended, or asks no more, and has cost so much."""
        if not self._scopes():
            return
        run_id = self.request.run_id
        self._exchange(lambda moment: (None, release(moment, run_id, usd)))

    def _wanted(self) -> int:
        most = self.environment.fleet.workers
        return most if self.request.shards == "auto" else min(self.request.shards, most)

    def _scopes(self) -> tuple[str, ...]:
        if self.store is None:
            return ()
        request = self.request
        return scopes_of(
            self.environment.quotas, request.repository, request.suite, request.mode.value
        )

    def _longest_s(self, shards: Sequence[Shard]) -> float:
        profiles = self.environment.profiles
        limits = [profiles[s.profile].time_limit_s for s in shards if s.profile in profiles]
        waves = math.ceil(len(shards) / max(self.workers, 1))
        return min(_MARGIN_S + _RETRIED * waves * max(limits, default=0), _LONGEST_S)

    def _exchange(self, change: Callable[[Moment], tuple[_Answer, QuotaState]]) -> _Answer:
        """Change the state as if nobody else did. Raises FleetError when too many others do."""
        if self.store is None:
            raise ValueError("there is no store of quotas to change")
        for _ in range(_TRIES):
            before, version = self.store.load()
            answer, after = change(Moment(self.environment.quotas, before, self.now()))
            if after == before or self.store.exchange(after, version):
                return answer
        raise FleetError(
            f"run {self.request.run_id}: the use of the quotas changed {_TRIES} times meanwhile",
            hint="many runs start at once: it is tried again",
        )


def with_workers(environment: Environment, workers: int) -> Environment:
    """The environment of a run that may use only so many workers of the fleet."""
    fleet = environment.fleet
    if workers == fleet.workers:
        return environment
    limited = fleet.model_copy(update={"workers": workers})
    return environment.model_copy(update={"fleet": limited})
