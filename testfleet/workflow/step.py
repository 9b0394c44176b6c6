"""What every step of a workflow has at hand: the world, the run's records, and its answer."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from testfleet.config import Environment
from testfleet.contracts.plan import Shard
from testfleet.errors import FleetError, NothingToRunError, UsageError
from testfleet.planning.placement.place import Place
from testfleet.planning.source_tree import ArchiveTree
from testfleet.workflow.admission import Admission, with_workers
from testfleet.workflow.events.facts import RunFacts
from testfleet.workflow.events.recorder import EventBus, EventStore, Recorder
from testfleet.workflow.losses import rejection
from testfleet.workflow.ports import (
    DeadLetters,
    HistoryStore,
    ObjectStore,
    QuotaStore,
    RunStore,
)
from testfleet.workflow.prepared import PreparedRun
from testfleet.workflow.question import Model
from testfleet.workflow.records import RunRecords
from testfleet.workflow.reporting import Reporter, place_of
from testfleet.workflow.tasks import TaskWriter

StepAnswer = dict[str, Any]
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Stream:
    """Keeps events, and spreads them."""

    store: EventStore
    bus: EventBus | None = None


@dataclass(frozen=True)
class World:
    """What the steps act upon."""

    environment: Environment
    objects: ObjectStore
    runs: RunStore
    history: HistoryStore
    fetch_tarball: Callable[[str], bytes]
    """From a code host's address to a source archive."""
    now: Callable[[], datetime]
    image: str
    """Identity of the worker's image: environments built in another are not valid in this one."""
    quotas: QuotaStore | None = None
    """Without it no quota limits a run."""
    model: Model | None = None
    """The classifier's endpoint, where there is one."""
    stream: Stream | None = None
    """Where the run's events go."""
    dead_letters: DeadLetters | None = None
    """Where it is told what was given up."""


class Step:
    """The steps of one run."""

    def __init__(self, world: World, run_id: str) -> None:
        self._world = world
        self._records = RunRecords(run_id, world.objects)

    @property
    def run_id(self) -> str:
        """The run that the steps are of."""
        return self._records.run_id

    @cached_property
    def _admission(self) -> Admission:
        world = self._world
        return Admission(world.environment, world.quotas, self._records.request(), world.now)

    def record(self) -> None:
        """Bring the run's stream of events up to date. What goes wrong there holds up no run: the
        next one who records makes up for it."""
        if self._recorder is None:
            return
        try:
            self._recorder.record()
        except FleetError as exc:
            _log.warning("run %s: no events for now: %s", self.run_id, exc)

    @cached_property
    def _recorder(self) -> Recorder | None:
        stream = self._world.stream
        if stream is None:
            return None
        facts = RunFacts(self._records, self._world.now)
        return Recorder(facts, stream.store, stream.bus)

    def _place(self, prepared: PreparedRun) -> Place:
        workers = self._admission.workers
        return place_of(with_workers(self._world.environment, workers), prepared)

    def _open_tree(self, prepared: PreparedRun) -> ArchiveTree:
        archive = self._world.objects.get(prepared.archive_key)
        if archive is None:
            raise UsageError(f"the source archive {prepared.archive_key} is not in the bucket")
        return ArchiveTree(archive)

    def _writer(self, prepared: PreparedRun) -> TaskWriter:
        world = self._world
        return TaskWriter(world.environment, world.objects, self._records.request(), prepared)

    def _reporter(self) -> Reporter:
        world = self._world
        return Reporter(world.environment, self._records, world.runs, world.history, world.now)

    def _guard(self, step: Callable[[], StepAnswer]) -> StepAnswer:
        try:
            return step()
        except (UsageError, NothingToRunError) as exc:
            self._records.reject(rejection(exc))
            return self._answer(admitted=False, build=False, shards=0, wait_s=0)

    def _answer_map(self, shards: Sequence[Shard], **values: object) -> StepAnswer:
        """What a Map needs to know; the share of the quotas lasts until it is through."""
        self._admission.extend(shards)
        return self._answer(shards=len(shards), workers=self._admission.workers, **values)

    def _answer(self, **values: object) -> StepAnswer:
        return {"run_id": self._records.run_id, **values}
