"""A red run in a world in memory, and workers of its repair that answer as they are told."""

from datetime import UTC, datetime, timedelta

from testfleet.config import load_environment, load_routing
from testfleet.contracts.failure import (
    Failure,
    FailureCluster,
    FailureVerdict,
    Judgement,
    Priority,
    Route,
)
from testfleet.contracts.pull_request import ChangedFile
from testfleet.contracts.repair import Candidate, FixReport, FixStatus, TextEdit
from testfleet.contracts.repair_work import RepairRequest, RepairTask, RepairVerdict, SliceResult
from testfleet.contracts.report import Cost, RunReport, RunStatus, Totals
from testfleet.workflow.repairs.keys import RepairKeys
from testfleet.workflow.repairs.steps import RepairSteps
from testfleet.workflow.repairs.world import RepairWorld
from tests.workflow_scene import KEYS, NOW, RUN_ID, Scene

REPAIR_ID = f"{RUN_ID}-one"
SOURCE = b"def double(x):\n    return x + 1\n"
FIXED = b"def double(x):\n    return x + x\n"
CANDIDATE = Candidate(
    engine="rewrite",
    template="other-variable",
    edits=(TextEdit(path="a.py", start=30, end=31, text="x"),),
    path="a.py",
    line=2,
    suspiciousness=1.0,
)
PROVED = FixReport(
    status=FixStatus.FIXED,
    patch="whatever the worker says",
    files=("a.py",),
    engine="rewrite",
    template="other-variable",
    consensus=0.9,
    tests=("test_a.py::test_a",),
)
CHANGED = (ChangedFile.of("a.py", (SOURCE, FIXED)),)


def cluster_of(name, priority=Priority.MEDIUM, engine="search"):
    route = Route(engine=engine, priority=priority, score=0.5)
    return FailureCluster(
        id=name, title=f"E: {name}", representative="t", count=1, files=1,
        fingerprints=(f"f-{name}",), route=route, text="It broke.",
    )  # fmt: skip


def failure_of(name, verdict=FailureVerdict.REAL):
    return Failure(
        test=f"test_{name}.py::test_a", file=f"test_{name}.py", fingerprint=f"f-{name}",
        cluster=name, judgement=Judgement(verdict=verdict),
    )  # fmt: skip


class RepairScene:
    """The repair of one run."""

    def __init__(self, tree, clusters=(), failures=(), host=None, **asked):
        (tree / "a.py").write_bytes(SOURCE)
        (tree / "test_a.py").write_text("def test_a(): assert 0\n")
        self.run = Scene(tree)
        self.run.begin()
        self.objects = self.run.objects
        self.keys = RepairKeys(REPAIR_ID)
        clusters = clusters or (cluster_of("a"),)
        report = RunReport(
            run_id=RUN_ID, repository="shop", suite="", mode="full", status=RunStatus.FAILED,
            commit=None, started_at=NOW, finished_at=NOW, wall_s=1.0, serial_s=1.0,
            lower_bound_s=1.0, workers=2, shards=(), totals=Totals(failed=1), tests=(),
            cost=Cost(usd=0.0, by_service={}), clusters=tuple(clusters),
            failures=tuple(failures) or tuple(failure_of(each.id) for each in clusters),
        )  # fmt: skip
        self.objects.put(KEYS.report, report.model_dump_json().encode())
        request = RepairRequest(repair_id=REPAIR_ID, run_id=RUN_ID, requested_at=NOW, **asked)
        self.objects.put(self.keys.request, request.model_dump_json().encode())
        self.world = RepairWorld(
            environment=load_environment("local"),
            objects=self.objects,
            routing=load_routing(),
            now=lambda: datetime(2026, 1, 2, tzinfo=UTC),
            host_of=lambda _: host,
        )
        self.steps = RepairSteps(self.world, REPAIR_ID)

    def task(self, item):
        """The orders that an item points to."""
        body = self.objects.get(item["task_url"].removeprefix("memory:"))
        return RepairTask.model_validate_json(body)

    def answer(self, item, report=None, **values):
        """What a worker writes."""
        result = SliceResult(
            repair_id=REPAIR_ID,
            cluster=item["cluster"],
            slice=item["slice"],
            started_at=NOW,
            finished_at=NOW + timedelta(seconds=10),
            report=report or FixReport(status=FixStatus.NOT_FIXED, reason="none fits"),
            **values,
        )
        key = self.task(item).work.uploads.result.removeprefix("memory:")
        self.objects.put(key, result.model_dump_json().encode())

    def search(self, found, cluster="a"):
        """All slices answer; the first with what was found. What comes next."""
        self.steps.plan_repairs()
        items = self.steps.plan_slices(cluster)["slices"]
        for number, item in enumerate(items):
            self.answer(item, candidates=found if number == 0 else ())
        return self.steps.merge(cluster, 1)

    def verdict(self, cluster="a"):
        """How it ended."""
        body = self.objects.get(self.keys.verdict(cluster))
        return RepairVerdict.model_validate_json(body)
