"""What finished shards teach the next plan."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from testfleet.contracts.placement import PastShard
from testfleet.contracts.plan import Shard
from testfleet.contracts.result import ShardResult

NEWEST: Final = 200
"""Past shards of a suite that are kept: some tens of kilobytes, and more than plans look back."""


def past_shards(shards: Iterable[Shard], results: Sequence[ShardResult]) -> list[PastShard]:
    """Those of the shards whose time can be compared with the prediction, in the order given.

    Left out are shards that are not done, that had to start again, or that ran what nobody had
    predicted.
    """
    by_shard = {result.shard_id: result for result in results}
    return [
        _past(shard, by_shard[shard.id])
        for shard in shards
        if shard.id in by_shard and _is_comparable(shard, by_shard[shard.id])
    ]


def _is_comparable(shard: Shard, result: ShardResult) -> bool:
    units = {unit.id for unit in result.units}
    return (
        not shard.tests
        and shard.predicted_s > 0
        and result.attempts == 1
        and result.is_whole
        and result.finished_at > result.started_at
        and units == {unit.id for unit in shard.units}
    )


def _past(shard: Shard, result: ShardResult) -> PastShard:
    took_s = (result.finished_at - result.started_at).total_seconds()
    return PastShard(
        predicted_s=shard.predicted_s,
        units=len(shard.units),
        took_s=took_s,
        beside_s=max(took_s - sum(unit.duration_s for unit in result.units), 0.0),
    )
