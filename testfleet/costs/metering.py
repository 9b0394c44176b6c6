"""What a run costs, from its own record of who worked how long, before the bill comes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from testfleet.config import Profile
from testfleet.contracts.plan import Compute, Shard
from testfleet.contracts.report import Cost
from testfleet.contracts.result import ShardResult
from testfleet.costs.prices import US_EAST_1, Prices

CONTROL_MEMORY_GB: Final = 1.0
CONTROL_CALL_S: Final = 1.0
"""A control step reads and writes a few objects; a second is a careful guess."""
CONTROL_CALLS_PER_RUN: Final = 6
"""Admit, FetchSource, PrepareEnvironment, Plan, Aggregate, Report."""
TRANSITIONS_PER_RUN: Final = 10
TRANSITIONS_PER_ROUND: Final = 3
"""RunShards, Replan and the choice after it."""
TRANSITIONS_PER_SHARD: Final = 4
"""Start, the choice of compute, the task, end: each shard is a child execution."""

_PUTS_PER_SHARD: Final = 3  # task, result, log; progress adds one every few seconds
_GETS_PER_SHARD: Final = 4  # task, source, environment, result
_PROGRESS_S: Final = 2.0
_PUTS_PER_RUN: Final = 6
_GETS_PER_RUN: Final = 10
_WRITES_PER_RUN: Final = 10
_READS_PER_RUN: Final = 10

_FREE_LAMBDA_DISK_GB: Final = 0.5
_FREE_FARGATE_DISK_GB: Final = 20.0
_FARGATE_MINIMUM_S: Final = 60.0
_MB_PER_GB: Final = 1024


@dataclass(frozen=True)
class CostInput:
    """What was started, and what came of it."""

    shards: Sequence[Shard]
    """Of all rounds, and the confirm shards."""
    results: Sequence[ShardResult]
    profiles: Mapping[str, Profile]
    control_calls: int = 0
    """Invocations of the control function; 0 estimates them."""
    rounds: int = 1


@dataclass(frozen=True)
class Usage:
    """What a run used, whoever counted it: the meter of a run, or a simulation."""

    workers: Sequence[tuple[Profile, float]]
    """Each worker that ran a shard, and the seconds that it is charged for, its start included."""
    shards: int
    """Child executions, those without a worker included."""
    control_calls: int
    rounds: int = 1


def run_cost(source: CostInput, prices: Prices = US_EAST_1) -> Cost:
    """Cost at list prices, wherever the run really took place.

    A shard without a result is charged with what was predicted, since it did run for a while.
    """
    seconds = dict(_worker_seconds(source))
    workers = [
        (source.profiles[shard.profile], seconds[shard.id])
        for shard in source.shards
        if shard.profile in source.profiles
    ]
    calls = _control_calls(source)
    return usage_cost(Usage(workers, len(source.shards), calls, source.rounds), prices)


def usage_cost(usage: Usage, prices: Prices = US_EAST_1) -> Cost:
    """Cost of what was used, at list prices."""
    call = CONTROL_CALL_S * CONTROL_MEMORY_GB * prices.lambda_gb_s + prices.lambda_request
    by_service = {"lambda": usage.control_calls * call, "fargate": 0.0}
    for profile, seconds in usage.workers:
        by_service[profile.compute.value] += worker_usd(profile, seconds, prices)
    by_service["step-functions"] = _transitions(usage) * prices.transition
    by_service["s3"] = _storage(usage, prices)
    by_service["dynamodb"] = (
        _WRITES_PER_RUN * prices.dynamodb_write + _READS_PER_RUN * prices.dynamodb_read
    )
    charged = {name: usd for name, usd in by_service.items() if usd > 0}
    return Cost(usd=sum(charged.values()), by_service=charged)


def worker_usd(profile: Profile, seconds: float, prices: Prices = US_EAST_1) -> float:
    """Dollars for one worker on the profile that is charged for so many seconds."""
    memory_gb = profile.memory_mb / _MB_PER_GB
    disk_gb = profile.disk_mb / _MB_PER_GB
    is_arm = profile.architecture == "arm64"
    if profile.compute is Compute.LAMBDA:
        rate = memory_gb * (prices.lambda_arm_gb_s if is_arm else prices.lambda_gb_s)
        rate += max(disk_gb - _FREE_LAMBDA_DISK_GB, 0.0) * prices.lambda_disk_gb_s
        return seconds * rate + prices.lambda_request
    rate = profile.vcpu * (prices.fargate_arm_vcpu_s if is_arm else prices.fargate_vcpu_s)
    rate += memory_gb * (prices.fargate_arm_gb_s if is_arm else prices.fargate_gb_s)
    rate += max(disk_gb - _FREE_FARGATE_DISK_GB, 0.0) * prices.fargate_disk_gb_s
    share = prices.fargate_spot_share if profile.spot else 1.0
    return max(seconds, _FARGATE_MINIMUM_S) * rate * share


def _worker_seconds(source: CostInput) -> Iterator[tuple[str, float]]:
    """Seconds that each shard's worker is charged for, its start included."""
    ran = {
        result.shard_id: (result.finished_at - result.started_at).total_seconds()
        for result in source.results
    }
    for shard in source.shards:
        profile = source.profiles.get(shard.profile)
        startup_s = profile.startup_s if profile is not None else 0.0
        yield shard.id, max(ran.get(shard.id, shard.predicted_s), 0.0) + startup_s


def _control_calls(source: CostInput) -> int:
    # One call for each repeated round, and one for each shard whose loss had to be recorded.
    lost = len({shard.id for shard in source.shards} - {each.shard_id for each in source.results})
    return source.control_calls or CONTROL_CALLS_PER_RUN + source.rounds + lost


def _transitions(usage: Usage) -> int:
    return (
        TRANSITIONS_PER_RUN
        + usage.rounds * TRANSITIONS_PER_ROUND
        + usage.shards * TRANSITIONS_PER_SHARD
    )


def _storage(usage: Usage, prices: Prices) -> float:
    worker_s = sum(seconds for _, seconds in usage.workers)
    puts = _PUTS_PER_RUN + usage.shards * _PUTS_PER_SHARD + worker_s / _PROGRESS_S
    gets = _GETS_PER_RUN + usage.shards * _GETS_PER_SHARD + worker_s / _PROGRESS_S
    return puts * prices.s3_put + gets * prices.s3_get
