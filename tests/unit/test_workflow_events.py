"""The events of a run: what its records say, told once each, and read alike by everyone."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from testfleet.contracts.base import utc_now
from testfleet.contracts.event import EventKind, RunEvent
from testfleet.contracts.report import RunReport, RunStatus
from testfleet.contracts.result import Outcome, Progress, UnitStatus, WorkerError, WorkerErrorType
from testfleet.contracts.run import ArchiveSource, RunRequest, Trigger
from testfleet.errors import FleetError, UsageError
from testfleet.workflow.events.facts import NAMED_FAILURES, RunFacts
from testfleet.workflow.events.order import InOrder
from testfleet.workflow.events.recorder import Recorder
from testfleet.workflow.events.standing import Standing
from testfleet.workflow.fakes import InMemoryEvents, InMemoryObjects
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
LOSS = WorkerError(type=WorkerErrorType.WORKER_LOST, message="it is\ngone")


class Scene:
    """A run's records, written one by one, and the stream that is made of them."""

    def __init__(self):
        self.objects, self.events = InMemoryObjects(), InMemoryEvents()
        self.records = RunRecords(RUN_ID, self.objects)
        self.keys = self.records.keys
        self.now = NOW + timedelta(seconds=1)
        self.put(self.keys.request, REQUEST)
        self.recorder = self.another()

    def another(self):
        """One more who looks at the run."""
        facts = RunFacts(RunRecords(RUN_ID, self.objects), lambda: self.now)
        return Recorder(facts, self.events, self.events)

    def put(self, key, model):
        self.objects.put(key, model.model_dump_json().encode())

    def plan(self, round_number=1, *names):
        shards = [make_shard(name, name[-1]) for name in names or ("r1-0000", "r1-0001")]
        self.put(self.keys.plan(round_number), make_plan_of(*shards))

    def progress(self, shard, done, *failures):
        counts = {Outcome.PASSED: done}
        told = Progress(run_id=RUN_ID, shard_id=shard, done=done, counts=counts, failures=failures)
        self.put(self.keys.progress(shard), told)

    def finish(self, shard, *tests, took_s=2):
        result = make_result(shard, dict.fromkeys([test.file for test in tests], DONE), tests)
        end = self.now + timedelta(seconds=took_s)
        told = {"run_id": RUN_ID, "started_at": self.now, "finished_at": end}
        self.put(self.keys.result(shard), result.model_copy(update=told))

    def end(self, monkeypatch):
        report = RunReport.model_construct(
            **dict.fromkeys(RunReport.model_fields)
            | {"run_id": RUN_ID, "status": RunStatus.INCOMPLETE, "finished_at": self.now}
        )
        monkeypatch.setattr(RunFacts, "_read_report", lambda _: report)

    def told(self):
        return [(str(event.kind), event.shard_id) for event in self.recorder.record()]


def test_each_change_is_told_once_and_numbered():
    scene = Scene()
    assert scene.told() == [("run-requested", "")]
    scene.plan()
    scene.progress("r1-0000", 1, "a::x")
    assert scene.told() == [
        ("round-planned", ""),
        ("shard-started", "r1-0000"),
        ("test-failed", "r1-0000"),
        ("shard-progress", "r1-0000"),
    ]
    scene.finish("r1-0000", make_test("a::x", Outcome.FAILED), make_test("a::y"))
    assert scene.told() == [("worker-started", "r1-0000"), ("shard-finished", "r1-0000")]
    assert scene.told() == []
    assert [event.sequence for event in scene.events.stream] == list(range(1, 8))
    assert scene.events.bus == scene.events.stream


def test_a_late_look_tells_rounds_in_turn_and_no_end_before_its_beginning(monkeypatch):
    scene = Scene()
    scene.plan()
    scene.now += timedelta(hours=2)  # the clock of this worker is ahead of the next round's
    scene.put(scene.keys.loss("r1-0001"), LOSS)
    scene.finish("r1-0000", make_test("0::x", Outcome.FAILED), took_s=-9)
    scene.plan(2, "r2-0001")
    scene.now -= timedelta(hours=2)
    scene.finish("r2-0001", make_test("1::x"))
    scene.end(monkeypatch)
    told = [each for each in scene.told() if each[0] != "worker-started"]
    assert told[:2] == [("run-requested", ""), ("round-planned", "")]
    lost = ("shard-lost", "r1-0001")
    assert [each for each in told if each != lost][2:] == [
        ("shard-started", "r1-0000"),
        ("test-failed", "r1-0000"),
        ("shard-finished", "r1-0000"),
        ("round-planned", ""),
        ("shard-started", "r2-0001"),
        ("shard-finished", "r2-0001"),
        ("run-finished", ""),
    ]
    assert told.index(lost) < told.index(("shard-started", "r2-0001"))


def test_nothing_is_told_after_the_end_until_the_run_is_resumed(monkeypatch):
    scene = Scene()
    scene.plan()
    scene.end(monkeypatch)
    assert scene.told()[-1] == ("run-finished", "")
    scene.put(scene.keys.loss("r1-0001"), LOSS)
    scene.objects.put(scene.keys.cancel, b"")
    assert scene.another().record()[-1].kind is EventKind.RUN_FINISHED
    scene.records.resume()
    assert ("run-resumed", "") in scene.told()


def test_what_is_lost_and_what_is_stopped_is_told():
    scene = Scene()
    scene.plan()
    scene.put(scene.keys.loss("r1-0001"), LOSS)
    scene.objects.put(scene.keys.cancel, b"")
    events = {str(event.kind): event for event in scene.recorder.record()}
    assert events["shard-lost"].text == "it is gone"
    assert "run-stopping" in events


def test_a_thousand_failures_of_a_shard_are_counted_and_some_are_named():
    scene = Scene()
    scene.plan()
    scene.finish("r1-0000", *[make_test(f"0::{at}", Outcome.FAILED) for at in range(1000)])
    events = scene.recorder.record()
    assert sum(event.kind is EventKind.TEST_FAILED for event in events) == NAMED_FAILURES
    assert events[-1].counts == {Outcome.FAILED: 1000}


def test_ids_of_any_length_make_events_that_fit_and_stay_apart():
    scene = Scene()
    scene.plan()
    ids = [f"0::{'long' * 100_000}{end}" for end in "ab"]
    scene.finish("r1-0000", *[make_test(each, Outcome.FAILED) for each in ids])
    failed = [event for event in scene.recorder.record() if event.kind is EventKind.TEST_FAILED]
    assert len({event.test for event in failed}) == 2
    assert all(len(event.model_dump_json()) < 10_000 for event in failed)


def test_records_that_no_worker_of_ours_has_written_are_passed_over():
    scene = Scene()
    scene.plan()
    scene.objects.put(scene.keys.result("r1-0000"), b"{")
    scene.objects.put(scene.keys.progress("r1-0000"), b"[]")
    stranger = make_result("r1-0001", {}, ()).model_copy(update={"run_id": "another"})
    scene.put(scene.keys.result("r1-0001"), stranger)
    assert [kind for kind, _ in scene.told()] == ["run-requested", "round-planned"]


def test_what_a_bus_did_not_take_comes_with_the_next_events():
    scene = Scene()
    bus = scene.events.publish
    scene.events.publish = lambda _: (_ for _ in ()).throw(FleetError("down"))
    scene.told()
    scene.events.publish = bus
    scene.plan()
    scene.another().record()
    assert [event.sequence for event in scene.events.bus] == [1, 2]


@settings(max_examples=25, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 4))
def test_any_number_of_recorders_write_one_stream(chance, count):
    scene = Scene()
    recorders = [scene.another() for _ in range(count)]
    changes = [
        scene.plan,
        lambda: scene.progress("r1-0000", 3),
        lambda: scene.finish("r1-0000", make_test("0::x", Outcome.FAILED)),
        lambda: scene.put(scene.keys.loss("r1-0001"), LOSS),
        lambda: scene.finish("r1-0001", make_test("1::x")),
    ]
    append = scene.events.append

    def contested(events):
        # Somebody else is faster now and then.
        scene.events.append = append
        if chance.random() < 0.5:
            chance.choice(recorders).record()
        done = append(events)
        scene.events.append = contested
        return done

    scene.events.append = contested
    for change in changes:
        change()
        for _ in range(chance.randrange(3)):
            chance.choice(recorders).record()
    for recorder in recorders:
        recorder.record()
    facts = [event.fact for event in scene.events.stream]
    assert len(facts) == len(set(facts))
    assert [e.sequence for e in scene.events.stream] == list(range(1, len(facts) + 1))
    ends = [event.shard_id for event in scene.events.stream if event.fact.startswith("shard-ended")]
    assert sorted(ends) == ["r1-0000", "r1-0001"]
    order = [event.kind for event in scene.events.stream if event.shard_id == "r1-0000"]
    assert order.index(EventKind.SHARD_STARTED) < order.index(EventKind.SHARD_FINISHED)


def _stream():
    scene = Scene()
    scene.plan()
    scene.recorder.record()
    scene.progress("r1-0000", 2, "0::x")
    scene.recorder.record()
    scene.finish("r1-0000", make_test("0::x", Outcome.FAILED), make_test("0::y"))
    scene.put(scene.keys.loss("r1-0001"), LOSS)
    scene.recorder.record()
    return scene.events.stream


STREAM = _stream()


@given(st.lists(st.sampled_from(STREAM)), st.randoms(use_true_random=False))
def test_deliveries_twice_and_out_of_order_change_nothing_that_a_reader_sees(again, chance):
    deliveries = [*STREAM, *again]
    chance.shuffle(deliveries)
    reader, seen, standing = InOrder(), [], Standing()
    for event in deliveries:
        for due in reader.take([event]):
            seen.append(due)
            standing.apply(due)
            assert seen == STREAM[: len(seen)]
    expected = Standing()
    for event in STREAM:
        expected.apply(event)
    assert seen == STREAM
    assert standing == expected


def test_what_remains_is_what_was_predicted_at_the_pace_so_far():
    scene, standing = Scene(), Standing()

    def remaining_s():
        for event in scene.recorder.record():
            standing.apply(event)
        return standing.remaining_s(scene.now)

    assert remaining_s() is None
    scene.plan()
    whole = remaining_s()
    predicted = scene.records.plans()[0].shards[0].predicted_s
    assert whole == pytest.approx(predicted)  # two shards on two workers
    scene.finish("r1-0000", make_test("0::x"))
    pace = min(20.0, max(0.2, 2 / predicted))
    assert remaining_s() == pytest.approx(predicted * pace)
    standing.apply(RunEvent(run_id="r", sequence=9, at=NOW, kind="run-finished", text="passed"))
    assert standing.remaining_s(scene.now) is None


def test_a_run_that_is_not_there_is_a_mistake_of_the_user():
    facts = RunFacts(RunRecords("20260101-000000-abcdef", InMemoryObjects()), utc_now)
    with pytest.raises(UsageError):
        Recorder(facts, InMemoryEvents()).record()
