"""Reads back what a run has left in the bucket so far."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import TypeAdapter, ValidationError

from testfleet.contracts.plan import Plan, Shard
from testfleet.contracts.result import ShardResult, WorkerError
from testfleet.contracts.run import RunRequest
from testfleet.errors import UsageError
from testfleet.results.aggregate import Aggregate, AggregateInput, aggregate
from testfleet.workflow.keys import RunKeys
from testfleet.workflow.ports import ObjectStore
from testfleet.workflow.prepared import PreparedRun

_ROUNDS = TypeAdapter(list[int])
_log = logging.getLogger(__name__)


@dataclass
class RunRecords:
    """One run's records. Results are read once: a shard writes its own and never again."""

    run_id: str
    objects: ObjectStore
    _results: dict[str, ShardResult] = field(default_factory=dict)
    _aggregated: tuple[AggregateInput, Aggregate] | None = None

    @property
    def keys(self) -> RunKeys:
        """Where the records lie."""
        return RunKeys(self.run_id)

    def request(self) -> RunRequest:
        """What was asked for. Raises UsageError when there is no such request, or a bad one."""
        body = self.objects.get(self.keys.request)
        if body is None:
            raise UsageError(f"run {self.run_id}: {self.keys.request} is missing")
        try:
            return RunRequest.model_validate_json(body)
        except ValidationError as exc:
            raise UsageError(f"run {self.run_id}: {self.keys.request}: {exc}") from exc

    def prepared(self) -> PreparedRun:
        """What the first steps found out."""
        body = self.objects.get(self.keys.prepared)
        if body is None:
            raise UsageError(f"run {self.run_id}: {self.keys.prepared} is missing")
        return PreparedRun.model_validate_json(body)

    def save_prepared(self, prepared: PreparedRun) -> None:
        """Keep it for the later steps."""
        self.objects.put(self.keys.prepared, prepared.model_dump_json().encode())

    def rejection(self) -> WorkerError | None:
        """Why the run was rejected, if it was."""
        body = self.objects.get(self.keys.rejection)
        return WorkerError.model_validate_json(body) if body else None

    def reject(self, error: WorkerError) -> None:
        """Record that the run goes no further."""
        self.objects.put(self.keys.rejection, error.model_dump_json().encode())

    def plans(self) -> tuple[Plan, ...]:
        """Plans of all rounds so far, oldest first."""
        found: list[Plan] = []
        while body := self.objects.get(self.keys.plan(len(found) + 1)):
            found.append(Plan.model_validate_json(body))
        return tuple(found)

    def results(self, shards: Iterable[Shard]) -> tuple[ShardResult, ...]:
        """Results of those shards that left one, whole or partial.

        A worker's upload is untrusted: an unreadable one counts as none.
        """
        names = [shard.id for shard in shards]
        self._read({self.keys.result(name): name for name in names if name not in self._results})
        self._read({self.keys.partial(name): name for name in names if name not in self._results})
        return tuple(self._results[name] for name in names if name in self._results)

    def whole_result(self, shard_id: str) -> ShardResult | None:
        """What `results` has read of a shard, if that is its last word."""
        result = self._results.get(shard_id)
        return None if result is None or result.is_partial else result

    def _read(self, shards: Mapping[str, str]) -> None:
        """Take in results by shard, from their keys."""
        for key, body in self.objects.get_many(list(shards)).items():
            try:
                result = ShardResult.model_validate_json(body)
            except ValidationError as exc:
                _log.warning("unreadable result %s: %d problems", key, exc.error_count())
                continue
            # A worker can write to its own address only, and speaks for its own shard only.
            if result.shard_id == shards[key]:
                self._results[result.shard_id] = result
            else:
                _log.warning("refused result %s: it is of shard %s", key, result.shard_id[:80])

    def aggregate(self, request: AggregateInput) -> Aggregate:
        """The tests of all rounds, put together anew only when something has come since."""
        if self._aggregated is None or self._aggregated[0] != request:
            self._aggregated = (request, aggregate(request))
        return self._aggregated[1]

    def losses(self, shards: Sequence[Shard]) -> dict[str, WorkerError]:
        """Recorded losses by shard id."""
        found = self.objects.get_many([self.keys.loss(shard.id) for shard in shards])
        return {
            shard.id: WorkerError.model_validate_json(found[self.keys.loss(shard.id)])
            for shard in shards
            if self.keys.loss(shard.id) in found
        }

    def resumptions(self) -> list[int]:
        """How many rounds there were each time that somebody let the run go on."""
        body = self.objects.get(self.keys.resumptions)
        return _ROUNDS.validate_json(body) if body else []

    def resume(self) -> int:
        """Let a run that has ended go on: forget its end and whatever stopped it. Answers how often
        it was resumed now."""
        times = [*self.resumptions(), len(self.plans())]
        self.objects.put(self.keys.resumptions, _ROUNDS.dump_json(times))
        for key in (self.keys.cancel, self.keys.stop, self.keys.rejection, self.keys.report):
            self.objects.delete(key)
        return len(times)

    def is_cancelled(self) -> bool:
        """Whether somebody asked for the run to end."""
        return self.objects.exists(self.keys.cancel)
