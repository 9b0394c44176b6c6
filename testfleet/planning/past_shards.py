"""What finished shards teach the next plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from testfleet.contracts.plan import Shard
from testfleet.contracts.result import ShardResult
from testfleet.planning.work import PastShard


def past_shards(shards: Iterable[Shard], results: Mapping[str, ShardResult]) -> list[PastShard]:
    """Those of the shards whose time can be compared with the prediction, in the order given.

    `results` by shard id. Left out are shards that are not done, that had to start again, or that
    ran what nobody had predicted.
    """
    return [
        PastShard(shard.predicted_s, len(shard.units), took_s)
        for shard in shards
        if (took_s := _took_s(shard, results.get(shard.id))) > 0
    ]


def _took_s(shard: Shard, result: ShardResult | None) -> float:
    if result is None or shard.tests or not shard.units:
        return 0.0
    units = {unit.id for unit in result.units}
    if result.attempts != 1 or not result.is_whole or units != {unit.id for unit in shard.units}:
        return 0.0
    return (result.finished_at - result.started_at).total_seconds()
