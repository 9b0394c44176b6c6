import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testfleet.planning.prediction.level import interval_of, level_of, median, weighted_median

SECONDS = st.floats(0, 1e5)


@given(st.lists(SECONDS, min_size=1, max_size=16))
def test_a_level_lies_between_the_shortest_and_the_longest(series: list[float]) -> None:
    level = level_of(series)
    assert min(series) - 1e-6 <= level.seconds <= max(series) * (1 + 1e-9) + 1e-6
    assert 0 <= level.since < len(series)


@given(SECONDS, st.integers(1, 16))
def test_equal_runs_are_their_own_level(seconds: float, count: int) -> None:
    assert level_of([seconds] * count).seconds == pytest.approx(seconds)


@given(st.integers(4, 15), st.floats(0.1, 100), st.floats(2, 1e6))
def test_one_outlier_moves_the_level_by_a_quarter_at_most(
    before: int, seconds: float, factor: float
) -> None:
    level = level_of([*[seconds] * before, seconds * factor]).seconds
    assert seconds <= level <= seconds * 1.25 + 0.01


def test_an_outlier_in_the_middle_is_forgotten_as_well() -> None:
    assert level_of([2, 2.1, 1.9, 900, 2, 2.1, 2]).seconds == pytest.approx(2.0, rel=0.1)


@pytest.mark.parametrize("end", [[11.0, 190.0], [190.0, 11.0], [190.0]])
def test_an_outlier_beside_a_usual_run_is_no_shift(end: list[float]) -> None:
    level = level_of([10.0, 10.4, 9.7, 10.1, 9.9, 10.3, *end])
    assert (level.since, level.seconds) == (0, pytest.approx(10.0, rel=0.15))


@pytest.mark.parametrize("after", [2.0, 20.0])
@pytest.mark.parametrize("runs", [2, 3, 9])
def test_a_shift_is_followed_from_the_second_run_on(after: float, runs: int) -> None:
    series = [*[10.0, 10.2, 9.9, 10.1, 10.0, 9.8, 10.1], *[after] * runs]
    assert level_of(series).seconds == pytest.approx(after, rel=0.01)
    assert level_of(series).since in (7, 8)


def test_a_shift_in_noise_is_followed_from_the_third_run_on() -> None:
    noisy = [10.0, 11.5, 9.0, 10.5, 8.8, 11.0, 9.5, 10.8]
    assert level_of([*noisy, *(2.5 * value for value in noisy[:3])]).since == 8


def test_the_newest_runs_weigh_more() -> None:
    rising = [1.0, 1.02, 1.04, 1.06, 1.08, 1.1]
    assert level_of(rising).seconds > level_of(rising[::-1]).seconds


@given(st.lists(st.floats(0.01, 100), max_size=16))
def test_an_interval_contains_the_level(ratios: list[float]) -> None:
    low, high = interval_of(ratios)
    assert 0 < low <= 1 <= high < math.inf


def test_an_interval_leaves_out_a_tenth_on_either_side() -> None:
    ratios = [at / 10 for at in range(1, 20)]
    assert interval_of(ratios) == pytest.approx((0.2, 1.8))


def test_few_runs_make_a_wide_interval() -> None:
    (low_of_one, high_of_one), (low_of_five, high_of_five) = (
        interval_of([1.0]),
        interval_of([1.0] * 5),
    )
    assert low_of_one < low_of_five < 1 < high_of_five < high_of_one


@given(st.lists(SECONDS, min_size=1))
def test_a_median_has_as_much_below_as_above(values: list[float]) -> None:
    middle = median(values)
    assert sum(value < middle for value in values) <= len(values) / 2
    assert sum(value > middle for value in values) <= len(values) / 2


def test_a_weighted_median_is_where_half_of_the_weight_lies() -> None:
    assert weighted_median([(1.0, 1), (2.0, 1), (9.0, 5)]) == 9.0
    assert weighted_median([(5.0, 0)]) == 5.0
