from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testfleet.contracts.history import HistoryDetails, UnitHistory, Verdict
from testfleet.planning.prediction.past.files import FileIndex
from testfleet.planning.prediction.past.merge import PROFILE, Imported, Memory, import_runs
from testfleet.planning.prediction.past.records import PastRun, Record
from testfleet.planning.prediction.remember import UnitRun, remember

FILES = FileIndex([f"tests/test_{name}.py" for name in "abcdefghij"])
NOTHING = Memory({}, HistoryDetails())
NOW = datetime(2026, 5, 1, tzinfo=UTC)


def past_run(digest: str, **seconds: float | None) -> PastRun:
    records = [
        Record(f"tests/test_{name}.py::test_x", duration_s=value, verdict=Verdict.PASSED)
        for name, value in seconds.items()
    ]
    return PastRun(digest, digest, records)


def imported(*runs: PastRun, into: Memory = NOTHING) -> Imported:
    return import_runs(into, runs, FILES)


def seconds_of(memory: Memory) -> dict[str, float]:
    return {unit: past.duration_s for unit, past in memory.units.items()}


def test_a_files_seconds_are_those_of_its_tests() -> None:
    tests = [("test_x", 1.0), ("test_y", 2.0), ("test_z", None)]
    records = [Record(f"tests/test_a.py::{name}", duration_s=s) for name, s in tests]
    done = imported(PastRun("one", "one", records))
    assert seconds_of(done.memory) == {"tests/test_a.py": 4.5}
    assert done.memory.units["tests/test_a.py"].tests == 3
    assert (done.runs, done.units, done.tests, done.without_duration) == (1, 1, 3, 1)


def test_the_parts_of_a_long_file_are_known_before_its_first_run() -> None:
    tests = [("TestA::test_x[1]", 4.0), ("TestA::test_x[2]", 2.0), ("test_y", 3.0)]
    records = [Record(f"tests/test_a.py::{name}", duration_s=s) for name, s in tests]
    units = imported(PastRun("one", "one", records)).memory.units
    assert units["tests/test_a.py"].scopes == (("TestA", 6.0), ("test_y", 3.0))


def test_a_file_without_any_seconds_does_not_enter() -> None:
    assert imported(past_run("one", a=None)).memory.units == {}


def test_the_same_run_counts_once() -> None:
    run = past_run("one", a=1.0)
    first = imported(run, run)
    again = imported(run, past_run("two", a=1.0), into=first.memory)
    assert (first.runs, first.memory.units["tests/test_a.py"].runs) == (1, 1)
    assert (again.runs, again.known, again.memory.units["tests/test_a.py"].runs) == (1, 1, 2)


@given(st.lists(st.sampled_from("uvwxyz"), min_size=1, max_size=6))
def test_importing_twice_is_importing_once(digests: list[str]) -> None:
    runs = [past_run(digest, a=float(ord(digest)), b=2.0) for digest in digests]
    once = imported(*runs)
    assert imported(*runs, into=once.memory).memory == once.memory


def test_what_belongs_to_no_file_is_counted_and_named() -> None:
    done = imported(PastRun("one", "one", [Record("other.test_q", "test_x", duration_s=1.0)]))
    assert (done.tests, done.unmapped, done.examples) == (0, 1, ("other.test_q test_x",))


def own_history(factor: float) -> dict[str, UnitHistory]:
    history: dict[str, UnitHistory] = {}
    for _ in range(3):
        runs = [UnitRun(f"tests/test_{n}.py", factor * (1 + at), 1, profile="local")
                for at, n in enumerate("abcdefghi")]  # fmt: skip
        history = remember(history, runs, NOW)
    return history


def test_the_fleets_own_runs_stay_the_newest() -> None:
    own = own_history(2.0)
    slower = past_run("one", **{name: 1.0 + at for at, name in enumerate("abcdefghij")})
    units = imported(slower, into=Memory(own, HistoryDetails())).memory.units
    assert units["tests/test_a.py"].recent_profiles == (PROFILE, "local", "local", "local")
    assert units["tests/test_a.py"].runs == 4
    for unit, past in own.items():
        assert units[unit].duration_s == pytest.approx(past.duration_s, rel=0.05)


def test_a_file_that_only_the_import_knows_is_brought_to_the_fleets_pace() -> None:
    both = {name: 1.0 + at for at, name in enumerate("abcdefghij")}
    done = imported(past_run("one", **both), into=Memory(own_history(2.0), HistoryDetails()))
    new = done.memory.units["tests/test_j.py"]
    assert new.duration_s / new.pace == pytest.approx(2 * 10.0, rel=0.15)


def test_tests_that_failed_elsewhere_are_known() -> None:
    record = Record("tests/test_a.py::test_x", duration_s=0.01, verdict=Verdict.FAILED)
    done = imported(PastRun("one", "one", [record]))
    assert done.memory.details.tests["tests/test_a.py::test_x"].failed == 1
    assert done.memory.units["tests/test_a.py"].failed == 1
