import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testfleet.contracts.history import UnitHistory
from testfleet.contracts.plan import Unit
from testfleet.contracts.result import UnitResult, UnitStatus
from testfleet.planning.prediction import ALPHA, MIN_UNIT_S, predict, update
from tests.planning_samples import make_history


def unit(path: str, size: int = 1000, tests: int = 5) -> Unit:
    return Unit(id=path, size_bytes=size, tests_estimate=tests)


def finished(path: str, seconds: float, status: UnitStatus = UnitStatus.FINISHED) -> UnitResult:
    return UnitResult(id=path, status=status, tests=3, duration_s=seconds)


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


def test_history_is_a_mean_in_which_the_newest_run_weighs_most() -> None:
    first = update({}, [finished("a", 10.0)])
    second = update(first, [finished("a", 20.0)])
    assert first["a"] == UnitHistory(duration_s=10.0, tests=3, runs=1)
    assert second["a"].duration_s == pytest.approx(ALPHA * 20 + (1 - ALPHA) * 10)
    assert second["a"].runs == 2


@pytest.mark.parametrize("broken", [math.nan, math.inf, -0.5])
def test_a_broken_measurement_changes_nothing(broken: float) -> None:
    past = make_history({"a": 3.0})
    assert update(past, [finished("a", broken), finished("b", broken)]) == past


def test_a_broken_past_is_replaced_by_the_first_good_measurement() -> None:
    assert update(make_history({"a": math.nan}), [finished("a", 2.0)])["a"].duration_s == 2.0


def test_only_finished_units_enter_history() -> None:
    left = [finished("a", 1.0, UnitStatus.UNFINISHED), finished("b", 1.0, UnitStatus.STOPPED)]
    assert update({}, left) == {}


def test_units_that_left_the_tree_leave_history() -> None:
    past = make_history({"gone": 1.0, "kept": 1.0})
    assert update(past, [], existing={"kept"}).keys() == {"kept"}
    assert update(past, []).keys() == {"gone", "kept"}
