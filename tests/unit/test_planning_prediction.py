import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testfleet.contracts.history import UnitHistory
from testfleet.contracts.plan import Unit
from testfleet.planning.prediction.predict import MIN_UNIT_S, predict
from testfleet.planning.prediction.remember import UnitRun, remember
from tests.planning_samples import make_history


def unit(path: str, size: int = 1000, tests: int = 5) -> Unit:
    return Unit(id=path, size_bytes=size, tests_estimate=tests)


def test_a_known_unit_is_predicted_by_its_past() -> None:
    [planned] = predict([unit("a")], make_history({"a": 4.5}))
    assert (planned.predicted_s, planned.known) == (4.5, True)


def test_a_cold_unit_is_measured_by_its_neighbours() -> None:
    past = make_history({"a/1": 10.0, "a/2": 10.0, "a/3": 10.0, "b/1": 1.0, "b/2": 1.0, "b/3": 1.0})
    units = [*(unit(path) for path in past), unit("a/new"), unit("b/new"), unit("c/new")]
    cold = {each.id: each for each in predict(units, past) if not each.known}
    assert cold["a/new"].predicted_s == pytest.approx(10.0)
    assert cold["b/new"].predicted_s == pytest.approx(1.0)
    assert cold["c/new"].predicted_s == pytest.approx(5.5)


def test_one_slow_neighbour_does_not_spoil_the_guess() -> None:
    past = make_history({"1": 1.0, "2": 1.0, "3": 5000.0})
    [*_, cold] = predict([*(unit(path) for path in past), unit("new")], past)
    assert cold.predicted_s == pytest.approx(1.0)


def test_a_cold_unit_twice_the_size_takes_twice_as_long() -> None:
    past = make_history({"1": 1.0, "2": 1.0})
    units = [unit("1"), unit("2"), unit("new", size=2000, tests=10)]
    assert predict(units, past)[-1].predicted_s == pytest.approx(2.0)


def test_without_any_past_more_tests_take_longer() -> None:
    few, many = predict([unit("a", tests=1), unit("b", tests=50)], {})
    assert MIN_UNIT_S < few.predicted_s < many.predicted_s


@pytest.mark.parametrize("broken", [math.nan, math.inf, -1.0])
def test_a_broken_past_counts_as_unknown(broken: float) -> None:
    [planned] = predict([unit("a")], make_history({"a": broken}))
    assert not planned.known
    assert planned.predicted_s > 0


def test_a_unit_that_takes_no_time_is_still_known() -> None:
    [planned] = predict([unit("a")], make_history({"a": 0.0}))
    assert (planned.predicted_s, planned.known) == (MIN_UNIT_S, True)


@given(
    st.lists(
        st.tuples(st.integers(0, 10**7), st.integers(0, 500), st.floats() | st.none()), max_size=20
    )
)
def test_every_prediction_is_a_positive_finite_number(
    rows: list[tuple[int, int, float | None]],
) -> None:
    units = [unit(f"d/{at}", size, tests) for at, (size, tests, _) in enumerate(rows)]
    past = make_history({f"d/{at}": s for at, (_, _, s) in enumerate(rows) if s is not None})
    planned = predict(units, past)
    assert [each.id for each in planned] == [each.id for each in units]
    assert all(0 < each.predicted_s < math.inf for each in planned)


def test_every_prediction_lies_inside_its_interval() -> None:
    past = make_history({"d/1": 1.0, "d/2": 5.0, "d/3": 2.0, "d/4": 3.0})
    units = [*(unit(path) for path in past), unit("d/new"), unit("e/new")]
    for planned in (*predict(units, past), *predict(units, {})):
        assert planned.low_s is not None
        assert planned.high_s is not None
        assert 0 <= planned.low_s < planned.predicted_s < planned.high_s


def test_a_guess_is_less_sure_than_what_is_known() -> None:
    past = remember({}, [UnitRun(f"d/{at}", 1.0 + at % 5, 5) for at in range(20)], None)
    known, cold = (predict([unit(path)], past)[0] for path in ("d/1", "d/new"))
    assert known.high_s is not None
    assert cold.high_s is not None
    assert known.high_s / known.predicted_s < cold.high_s / cold.predicted_s


def test_what_is_known_of_one_profile_is_scaled_to_another() -> None:
    history: dict[str, UnitHistory] = {}
    for profile, factor in (("slow", 1.0), ("slow", 1.0), ("fast", 0.5), ("fast", 0.5)):
        runs = [UnitRun(f"u{at}", factor * (1 + at), 5, profile=profile) for at in range(30)]
        history = remember(history, runs, None)
    units = [unit(path) for path in history]
    seconds = {
        profile: sum(one.predicted_s for one in predict(units, history, profile))
        for profile in ("slow", "fast", None)
    }
    assert seconds["slow"] / seconds["fast"] == pytest.approx(2.0, rel=0.1)
    assert seconds[None] == seconds["fast"]
