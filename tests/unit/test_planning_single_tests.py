from datetime import UTC, datetime

from testfleet.contracts.history import RECENT, TestHistory, Verdict
from testfleet.planning.prediction import single_tests
from testfleet.planning.prediction.single_tests import TestRun, remember_tests

NOW = datetime(2026, 5, 1, tzinfo=UTC)
FAILED, FLAKY = Verdict.FAILED, Verdict.FLAKY


def after(*runs: TestRun) -> dict[str, TestHistory]:
    tests: dict[str, TestHistory] = {}
    for run in runs:
        tests = remember_tests(tests, [run], NOW)
    return tests


def test_only_slow_and_failed_tests_are_kept() -> None:
    quick, slow = TestRun("quick", 0.01), TestRun("slow", 3.0)
    failed, flaky = TestRun("failed", 0.01, FAILED), TestRun("flaky", 0.01, FLAKY)
    kept = remember_tests({}, [quick, slow, failed, flaky], NOW)
    assert kept.keys() == {"slow", "failed", "flaky"}
    assert (kept["failed"].failed, kept["failed"].last_failed) == (1, NOW)


def test_a_tests_verdicts_are_kept_in_order() -> None:
    test = after(TestRun("a", 0.1, FAILED), TestRun("a", 0.1), TestRun("a", 0.2, FLAKY))["a"]
    assert (test.recent, test.runs, test.failed, test.flaky) == ("fpk", 3, 1, 1)


def test_a_quick_test_is_forgotten_when_its_failures_are_long_ago() -> None:
    runs = [TestRun("a", 0.1, FAILED), *[TestRun("a", 0.1)] * RECENT]
    assert after(*runs[:-1]).keys() == {"a"}
    assert after(*runs) == {}


def test_a_broken_duration_leaves_the_mean() -> None:
    assert after(TestRun("a", 2.0), TestRun("a", float("nan")))["a"].duration_s == 2.0


def test_tests_that_are_gone_leave_only_after_a_whole_run() -> None:
    kept = after(TestRun("a", 2.0))
    assert remember_tests(kept, [], NOW, complete=False) == kept
    assert remember_tests(kept, [], NOW) == {}


def test_what_failed_goes_before_what_is_slow(monkeypatch) -> None:
    monkeypatch.setattr(single_tests, "MOST_TESTS", 2)
    runs = [TestRun("slow", 9.0), TestRun("slower", 99.0), TestRun("failed", 0.1, FAILED)]
    assert remember_tests({}, runs, NOW).keys() == {"failed", "slower"}
