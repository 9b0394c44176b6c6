"""One run in a world in memory, step by step, and a worker that answers as it is told."""

import io
import json
from datetime import UTC, datetime, timedelta

from testfleet.config import load_environment
from testfleet.contracts.report import RunReport
from testfleet.contracts.result import (
    Host,
    Outcome,
    ShardResult,
    TestResult,
    UnitResult,
    UnitStatus,
)
from testfleet.contracts.run import ArchiveSource, RunRequest, Trigger
from testfleet.contracts.task import WorkerTask
from testfleet.scm.working_tree import list_files, pack
from testfleet.workflow.fakes import (
    InMemoryDeadLetters,
    InMemoryEvents,
    InMemoryHistory,
    InMemoryObjects,
    InMemoryRuns,
)
from testfleet.workflow.keys import RunKeys, source_key
from testfleet.workflow.step import Stream
from testfleet.workflow.steps import RunTests, World

RUN_ID = "20260101-000000-abcdef"
KEYS = RunKeys(RUN_ID)
NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Scene:
    """A world with one run in it, and a worker that answers as it is told."""

    def __init__(self, tmp_path, **request):
        self.objects = InMemoryObjects()
        events = InMemoryEvents()
        self.world = World(
            environment=load_environment("local"),
            objects=self.objects,
            runs=InMemoryRuns(),
            history=InMemoryHistory(),
            fetch_tarball=lambda _: b"",
            now=lambda: NOW + timedelta(seconds=5),
            image="image-1",
            stream=Stream(events, events),
            dead_letters=InMemoryDeadLetters(),
        )
        packed = io.BytesIO()
        sha256 = pack(tmp_path, list_files(tmp_path), packed)
        self.objects.put(source_key(sha256), packed.getvalue())
        asked = {
            "run_id": RUN_ID,
            "repository": "shop",
            "trigger": Trigger.CLI,
            "requested_at": NOW,
            "source": ArchiveSource(key=source_key(sha256), sha256=sha256),
            "python": "/usr/bin/python3",
        }
        made = RunRequest.model_validate(asked | request)
        self.objects.put(KEYS.request, made.model_dump_json().encode())
        self.run = RunTests(self.world, RUN_ID)

    def begin(self):
        self.run.admit()
        self.run.fetch_source()
        self.run.prepare_environment()
        return self.run.plan()

    def tasks(self, answer):
        items = self.objects.get(answer["items_key"]).decode().splitlines()
        addresses = [json.loads(item)["task_url"] for item in items]
        bodies = [self.objects.get(address.removeprefix("memory:")) for address in addresses]
        return [WorkerTask.model_validate_json(body) for body in bodies]

    def answer(self, task, outcome=Outcome.PASSED, tests=None):
        ids = tests or [f"{unit}::test_a" for unit in task.units]
        result = ShardResult(
            run_id=RUN_ID,
            shard_id=task.shard_id,
            host=Host(kind="local", name="here", cpu_count=1, memory_mb=1),
            started_at=NOW,
            finished_at=NOW + timedelta(seconds=1),
            attempts=1,
            units=tuple(
                UnitResult(id=u, status=UnitStatus.FINISHED, tests=1, duration_s=1.0)
                for u in task.units
            ),
            tests=tuple(
                TestResult(id=i, file=i.split("::")[0], outcome=outcome, duration_s=1.0)
                for i in ids
            ),
        )
        self.objects.put(KEYS.result(task.shard_id), result.model_dump_json().encode())

    def report(self):
        return RunReport.model_validate_json(self.objects.get(KEYS.report))
