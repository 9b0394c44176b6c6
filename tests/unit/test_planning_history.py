import math
import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testfleet.contracts.history import RECENT, UnitHistory, Verdict
from testfleet.planning.prediction.remember import UnitRun, remember

NOW = datetime(2026, 5, 1, tzinfo=UTC)
PASSED, FAILED, FLAKY = Verdict.PASSED, Verdict.FAILED, Verdict.FLAKY


def run(unit: str, seconds: float | None, verdict: Verdict = PASSED, profile: str = "") -> UnitRun:
    return UnitRun(unit, seconds, 3, verdict, profile)


def after(*runs: list[UnitRun]) -> dict[str, UnitHistory]:
    history: dict[str, UnitHistory] = {}
    for number, units in enumerate(runs):
        history = remember(history, units, NOW + timedelta(days=number))
    return history


def test_the_first_run_is_what_is_expected() -> None:
    past = after([run("a", 10.0)])["a"]
    assert (past.duration_s, past.tests, past.runs, past.recent) == (10.0, 3, 1, "p")
    assert past.last_run == NOW


def test_verdicts_are_counted_and_the_newest_kept() -> None:
    verdicts = [FAILED, *[PASSED] * 20, FLAKY]
    past = after(*([run("a", 1.0, verdict)] for verdict in verdicts))["a"]
    assert (past.runs, past.failed, past.flaky) == (22, 1, 1)
    assert past.recent == "p" * (RECENT - 1) + "k"
    assert (past.last_failed, past.flakiness) == (NOW, 1 / 22)


def test_a_ring_keeps_the_newest_runs() -> None:
    past = after(*([run("a", float(number))] for number in range(1, 40)))["a"]
    assert past.recent_s == tuple(float(number) for number in range(40 - RECENT, 40))
    assert len(past.recent_paces) == len(past.recent_profiles) == RECENT


@pytest.mark.parametrize("broken", [math.nan, math.inf, -0.5, None, 1e9])
def test_a_broken_measurement_changes_no_seconds(broken: float | None) -> None:
    history = after([run("a", 3.0)], [run("a", broken, FAILED), run("b", broken)])
    assert history.keys() == {"a"}
    assert (history["a"].duration_s, history["a"].recent, history["a"].runs) == (3.0, "pf", 2)


def test_a_broken_past_is_replaced_by_the_first_good_measurement() -> None:
    broken = {"a": UnitHistory(duration_s=math.nan, tests=1, runs=9)}
    assert remember(broken, [run("a", 2.0)], NOW)["a"].duration_s == 2.0


def test_the_mean_that_an_earlier_version_kept_counts_as_a_run() -> None:
    old = {"a": UnitHistory(duration_s=4.0, tests=3, runs=7)}
    now = remember(old, [run("a", 4.4)], NOW)["a"]
    assert (now.runs, now.recent_s) == (8, (4.0, 4.4))
    assert 4.0 < now.duration_s < 4.4


def test_units_that_left_the_tree_leave_history() -> None:
    history = after([run("gone", 1.0), run("kept", 1.0)])
    assert remember(history, [], NOW, existing={"kept"}).keys() == {"kept"}
    assert remember(history, [], NOW).keys() == {"gone", "kept"}


def test_a_slow_machine_is_not_taken_for_slow_units() -> None:
    units = {f"u{number}": 1.0 + number for number in range(30)}
    usual = [run(unit, seconds) for unit, seconds in units.items()]
    slow = [run(unit, 2 * seconds) for unit, seconds in units.items()]
    history = after(usual, usual, usual, slow)
    assert history["u5"].duration_s == pytest.approx(6.0, rel=0.05)
    assert history["u5"].recent_paces[-1] == pytest.approx(2.0, rel=0.2)


def test_seconds_of_another_profile_are_brought_to_its_pace() -> None:
    units = {f"u{number}": 1.0 + number for number in range(30)}
    here = [run(unit, seconds, profile="small") for unit, seconds in units.items()]
    there = [run(unit, seconds / 2, profile="large") for unit, seconds in units.items()]
    history = after([*here, run("new", 7.0, profile="small")], here, there)
    assert history["u5"].duration_s == pytest.approx(3.0, rel=0.15)
    assert history["new"].duration_s == pytest.approx(7.0)


def test_paces_do_not_drift_in_skewed_noise() -> None:
    chance = random.Random(7)
    runs = [
        [run(f"u{unit}", chance.lognormvariate(0, 0.4)) for unit in range(60)] for _ in range(60)
    ]
    assert 0.8 < after(*runs)["u0"].pace < 1.25


def test_parts_of_long_files_are_kept_and_of_short_ones_not() -> None:
    parts = (("TestA", 4.0), ("test_b", 2.0))
    history = remember(
        {}, [UnitRun("long", 6.5, 3, scopes=parts), UnitRun("short", 1.0, 3, scopes=parts)], NOW
    )
    assert history["long"].scopes == parts
    assert history["short"].scopes == ()


def test_a_file_of_too_many_parts_keeps_none() -> None:
    parts = tuple((f"test_{number}", 0.01) for number in range(2001))
    assert remember({}, [UnitRun("a", 20.0, 2001, scopes=parts)], NOW)["a"].scopes == ()


def test_the_largest_peak_of_memory_is_kept() -> None:
    peaks = [None, 300, 200]
    history: dict[str, UnitHistory] = {}
    for peak in peaks:
        history = remember(history, [UnitRun("a", 1.0, 1, memory_mb=peak)], NOW)
    assert history["a"].memory_mb == 300


@given(
    st.lists(
        st.lists(
            st.tuples(st.sampled_from("abc"), st.floats() | st.none(), st.sampled_from("xy")),
            max_size=3,
        ),
        max_size=20,
    )
)
def test_whatever_is_measured_every_expectation_is_inside_its_interval(
    runs: list[list[tuple[str, float | None, str]]],
) -> None:
    history = after(*([run(u, s, profile=p) for u, s, p in units] for units in runs))
    for past in history.values():
        assert past.low_s is not None
        assert past.high_s is not None
        assert 0 <= past.low_s <= past.duration_s <= past.high_s < math.inf
        assert past.pace > 0
        assert len(past.recent_s) == len(past.recent_paces) <= RECENT
