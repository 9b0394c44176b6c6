from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testfleet.contracts.history import UnitHistory
from testfleet.planning.prediction.pace import next_pace, pace_of, suite_pace

NOW = datetime(2026, 5, 1, tzinfo=UTC)


def ran(at: datetime | None, paces: tuple[float, ...], *profiles: str) -> UnitHistory:
    return UnitHistory(
        duration_s=1,
        tests=1,
        runs=1,
        last_run=at,
        recent_s=(1.0,) * len(paces),
        recent_paces=paces,
        recent_profiles=profiles,
    )


def test_a_run_twice_as_slow_in_everything_has_a_pace_of_two() -> None:
    assert pace_of([(2.0, 1.0)] * 400) == pytest.approx(2.0, rel=0.02)


def test_one_slow_unit_is_not_a_slow_machine() -> None:
    assert pace_of([(1.0, 1.0)] * 40 + [(90.0, 1.0)]) == pytest.approx(1.0, rel=0.05)


def test_what_one_unit_alone_says_counts_little() -> None:
    assert 1.0 < pace_of([(2.0, 1.0)]) < 1.2


def test_a_giant_counts_as_one_unit() -> None:
    assert pace_of([(4000.0, 1000.0)] + [(1.0, 1.0)] * 50) < 1.5


def test_nothing_measured_is_the_usual_pace() -> None:
    assert pace_of([]) == 1.0


@given(st.lists(st.tuples(st.floats(0, 1e6), st.floats(0, 1e6))))
def test_every_pace_is_a_number_within_reason(measured: list[tuple[float, float]]) -> None:
    assert 0.01 < pace_of(measured) < 100


def test_the_next_pace_is_that_of_the_same_profile() -> None:
    paces, profiles = (1.0, 2.0, 1.0, 2.0), ("small", "large", "small", "large")
    assert next_pace(paces, profiles, "small") == 1.0
    assert next_pace(paces, profiles, "large") == 2.0
    assert next_pace(paces, profiles, "never") in (1.0, 2.0)
    assert next_pace((), (), "never") == 1.0


def test_one_odd_run_does_not_set_the_next_pace() -> None:
    assert next_pace((1.0, 1.0, 1.0, 7.0), ("a",) * 4, "a") == 1.0


def test_the_suites_pace_is_told_by_what_ran_last() -> None:
    history = {
        "old": ran(NOW, (1.0, 1.0), "a", "a"),
        "new": ran(NOW + timedelta(days=1), (1.0, 3.0, 3.0), "a", "b", "b"),
        "unknown": ran(None, (9.0,), "a"),
    }
    assert suite_pace(history) == 3.0
    assert suite_pace(history, "a") == 1.0
    assert suite_pace(history, "never") == 3.0
    assert suite_pace({}) == 1.0
