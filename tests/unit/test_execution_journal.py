import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testfleet.contracts.result import Outcome, TestResult
from testfleet.execution.journal import SHOWN_CHARACTERS, SHOWN_FAILURES, Journal, clean
from testfleet.execution.launch import PIPE_BYTES, Events


def result(test, outcome="passed", unit="test_a.py", **fields):
    blank = {"duration": 0.5, "message": "", "longrepr": "", "attempts": 1}
    return {"kind": "result", "id": test, "unit": unit, "outcome": outcome, **blank, **fields}


def items(*tests, unit="test_a.py"):
    return {"kind": "items", "unit": unit, "ids": list(tests)}


@pytest.fixture
def journal():
    made = Journal()
    made.begin_session(None)
    return made


def test_a_unit_is_settled_when_all_its_collected_tests_are(journal):
    assert not journal.is_settled("test_a.py")
    journal.take([items("a", "b"), result("a")])
    assert not journal.is_settled("test_a.py")
    assert journal.pending() == ["b"]
    journal.take([result("b", "failed")])
    assert journal.is_settled("test_a.py")


def test_a_file_with_a_result_of_its_own_is_settled(journal):
    journal.take([result("test_a.py", "skipped")])
    assert journal.is_settled("test_a.py")


@pytest.mark.parametrize("seconds", [float("inf"), float("nan"), 1e308, -1.0])
def test_a_duration_that_cannot_be_costs_no_result(journal, seconds):
    journal.take([result("a", duration=seconds)])
    kept = TestResult.model_validate_json(journal.results["a"].model_dump_json())
    assert (kept.outcome, kept.duration_s) == (Outcome.PASSED, 0.0)


def test_failure_texts_beyond_the_budget_are_cut_but_not_dropped(journal, monkeypatch):
    monkeypatch.setattr("testfleet.execution.journal.TEXT_BUDGET", 10_000)
    journal.take([result(name, "failed", longrepr=name * 6000) for name in "abc"])
    lengths = [len(kept.longrepr) for kept in journal.results.values()]
    assert lengths[0] == 6000
    assert lengths[1] == lengths[2] < 2100
    assert journal.results["c"].longrepr.startswith("ccc")
    assert "`testfleet logs` has all of it" in journal.results["c"].longrepr


def test_the_error_of_a_class_settles_no_file(journal):
    journal.take([result("test_a.py::TestX", "error")])
    assert not journal.is_settled("test_a.py")


def test_a_test_that_runs_alone_does_not_speak_for_its_file(journal):
    journal.take([items("a", "b")])
    journal.begin_session("b")
    journal.take([items("b"), result("test_a.py", "error"), result("b")])
    assert journal.pending() == ["a"]
    assert set(journal.results) == {"b"}


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [("passed", "failed", "failed"), ("error", "skipped", "error"), ("passed", "passed", "passed")],
)
def test_of_two_results_the_graver_counts_once(journal, first, second, kept):
    journal.take([result("a", first), result("a", second)])
    assert journal.results["a"].outcome == kept
    assert sum(journal.counts.values()) == 1
    assert journal.counts[Outcome(kept)] == 1


def test_progress_is_bounded(journal):
    journal.take([result(f"{n}" + "x" * 1000, "failed") for n in range(50)])
    journal.take([{"kind": "start", "id": "y" * 1000, "unit": "test_a.py", "at": 1.0}])
    progress = journal.progress("run", "shard")
    assert progress.done == 50
    assert len(progress.failures) == SHOWN_FAILURES
    assert {len(test) for test in (*progress.failures, progress.current)} == {SHOWN_CHARACTERS}


def test_units_are_found_by_the_time_they_ran(journal):
    for at, unit in ((1.0, "a"), (2.0, "b"), (3.0, "a")):
        journal.take([{"kind": "start", "id": "t", "unit": unit, "at": at}])
    assert journal.units_between(1.5, 1.6) == {"a"}
    assert journal.units_between(1.95, 2.05) == {"a", "b"}
    assert journal.units_between(9.0, 9.1) == {"a"}
    assert journal.units_between(0.1, 0.2) == set()


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
KINDS = st.sampled_from(["result", "items", "start", "collecting", "stopped", "session", "x", "_"])
NAMES = st.sampled_from(["id", "unit", "ids", "outcome", "duration", "at", "reason", "rootdir"])


@given(st.lists(st.tuples(KINDS, st.dictionaries(NAMES, JSON)), max_size=5))
def test_events_that_a_test_forges_break_nothing(events):
    journal = Journal()
    journal.take([{**fields, "kind": kind} for kind, fields in events])
    journal.begin_session(None)
    journal.take([items("real"), result("real")])
    assert journal.results["real"].outcome == Outcome.PASSED


@given(st.text(st.characters(codec=None), max_size=20))
def test_clean_text_is_utf8_and_keeps_what_was(text):
    assert clean(text).encode("utf-8").decode() == clean(text)
    if not any("\ud800" <= character <= "\udfff" for character in text):
        assert clean(text) == text


def test_results_hold_what_a_test_reported(journal):
    journal.take([result("a", "failed", message="m", longrepr="l \udcff", attempts=3)])
    assert journal.results["a"] == TestResult(
        id="a",
        file="test_a.py",
        outcome=Outcome.FAILED,
        duration_s=0.5,
        message="m",
        longrepr=r"l \udcff",
        attempts=3,
    )


def test_the_pipe_yields_whole_events_and_skips_noise(tmp_path):
    events = Events(tmp_path / "events")
    fd = os.open(events.path, os.O_WRONLY)
    os.write(fd, b'{"kind": "a"}\nnoise\n{"no": "kind"}\n[]\n{"kind": ')
    assert events.read() == [{"kind": "a"}]
    os.write(fd, b'"b"}\n')
    assert events.read() == [{"kind": "b"}]
    assert events.read() == []
    assert not events.is_flooded
    os.write(fd, b"x" * (PIPE_BYTES * 3 // 4))
    events.read()
    assert events.is_flooded
    os.close(fd)
    events.close()
    assert not events.path.exists()


def at(seconds, kind, **fields):
    return {"kind": kind, "at": seconds, "pid": 1, "status": 0, **fields}


def test_a_units_seconds_are_those_between_entering_and_leaving_it(journal):
    journal.take(
        [
            at(1.0, "process"),
            at(2.0, "collecting", unit="a"),
            at(2.5, "collecting", unit="b"),
            at(3.0, "ready"),
            at(4.0, "start", id="a::x", unit="a"),
            at(6.0, "start", id="b::x", unit="b"),
            at(7.0, "finished"),
        ]
    )
    assert journal.seconds_by_unit() == {"a": 2.5, "b": 1.5}


def test_a_clock_that_a_test_made_up_counts_for_nothing(journal):
    journal.take(
        [
            at(2.0, "start", id="a::x", unit="a"),
            at(float("nan"), "start", id="b::x", unit="b"),
            at(1.0, "start", id="c::x", unit="c"),
            at(0.5, "finished"),
        ]
    )
    assert journal.seconds_by_unit() == {}


def test_secrets_do_not_leave_the_worker(journal):
    token = "ghp_" + "a1B2" * 9
    journal.take(
        [result("a", "failed", message=f"no {token}", longrepr=f"E   {token}\n"), result("b")]
    )
    kept = journal.results["a"]
    assert (kept.message, kept.longrepr) == ("no ***", "E   ***\n")
