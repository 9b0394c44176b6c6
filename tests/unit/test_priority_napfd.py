"""NAPFD and the budget, by hand and by properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from testfleet.planning.priority.napfd import napfd, run_within
from testfleet.planning.priority.ordering import Durations, best_order

SECONDS = st.floats(0, 1000, allow_nan=False)
CYCLES = st.lists(st.tuples(SECONDS, st.booleans(), st.floats(1e-6, 1)), min_size=1, max_size=30)


def score(order: list[int], seconds: list[float], failed: list[int], budget: float) -> float:
    return napfd(
        np.array(order), np.array(seconds, dtype=float), np.array(failed, dtype=bool), budget
    ).napfd


def test_a_failure_in_the_first_of_four_places() -> None:
    # p = 1, ranks 1, n = 4, m = 1: 1 - 1/4 + 1/8
    assert score([2, 0, 1, 3], [1, 1, 1, 1], [0, 0, 1, 0], 1.0) == pytest.approx(0.875)


def test_two_failures_of_which_the_budget_lets_one_run() -> None:
    # order 3, 0 runs; p = 1/2, ranks 1, n = 4, m = 2: 1/2 - 1/8 + 1/16
    assert score([3, 0, 1, 2], [1, 1, 1, 1], [0, 1, 0, 1], 0.5) == pytest.approx(0.4375)


def test_without_a_detected_failure_it_is_zero() -> None:
    assert score([0, 1], [1, 1], [0, 1], 0.5) == 0.0


def test_of_a_cycle_without_failures_it_is_one() -> None:
    assert score([0, 1], [1, 1], [0, 0], 0.5) == 1.0


def test_what_would_cross_the_budget_is_left_out_and_the_next_is_tried() -> None:
    seconds = np.array([3.0, 9.0, 2.0, 1.0])
    assert run_within(np.array([0, 1, 2, 3]), seconds, 6.0).tolist() == [0, 2, 3]


def test_what_takes_no_time_runs_when_the_budget_is_spent() -> None:
    seconds = np.array([5.0, 5.0, 0.0])
    assert run_within(np.array([0, 1, 2]), seconds, 5.0).tolist() == [0, 2]


def test_a_test_that_ends_with_the_budget_runs() -> None:
    seconds = np.array([0.1, 0.2, 0.3])
    assert run_within(np.array([0, 1, 2]), seconds, 0.3).tolist() == [0, 1]


def naive(order: list[int], seconds: list[float], budget_s: float) -> list[int]:
    left, ran = budget_s, []
    for row in order:
        if seconds[row] <= left:
            left -= seconds[row]
            ran.append(row)
    return ran


@given(st.lists(st.integers(0, 50), min_size=1, max_size=40), st.integers(0, 500))
def test_the_budget_is_kept_as_by_going_through_the_order(whole: list[int], budget: int) -> None:
    seconds = [float(value) for value in whole]
    order = list(range(len(seconds)))
    ran = run_within(np.array(order), np.array(seconds), float(budget))
    assert ran.tolist() == naive(order, seconds, float(budget))


@given(CYCLES, st.floats(0.01, 1), st.randoms())
def test_it_lies_between_zero_and_one(cycle, budget, chance) -> None:
    order = list(range(len(cycle)))
    chance.shuffle(order)
    value = score(order, [row[0] for row in cycle], [row[1] for row in cycle], budget)
    assert 0 <= value <= 1


@given(CYCLES, st.randoms())
def test_no_order_beats_failures_first_when_all_run(cycle, chance) -> None:
    seconds, failed = [row[0] for row in cycle], [row[1] for row in cycle]
    order = list(range(len(cycle)))
    chance.shuffle(order)
    first = sorted(order, key=lambda row: not failed[row])
    assert score(order, seconds, failed, 1.0) <= score(first, seconds, failed, 1.0) + 1e-12


@given(CYCLES, st.floats(0.01, 1))
def test_an_order_has_every_row_once(cycle, budget) -> None:
    shares, seconds = np.array([row[2] for row in cycle]), np.array([row[0] for row in cycle])
    assert sorted(best_order(shares, Durations(seconds), budget).tolist()) == list(
        range(len(cycle))
    )


def expected(order: np.ndarray, shares: np.ndarray, seconds: np.ndarray, budget: float) -> float:
    ran = run_within(order, seconds, budget * seconds.sum())
    return float((shares[ran] * (1 - (np.arange(ran.size) + 0.5) / shares.size)).sum())


@settings(max_examples=50)
@given(CYCLES, st.floats(0.05, 1))
def test_the_best_order_expects_no_less_than_by_share_or_by_share_per_second(cycle, budget) -> None:
    shares, seconds = np.array([row[2] for row in cycle]), np.array([row[0] for row in cycle]) + 0.1
    best = expected(best_order(shares, Durations(seconds), budget), shares, seconds, budget)
    for plain in (np.argsort(-shares), np.argsort(-shares / seconds)):
        assert best >= expected(plain, shares, seconds, budget) - 0.02


def test_with_time_for_all_the_likeliest_is_first() -> None:
    order = best_order(np.array([0.2, 0.5, 0.3]), Durations(np.array([1.0, 100.0, 1.0])), 1.0)
    assert order.tolist() == [1, 2, 0]


def test_a_likely_test_is_passed_over_when_others_find_more_in_its_time() -> None:
    shares, seconds = np.array([0.4, 0.3, 0.3]), np.array([10.0, 5.0, 5.0])
    assert run_within(best_order(shares, Durations(seconds), 0.5), seconds, 10).tolist() == [1, 2]


def test_a_test_that_seems_too_long_is_tried_first_where_it_is_worth_more_than_all_others() -> None:
    # Left out at no cost if it is too long; else it finds three quarters of the failures.
    seconds = np.array([1.0, 8.0, 1.0])
    for durations in (Durations(seconds), Durations(seconds, np.full(3, 0.5))):
        assert best_order(np.array([0.1, 0.8, 0.1]), durations, 0.5).tolist() == [1, 0, 2]
        assert best_order(np.array([0.4, 0.2, 0.4]), durations, 0.5).tolist() == [0, 2, 1]


def test_where_durations_are_guesses_the_likeliest_is_tried_for_it_is_left_out_at_no_cost() -> None:
    # By the guess either 2 runs, or both others, which find more. If 2 takes longer, all is well.
    shares, seconds = np.array([0.13, 0.4, 0.47]), np.array([2.0, 2.0, 4.0])
    sure = best_order(shares, Durations(seconds), 0.5)
    assert run_within(sure, seconds, 4.0).tolist() == [1, 0]
    assert best_order(shares, Durations(seconds, np.full(3, 0.3)), 0.5).tolist() == [2, 1, 0]


def test_curiosity_decides_what_runs_and_not_in_which_order() -> None:
    shares, curious = np.array([0.4, 0.3, 0.2, 0.1]), np.array([1.0, 1.0, 1.0, 5.0])
    assert best_order(shares, Durations(np.ones(4)), 0.5, curious).tolist() == [0, 3, 1, 2]
