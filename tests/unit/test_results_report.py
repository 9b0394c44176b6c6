import json
from datetime import timedelta

import jsonschema
import pytest

from testfleet.contracts.report import Cost, RunReport, RunStatus, ShardStatus
from testfleet.contracts.result import Outcome, UnitStatus, WorkerError, WorkerErrorType
from testfleet.contracts.run import ArchiveSource, RunRequest, Trigger
from testfleet.results.aggregate import AggregateInput, aggregate
from testfleet.results.report import ReportInput, build_report, rejected_report
from testfleet.results.schema import main, report_schema, schema_path
from testfleet.results.summary import summarize
from tests.planning_samples import NOW, RUN, make_plan_of, make_result, make_shard, make_test

DONE, OPEN = UnitStatus.FINISHED, UnitStatus.UNFINISHED
REQUEST = RunRequest(
    run_id=RUN,
    repository="owner/name",
    commit="abc",
    trigger=Trigger.CLI,
    requested_at=NOW,
    source=ArchiveSource(key="sources/x.tar.gz", sha256="x"),
)
PLAN = make_plan_of(
    make_shard("r1-0000", "a", "b"),
    make_shard("r1-0001", "c", takes_rest=True),
    make_shard("r1-0002", "d"),
)
RESULTS = (
    make_result(
        "r1-0000",
        {"a": DONE, "b": OPEN},
        [make_test("a::1", duration_s=6.0), make_test("a::2", Outcome.FAILED, duration_s=1.0)],
        error=WorkerErrorType.OUT_OF_MEMORY,
    ),
    make_result(
        "r1-0001",
        {"c": DONE, "found": DONE},
        [make_test("c::1", Outcome.FLAKY, duration_s=2.0), make_test("found::1", Outcome.FAILED)],
    ),
)


def report() -> RunReport:
    judged = aggregate(AggregateInput(RUN, (PLAN,), RESULTS))
    return build_report(
        ReportInput(
            request=REQUEST,
            suite="default",
            aggregate=judged,
            plans=(PLAN,),
            results=RESULTS,
            started_at=NOW,
            finished_at=NOW + timedelta(seconds=8),
            cost=Cost(usd=0.25, by_service={"lambda": 0.25}),
            workers=2,
        )
    )


def test_times_come_from_what_really_ran() -> None:
    made = report()
    assert (made.wall_s, made.serial_s) == (8.0, 9.5)
    assert made.lower_bound_s == 7.0  # the longest unit, more than 9.5 s / 2 workers


def test_shards_are_finished_partial_or_lost() -> None:
    first, rest, lost = report().shards
    assert (first.status, first.host) == (ShardStatus.PARTIAL, "local worker-1")
    assert (rest.status, rest.units) == (ShardStatus.FINISHED, ("c", "found"))
    assert (lost.status, lost.host, lost.attempts) == (ShardStatus.LOST, "", 0)
    assert lost.started_at is None


def test_a_rejected_run_says_why_and_has_no_tests() -> None:
    error = WorkerError(type=WorkerErrorType.ENVIRONMENT, message="no tests")
    made = rejected_report(REQUEST, "default", error, NOW + timedelta(seconds=1))
    assert (made.status, made.tests, made.errors) == (RunStatus.REJECTED, (), (error,))
    assert made.wall_s == 1.0


def test_the_published_schema_is_the_one_of_the_code() -> None:
    published = schema_path().read_text("utf-8")
    assert published == report_schema(), "run: python -m testfleet.results.schema"


def test_a_report_fits_its_schema() -> None:
    document = json.loads(report().model_dump_json())
    schema = json.loads(report_schema())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(document, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document | {"status": "maybe"}, schema)


def test_the_generator_writes_the_schema_where_it_is_read(
    tmp_path: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "docs" / "x.json"  # type: ignore[operator]
    monkeypatch.setattr("testfleet.results.schema.schema_path", lambda: target)
    main()
    assert target.read_text() == report_schema()


def test_the_summary_shows_what_is_worth_a_look() -> None:
    summary = summarize(report(), slowest=2)
    assert [test.id for test in summary.slowest] == ["a::1", "c::1"]
    assert [(group.file, len(group.tests)) for group in summary.failures] == [
        ("a", 1),
        ("found", 1),
    ]
    assert [test.id for test in summary.flaky] == ["c::1"]
    assert [test.id for test in summary.lost] == ["b", "d"]
    assert (summary.shards.finished, summary.shards.partial, summary.shards.lost) == (1, 1, 1)
    assert summary.shards.hosts == ("local worker-1",)
    assert (summary.count, summary.usd, summary.status) == (6, 0.25, RunStatus.INCOMPLETE)


def test_the_summary_knows_how_fast_the_run_was() -> None:
    speed = summarize(report()).speed
    assert speed.speed_up == pytest.approx(9.5 / 8)
    assert speed.times_the_bound == pytest.approx(8 / 7)


def test_a_run_without_tests_has_no_speed() -> None:
    error = WorkerError(type=WorkerErrorType.INTERNAL, message="x")
    speed = summarize(rejected_report(REQUEST, "default", error, NOW)).speed
    assert (speed.speed_up, speed.times_the_bound) == (None, None)
