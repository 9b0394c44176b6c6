"""How a run stands, from its events alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from testfleet.contracts.event import EventKind, RunEvent
from testfleet.contracts.result import Outcome

_SLOWEST, _QUICKEST = 20.0, 0.2
"""How far the pace of finished shards may be from what was predicted."""
_NEARLY: Final = 0.95
"""Of a shard that still runs, no more than this is taken for done."""
_ENDS: Final = (EventKind.SHARD_FINISHED, EventKind.SHARD_LOST)


@dataclass
class ShardStanding:
    """One shard so far."""

    started_at: datetime
    worker: str = ""
    predicted_s: float = 0.0
    ended_at: datetime | None = None
    took_s: float = 0.0
    is_lost: bool = False
    counts: Counter[Outcome] = field(default_factory=Counter)


@dataclass
class Standing:
    """One run so far."""

    shards: dict[str, ShardStanding] = field(default_factory=dict)
    """Those that have begun."""
    planned: int = 0
    predicted_s: float = 0.0
    """Of all rounds' shards."""
    workers: int = 0
    """Of the last round."""
    status: str = ""
    """How the run has ended; empty while it goes on."""

    def apply(self, event: RunEvent) -> None:
        """Take in the next event."""
        match event.kind:
            case EventKind.ROUND_PLANNED:
                self.planned += event.shards
                self.predicted_s += event.predicted_s
                self.workers = event.workers
            case EventKind.RUN_RESUMED:
                self.status = ""
            case EventKind.RUN_FINISHED:
                self.status = event.text
            case _ if event.shard_id:
                self._apply_to_shard(event)

    @property
    def counts(self) -> Counter[Outcome]:
        """Tests so far, by outcome."""
        return sum((shard.counts for shard in self.shards.values()), Counter())

    def remaining_s(self, now: datetime) -> float | None:
        """Seconds until the tests that are planned will have run, at the pace so far. None: nothing
        is planned yet, or it is over."""
        if not self.planned or self.status:
            return None
        ended = [one for one in self.shards.values() if one.ended_at is not None]
        going = [one for one in self.shards.values() if one.ended_at is None]
        pace = _pace(ended)
        begun_s = sum(one.predicted_s for one in self.shards.values())
        open_s = max(0.0, self.predicted_s - begun_s) * pace
        open_s += sum(one.predicted_s * pace * (1 - _share(one, pace, now)) for one in going)
        left = self.planned - len(ended)
        return open_s / max(1, min(self.workers, left))

    def _apply_to_shard(self, event: RunEvent) -> None:
        shard = self.shards.setdefault(event.shard_id, ShardStanding(event.at))
        shard.worker = event.worker or shard.worker
        shard.predicted_s = event.predicted_s or shard.predicted_s
        if event.counts:
            shard.counts = Counter(event.counts)
        if event.kind in _ENDS:
            shard.ended_at, shard.took_s = event.at, event.took_s
            shard.is_lost = event.kind is EventKind.SHARD_LOST


def _pace(ended: Iterable[ShardStanding]) -> float:
    """What finished shards took of what was predicted for them."""
    whole = [one for one in ended if not one.is_lost]
    predicted = sum(one.predicted_s for one in whole)
    took = sum(one.took_s for one in whole)
    return min(_SLOWEST, max(_QUICKEST, took / predicted)) if predicted and took else 1.0


def _share(shard: ShardStanding, pace: float, now: datetime) -> float:
    """How much of a running shard is done, by the time that it runs."""
    if not shard.predicted_s:
        return 0.0
    seconds = max(0.0, (now - shard.started_at).total_seconds())
    return min(_NEARLY, seconds / (shard.predicted_s * pace))
