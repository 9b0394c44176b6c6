"""What a suite's shards have taught about profiles, kept beside its runs in the bucket.

Runs of one suite that end at the same time overwrite each other's lesson: the last one is kept,
which costs an estimate a little of its sharpness and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from testfleet.config import Profile
from testfleet.contracts.placement import ShardOutcome
from testfleet.contracts.plan import Shard
from testfleet.contracts.result import ShardResult, WorkerErrorType
from testfleet.costs.metering import worker_usd
from testfleet.planning.placement.learning import learn, read_state
from testfleet.planning.placement.score import Experience
from testfleet.planning.prediction.predict import MIN_UNIT_S
from testfleet.planning.sharding.past_shards import NEWEST, past_shards
from testfleet.workflow.keys import placement_key
from testfleet.workflow.ports import ObjectStore

_NOT_THE_PROFILES_FAULT = frozenset(
    {
        WorkerErrorType.CANCELLED,
        WorkerErrorType.CONFIGURATION,
        WorkerErrorType.ENVIRONMENT,
        WorkerErrorType.NOTHING_TO_RUN,
    }
)


@dataclass(frozen=True)
class PlacementMemory:
    """The memory of one suite."""

    objects: ObjectStore
    history_key: str
    """What the suite's history is kept under."""

    def recall(self) -> Experience:
        """Prices, and what is remembered. Nothing is remembered of what cannot be read."""
        body = self.objects.get(placement_key(self.history_key))
        return Experience(worker_usd, read_state(body))

    def remember(
        self,
        shards: Sequence[Shard],
        results: Sequence[ShardResult],
        profiles: Mapping[str, Profile],
    ) -> None:
        """Learn from the shards of a run that has ended."""
        state = self.recall().state
        after = learn(state, outcomes_of(shards, results, profiles))
        past = (*state.past, *past_shards(shards, results))[-NEWEST:]
        after = after.model_copy(update={"past": past})
        if after != state:
            body = after.model_dump_json().encode()
            self.objects.put(placement_key(self.history_key), body)


def outcomes_of(
    shards: Sequence[Shard], results: Sequence[ShardResult], profiles: Mapping[str, Profile]
) -> Iterator[ShardOutcome]:
    """How the shards came out, in their order. What is no profile's doing is left out."""
    by_shard = {result.shard_id: result for result in results}
    for shard in shards:
        result = by_shard.get(shard.id)
        if shard.profile not in profiles or not shard.units or shard.tests:
            continue
        if result is None or not result.is_whole:
            errors = result.errors if result else ()
            if all(error.type not in _NOT_THE_PROFILES_FAULT for error in errors):
                startup_s = profiles[shard.profile].startup_s
                yield ShardOutcome(
                    profile=shard.profile, predicted_s=_predicted_s(shard), startup_s=startup_s
                )
        elif result.finished:
            yield _finished(shard, result, profiles[shard.profile])


def _finished(shard: Shard, result: ShardResult, profile: Profile) -> ShardOutcome:
    tests_s = sum(unit.duration_s for unit in result.units)
    worked_s = (result.finished_at - result.started_at).total_seconds()
    return ShardOutcome(
        profile=shard.profile,
        predicted_s=_predicted_s(shard),
        startup_s=profile.startup_s,
        actual_s=tests_s,
        overhead_s=max(0.0, worked_s - tests_s),
        warm=result.warm,
    )


def _predicted_s(shard: Shard) -> float:
    return max(shard.predicted_s, MIN_UNIT_S)
