"""The events of a run, from what it leaves."""

from datetime import timedelta

import pytest

from testfleet.contracts.base import utc_now
from testfleet.contracts.report import RunReport, RunStatus
from testfleet.contracts.result import Outcome, Progress, UnitStatus, WorkerError, WorkerErrorType
from testfleet.contracts.run import ArchiveSource, RunRequest, Trigger
from testfleet.errors import UsageError
from testfleet.workflow.events import RunWatch
from testfleet.workflow.fakes import InMemoryObjects
from testfleet.workflow.records import RunRecords
from tests.planning_samples import make_plan_of, make_result, make_shard, make_test

NOW = utc_now()
RUN_ID = "20260101-000000-abcdef"
REQUEST = RunRequest(
    run_id=RUN_ID,
    repository="example/shop",
    trigger=Trigger.CLI,
    requested_at=NOW,
    source=ArchiveSource(key="sources/x", sha256="x"),
)
DONE = UnitStatus.FINISHED


class Scene:
    """A run's records, written one by one."""

    def __init__(self, **options):
        self.objects = InMemoryObjects()
        self.records = RunRecords(RUN_ID, self.objects)
        self.keys = self.records.keys
        self.now = NOW + timedelta(seconds=1)
        self.put(self.keys.request, REQUEST)
        self.watch = RunWatch(self.records, lambda: self.now, **options)

    def put(self, key, model):
        self.objects.put(key, model.model_dump_json().encode())

    def plan(self):
        plan = make_plan_of(make_shard("r1-0000", "a"), make_shard("r1-0001", "b"))
        self.put(self.keys.plan(1), plan)

    def finish(self, shard, *tests):
        result = make_result(shard, dict.fromkeys([test.file for test in tests], DONE), tests)
        times = {"started_at": self.now, "finished_at": self.now + timedelta(seconds=2)}
        self.put(self.keys.result(shard), result.model_copy(update=times))

    def told(self):
        return [(str(event.kind), event.shard_id, event.test) for event in self.watch.news()]


def progress(shard, *failures):
    return Progress(run_id=RUN_ID, shard_id=shard, done=1, counts={}, failures=failures)


def test_each_change_is_told_once_and_numbered():
    scene = Scene()
    assert scene.told() == [("run-requested", "", "")]
    scene.plan()
    scene.put(scene.keys.progress("r1-0000"), progress("r1-0000", "a::x"))
    assert scene.told() == [
        ("round-planned", "", ""),
        ("shard-started", "r1-0000", ""),
        ("test-failed", "r1-0000", "a::x"),
    ]
    scene.finish("r1-0000", make_test("a::x", Outcome.FAILED), make_test("a::y"))
    finished = scene.watch.news()
    assert [str(event.kind) for event in finished] == ["shard-finished"]
    assert finished[0].sequence == 5
    assert scene.told() == []


def test_a_late_look_tells_everything_in_the_order_of_its_times():
    scene = Scene(with_tests=True)
    scene.plan()
    scene.finish("r1-0001", make_test("b::y"))
    scene.now += timedelta(seconds=5)
    scene.finish("r1-0000", make_test("a::x", Outcome.FAILED))
    assert scene.told() == [
        ("run-requested", "", ""),
        ("round-planned", "", ""),
        ("shard-started", "r1-0001", ""),
        ("test-finished", "r1-0001", "b::y"),
        ("shard-finished", "r1-0001", ""),
        ("shard-started", "r1-0000", ""),
        ("test-failed", "r1-0000", "a::x"),
        ("shard-finished", "r1-0000", ""),
    ]


def test_what_is_lost_and_what_is_stopped_is_told():
    scene = Scene()
    scene.plan()
    loss = WorkerError(type=WorkerErrorType.WORKER_LOST, message="it is\ngone")
    scene.put(scene.keys.loss("r1-0001"), loss)
    scene.objects.put(scene.keys.cancel, b"")
    events = {str(event.kind): event for event in scene.watch.news()}
    assert events["shard-lost"].text == "it is gone"
    assert "run-stopping" in events


def test_nothing_is_told_after_the_end():
    scene = Scene()
    scene.plan()
    scene.put(scene.keys.progress("r1-0000"), progress("r1-0000", "a::x"))
    loss = WorkerError(type=WorkerErrorType.WORKER_LOST, message="gone")
    scene.put(scene.keys.loss("r1-0000"), loss)
    report = RunReport.model_construct(
        **dict.fromkeys(RunReport.model_fields)
        | {"run_id": RUN_ID, "status": RunStatus.INCOMPLETE, "finished_at": scene.now}
    )
    scene.watch._read_report = lambda: report
    scene.now += timedelta(seconds=30)
    events = scene.watch.news()
    assert str(events[-1].kind) == "run-finished"
    assert max(event.at for event in events) == report.finished_at


def test_records_that_no_worker_of_ours_has_written_are_passed_over():
    scene = Scene()
    scene.plan()
    for name in ("r1-0000", "r1-0001"):
        scene.objects.put(scene.keys.result(name), b"{")
        scene.objects.put(scene.keys.progress(name), b"[]")
    assert [kind for kind, _, _ in scene.told()] == ["run-requested", "round-planned"]


def test_what_remains_is_what_was_predicted_at_the_pace_so_far():
    scene = Scene()
    assert scene.watch.remaining_s() is None
    scene.plan()
    scene.told()
    whole = scene.watch.remaining_s()
    scene.finish("r1-0000", make_test("a::x"))
    scene.told()
    predicted = scene.watch.plans[0].shards[0].predicted_s
    assert whole == pytest.approx(predicted)  # two shards on two workers
    pace = min(20.0, max(0.2, 2 / predicted))
    assert scene.watch.remaining_s() == pytest.approx(predicted * pace)


def test_a_run_that_is_not_there_is_a_mistake_of_the_user():
    watch = RunWatch(RunRecords("20260101-000000-abcdef", InMemoryObjects()), utc_now)
    with pytest.raises(UsageError):
        watch.news()
