from collections.abc import Sequence

from testfleet.contracts.history import UnitHistory, Verdict
from testfleet.contracts.plan import Compute, Plan, PlannedUnit, Shard
from testfleet.contracts.report import RunStatus, TestReport, Totals
from testfleet.contracts.result import Outcome, UnitResult, UnitStatus
from testfleet.results.aggregate import Aggregate
from testfleet.workflow.memory import runs_of_tests, runs_of_units

FILE = "tests/test_long.py"


def one(name: str, outcome: Outcome = Outcome.PASSED, seconds: float = 3.0) -> TestReport:
    return TestReport(
        id=f"{FILE}::{name}",
        file=FILE,
        outcome=outcome,
        duration_s=seconds,
        shard="r1-0000",
        attempts=1,
        message="",
        longrepr="",
    )


def found(
    tests: Sequence[TestReport], status: UnitStatus = UnitStatus.FINISHED, units: int = 1
) -> Aggregate:
    ids = [FILE] if units == 1 else [f"{FILE}::[{at}/{units}]" for at in range(1, units + 1)]
    return Aggregate(
        status=RunStatus.PASSED,
        totals=Totals(),
        tests=tuple(tests),
        units=tuple(UnitResult(id=unit, status=status, tests=1, duration_s=6.0) for unit in ids),
        errors=(),
        notes=(),
    )


def plan(splits: dict[str, tuple[tuple[str, ...], ...]] | None = None) -> Plan:
    unit = PlannedUnit(id=FILE, predicted_s=1, known=True)
    shard = Shard(id="r1-0000", profile="large", compute=Compute.LAMBDA, units=(unit,))
    return Plan(
        framework="pytest",
        suite="default",
        shards=(shard,),
        workers=1,
        predicted_s=1,
        lower_bound_s=1,
        reasons=(),
        splits=splits or {},
    )


def test_a_finished_file_is_told_with_profile_verdict_and_parts() -> None:
    tests = [one("TestA::test_x[1]"), one("TestA::test_y"), one("test_b[2]")]
    [run] = runs_of_units(found(tests), [plan()], {})
    assert (run.id, run.duration_s, run.profile) == (FILE, 6.0, "large")
    assert run.verdict is Verdict.PASSED
    assert run.scopes == (("TestA", 6.0), ("test_b", 3.0))


def test_the_worst_test_is_the_files_verdict() -> None:
    for outcomes, verdict in (
        ((Outcome.SKIPPED, Outcome.FLAKY), Verdict.FLAKY),
        ((Outcome.FLAKY, Outcome.ERROR), Verdict.FAILED),
        ((Outcome.LOST, Outcome.PASSED), Verdict.PASSED),
    ):
        tests = [one(f"test_{outcome}", outcome) for outcome in outcomes]
        [run] = runs_of_units(found(tests), [plan()], {})
        assert run.verdict is verdict


def test_what_did_not_finish_teaches_nothing() -> None:
    assert runs_of_units(found([], UnitStatus.UNFINISHED), [plan()], {}) == []
    assert runs_of_tests(found([one("test_a", Outcome.LOST)])) == []


def test_the_groups_of_a_cut_file_are_put_back_in_its_order() -> None:
    before = (("test_a", 1.0), ("test_b", 1.0), ("test_c", 1.0))
    history = {FILE: UnitHistory(duration_s=9, tests=3, runs=1, scopes=before)}
    tests = [one("test_c"), one("test_new"), one("test_a"), one("test_b")]
    [run] = runs_of_units(found(tests, units=2), [plan({FILE: (("test_b", "test_c"),)})], history)
    assert [name for name, _ in run.scopes] == ["test_a", "test_b", "test_c", "test_new"]
    assert run.duration_s == 12.0
