"""The learner and the replay: no peeking, the same each time, better than chance."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from testfleet.errors import UsageError
from testfleet.planning.priority.histories import CiHistory, history_of
from testfleet.planning.priority.learner import Blend, ConditionalLogit
from testfleet.planning.priority.lifts import Shares
from testfleet.planning.priority.memory import Memory, Ran
from testfleet.planning.priority.prior import FEATURES, PRIOR
from testfleet.planning.priority.prioritiser import Prioritiser
from testfleet.planning.priority.replay import Feedback, Settings, replay
from testfleet.planning.priority.simple import SIMPLE

Row = tuple[int, int, float, bool]
ROWS = st.lists(
    st.tuples(st.integers(0, 8), st.integers(0, 5), st.floats(0, 10), st.booleans()),
    min_size=1,
    max_size=60,
)
NAMES = [f"tests/part{number % 2}/test_{number}.py" for number in range(60)]


def some_rows(cycles: int = 30, tests: int = 20) -> list[Row]:
    """Test 3 fails for five cycles in ten, test 7 each second time; others hardly ever."""
    chance = np.random.default_rng(4)
    rows = []
    for cycle in range(cycles):
        for test in range(tests):
            bad = (test == 3 and cycle % 10 < 5) or (test == 7 and cycle % 2 == 0)
            bad = bad or chance.random() < 0.01
            rows.append((cycle, test, float(chance.lognormal()), bool(bad)))
    return rows


def orders(history: CiHistory, feedback: Feedback = Feedback.ALL) -> list[list[int]]:
    learner = Prioritiser(history.names, 0.5)
    found = []
    for cycle in history.cycles():
        order = learner.order(cycle.tests)
        found.append(cycle.tests[order].tolist())
        ran = order if feedback is Feedback.ALL else order[: order.size // 2]
        learner.learn(cycle.tests, ran, cycle.failed[ran], cycle.durations[ran])
    return found


@pytest.mark.parametrize("feedback", list(Feedback))
def test_later_rows_do_not_change_earlier_orders(feedback: Feedback) -> None:
    rows = some_rows()
    changed = [
        (cycle, test, seconds * 3, not bad) if cycle >= 20 else (cycle, test, seconds, bad)
        for cycle, test, seconds, bad in rows
    ]
    whole = orders(history_of(rows, NAMES), feedback)
    assert orders(history_of(changed, NAMES), feedback)[:21] == whole[:21]
    assert orders(history_of(rows[: 20 * 20], NAMES), feedback) == whole[:20]


def test_the_verdicts_of_a_cycle_do_not_change_its_own_order() -> None:
    rows = some_rows()
    last = [row if row[0] < 29 else (*row[:2], 99.0, True) for row in rows]
    assert orders(history_of(last, NAMES))[29] == orders(history_of(rows, NAMES))[29]


@pytest.mark.parametrize("feedback", list(Feedback))
def test_a_replay_gives_the_same_each_time(feedback: Feedback) -> None:
    history = history_of(some_rows(), NAMES)
    settings = Settings(feedback=feedback, seed=3)
    assert replay(history, settings).scores == replay(history, settings).scores


def test_the_seed_moves_what_shuffles_and_not_the_learner() -> None:
    history = history_of(some_rows(), NAMES)
    one, two = (replay(history, Settings(seed=seed)).scores for seed in (1, 2))
    assert one["random"] != two["random"]
    assert one["learner"] == two["learner"]


@pytest.mark.parametrize("feedback", list(Feedback))
def test_the_learner_finds_what_fails_again_and_again(feedback: Feedback) -> None:
    means = replay(history_of(some_rows(60), NAMES), Settings(feedback=feedback)).napfd
    assert means["learner"] > 1.8 * means["random"]


def test_no_ordering_beats_the_ceiling_when_everything_runs() -> None:
    result = replay(history_of(some_rows(), NAMES), Settings(budget=1.0))
    ceiling = np.array(result.scores["ceiling"])
    assert all((np.array(values) <= ceiling + 1e-12).all() for values in result.scores.values())


@settings(max_examples=25, deadline=None)
@given(ROWS, st.sampled_from(list(Feedback)), st.floats(0.05, 1))
def test_any_history_gives_scores_between_zero_and_one(
    rows: list[Row], feedback: Feedback, budget: float
) -> None:
    result = replay(history_of(rows, NAMES), Settings(budget=budget, feedback=feedback))
    assert all(0 <= value <= 1 for values in result.scores.values() for value in values)


def test_with_executed_feedback_what_never_runs_is_never_learnt() -> None:
    # The only failure takes nine tenths of the cycle: no budget of half lets it run.
    rows = [
        (cycle, test, 9.0 if test == 0 else 0.1, test == 0)
        for cycle in range(9)
        for test in range(9)
    ]
    means = replay(history_of(rows, NAMES), Settings(feedback=Feedback.EXECUTED)).napfd
    assert set(means.values()) == {0.0}


def test_what_was_left_out_for_long_gets_its_turn() -> None:
    # All alike, none fails, and half of them fit: no test may be left out for ever.
    learner, tests, ran_once = Prioritiser(NAMES[:10], 0.5), np.arange(10), set()
    for _ in range(12):
        ran = learner.order(tests)[:5]
        learner.learn(tests, ran, np.zeros(5, dtype=bool), np.ones(5))
        ran_once |= set(ran.tolist())
    assert ran_once == set(range(10))


def test_all_simple_orderings_are_scored_beside_the_learner() -> None:
    result = replay(history_of(some_rows(), NAMES), Settings())
    assert set(result.scores) == {"learner", "ceiling", *(simple.name for simple in SIMPLE)}


@pytest.mark.parametrize("budget", [0.0, -1.0, 1.5, float("nan")])
def test_a_budget_that_is_none_is_refused(budget: float) -> None:
    with pytest.raises(UsageError, match="budget"):
        Settings(budget=budget)


def test_without_history_the_order_is_that_of_names() -> None:
    history = history_of([(0, test, 1.0, False) for test in (5, 1, 3)], NAMES)
    assert [history.names[test] for test in orders(history)[0]] == [NAMES[1], NAMES[3], NAMES[5]]


def test_one_cycle_moves_the_weights_towards_what_failed() -> None:
    model = ConditionalLogit(np.zeros(2), np.ones(2))
    model.learn(np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]]), np.array([True, False, False]))
    assert model.weights[0] > 0 > model.weights[1]


def test_a_cycle_in_which_all_or_none_failed_teaches_nothing() -> None:
    model = ConditionalLogit(np.zeros(1), np.ones(1))
    for failed in ([True, True], [False, False]):
        model.learn(np.array([[1.0], [0.0]]), np.array(failed))
    assert model.weights.tolist() == [0.0]


def test_features_separated_by_the_verdicts_do_not_carry_the_weights_away() -> None:
    model = ConditionalLogit(np.zeros(1), np.full(1, 0.01))
    for _ in range(500):
        model.learn(np.array([[50.0], [0.0]]), np.array([True, False]))
    assert np.isfinite(model.weights).all()
    assert model.shares(np.array([[50.0], [0.0]]))[0] == pytest.approx(1.0, abs=0.01)


def test_the_blend_trusts_the_prior_until_a_project_shows_to_be_unlike_others() -> None:
    model = Blend(np.array([1.0]), np.array([5.0]))
    unlike = np.array([[1.0], [0.0], [0.5]]), np.array([False, True, False])
    start = model.trust.copy()
    for _ in range(60):
        model.learn(*unlike)
    assert model.trust[0] > 0.9 > start[0]
    assert model.shares(unlike[0])[1] > 0.3


def some_run(verdicts: list[int], seconds: float = 1.0) -> Ran:
    return Ran(np.arange(len(verdicts)), np.array(verdicts, float), np.full(len(verdicts), seconds))


def test_a_share_of_the_failures_counts_cycles_and_not_failures() -> None:
    # Test 0 alone failed once; tests 1 to 3 failed together, twice.
    shares, tests = Shares(4), np.arange(4)
    for verdicts in ([1, 0, 0, 0], [0, 0, 0, 0], [0, 1, 1, 1], [0, 1, 1, 1]):
        shares.observe(some_run(verdicts))
    ever = shares.log_ratios(tests)[0]
    assert ever[0] == pytest.approx(np.log((1 + 0.1) / (0.75 + 0.1)))
    assert ever[1] == pytest.approx(np.log((2 / 3 + 0.1) / (0.75 + 0.1)))


def test_a_test_that_fails_each_second_time_is_due_after_a_pass() -> None:
    memory = Memory(2)
    for cycle in range(9):
        memory.observe(some_run([cycle % 2, 0]))
    due, never = memory.rate_after(np.arange(2))
    assert due > 0.8
    assert never < 0.2


def test_durations_that_vary_are_doubted_and_one_accident_is_soon_forgotten() -> None:
    memory, tests = Memory(2), np.arange(2)
    for seconds in (1.0, 3.0, 1.0, 3.0, 1.0, 3.0, 1.0, 1.0):
        memory.observe(Ran(tests, np.zeros(2), np.array([seconds, 2.0])))
    assert memory.doubt(tests)[0] > 2 * memory.doubt(tests)[1]
    memory.observe(Ran(tests, np.zeros(2), np.array([1.0, 200.0])))
    memory.observe(Ran(tests, np.zeros(2), np.array([1.0, 2.0])))
    assert memory.seconds(tests)[1] < 10


def test_the_prior_has_a_number_for_every_feature() -> None:
    history = history_of(some_rows(2), NAMES)
    learner = Prioritiser(history.names, 0.5)
    assert learner.features(history.tests[:20]).shape == (20, len(FEATURES))
    assert len(PRIOR.means) == len(PRIOR.precisions) == len(FEATURES)
    assert min(PRIOR.precisions) > 0


def test_another_prior_gives_another_order() -> None:
    history = history_of(some_rows(), NAMES)
    upside_down = replace(PRIOR, means=tuple(-mean for mean in PRIOR.means))
    means = [
        replay(history, Settings(prior=prior)).napfd["learner"] for prior in (PRIOR, upside_down)
    ]
    assert means[0] > means[1]
