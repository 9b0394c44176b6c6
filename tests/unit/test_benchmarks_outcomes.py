import json

import pytest

from benchmarks.outcomes import differences, read_report, read_reportlog
from benchmarks.suite_table import Row, render
from benchmarks.suites import fetch, load_suites
from testfleet.errors import UsageError


def phase(nodeid, when, outcome, kind="TestReport", duration=0.5):
    return {
        "$report_type": kind, "nodeid": nodeid, "when": when, "outcome": outcome,
        "duration": duration,
    }  # fmt: skip


def recorded(tmp_path, *reports):
    log = tmp_path / "log.jsonl"
    log.write_text("".join(json.dumps(report) + "\n" for report in reports))
    return read_reportlog(log)


@pytest.mark.parametrize(
    ("phases", "outcome"),
    [
        ([("setup", "passed"), ("call", "passed"), ("teardown", "passed")], "passed"),
        ([("setup", "passed"), ("call", "failed"), ("teardown", "failed")], "failed"),
        ([("setup", "failed"), ("teardown", "passed")], "error"),
        ([("setup", "passed"), ("call", "passed"), ("teardown", "failed")], "error"),
        ([("setup", "passed"), ("call", "skipped"), ("teardown", "passed")], "skipped"),
    ],
)
def test_gravest_phase_decides(tmp_path, phases, outcome):
    reports = [phase("test_a.py::test_x", when, result) for when, result in phases]
    assert recorded(tmp_path, *reports).outcomes == {"test_a.py::test_x": outcome}


def test_failed_subtest_fails_its_test(tmp_path):
    subtest = phase("test_a.py::test_x", "call", "failed", kind="SubTestReport")
    found = recorded(tmp_path, subtest, phase("test_a.py::test_x", "call", "passed"))
    assert found.outcomes == {"test_a.py::test_x": "failed"}


def test_files_without_tests_stand_under_their_own_name(tmp_path):
    found = recorded(
        tmp_path,
        phase("test_a.py", None, "skipped", kind="CollectReport"),
        phase("test_b.py", None, "failed", kind="CollectReport"),
        phase("test_c.py", None, "passed", kind="CollectReport"),
    )
    assert found.outcomes == {"test_a.py": "skipped", "test_b.py": "error"}


def test_seconds_of_all_phases_count_for_the_file(tmp_path):
    found = recorded(
        tmp_path,
        phase("test_a.py::test_x", "setup", "passed"),
        phase("test_a.py::TestB::test_y", "call", "passed"),
    )
    assert found.seconds == {"test_a.py": 1.0}


def test_exit_status_is_that_of_the_session(tmp_path):
    assert recorded(tmp_path, {"$report_type": "SessionFinish", "exitstatus": 1}).code == 1


@pytest.mark.parametrize("outcome", ["failed", "error"])
def test_flaky_agrees_with_a_failure(outcome):
    assert differences({"a": outcome}, [("a", "flaky")]) == []


@pytest.mark.parametrize(
    ("plain", "other"),
    [
        ({"a": "passed"}, [("a", "flaky")]),
        ({"a": "passed"}, [("a", "lost")]),
        ({"a": "passed"}, []),
        ({}, [("a", "passed")]),
        ({"a": "passed"}, [("a", "passed"), ("a", "passed")]),
    ],
)
def test_anything_else_is_a_difference(plain, other):
    assert [difference.id for difference in differences(plain, other)] == ["a"]


def test_report_of_a_run_is_read_test_by_test(tmp_path):
    report = tmp_path / "report.json"
    report.write_text(json.dumps({"tests": [{"id": "a", "outcome": "passed"}]}))
    assert read_report(report) == [("a", "passed")]


def row(plain, loadfile, warm, first, problems=()):
    times = {"plain": [plain], "xdist loadfile": [loadfile], "warm": [warm], "first": [first]}
    return Row("demo", 10, times, bound_s=1.0, realised=[], problems=list(problems), notes=[])


def test_long_suites_may_not_take_longer_than_loadfile():
    assert not row(plain=20.0, loadfile=10.0, warm=10.1, first=10.0).is_warm_met


def test_short_suites_may_take_two_seconds_more():
    found = row(plain=19.9, loadfile=10.0, warm=12.0, first=15.1)
    assert (found.is_warm_met, found.is_first_met) == (True, False)


def test_table_counts_and_lists_differences():
    shown = render([row(5.0, 3.0, 4.0, 4.0, problems=["warm: a: passed, lost here"])])
    assert "1 DIFFER" in shown
    assert "OTHER OUTCOME demo: warm: a: passed, lost here" in shown


def test_unknown_suite_is_answered_with_the_known_ones():
    with pytest.raises(UsageError, match=r"no suite 'nosuch': .*pluggy"):
        load_suites(["nosuch"])


def test_archive_with_another_hash_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("benchmarks.suites.CACHE", tmp_path)
    suite = load_suites(["pluggy"])[0]
    archive = tmp_path / "archives" / "pluggy" / f"pluggy-{suite.version}.tar.gz"
    archive.parent.mkdir(parents=True)
    archive.write_bytes(b"something else")
    with pytest.raises(UsageError, match="SHA-256 is"):
        fetch(suite)
