"""Flaky tests: their rate, which rerun tells most, and who waits in quarantine."""

from dataclasses import replace
from datetime import date
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.flaky import Score, by_testfleet, made_suite
from testfleet.contracts.failure import Cause, FailureVerdict, FlakyCategory
from testfleet.contracts.history import TestHistory
from testfleet.contracts.quarantine import QuarantineConfig
from testfleet.triage.flaky.plan import (
    BUDGET_FACTOR,
    Before,
    Case,
    Ran,
    Rerun,
    next_step,
    next_steps,
)
from testfleet.triage.flaky.quarantine import covers, entry_of, proposals, standings
from testfleet.triage.flaky.rate import beta_below, flake_rate, quantile, rank
from testfleet.triage.flaky.words import category_of_words, has_measured

TODAY = date(2026, 3, 1)
TEN = tuple(Before(f"tests/test_{name}.py::test_it", 0.1) for name in "abcdefghij")


def entry(test="tests/test_a.py::test_it", until=TODAY, back_after=16):
    return QuarantineConfig(test=test, owner="ann", until=until, back_after=back_after)


def past(runs=20, flaky=0, failed=0, recent="", duration_s=1.0):
    return TestHistory(duration_s=duration_s, runs=runs, flaky=flaky, failed=failed, recent=recent)


def played(case, world, budget_s=1e9):
    """The judgement, and the seconds of all reruns. `world` says how the last test of an order
    ends, given the order."""
    outcomes, spent = [], 0.0
    while True:
        step = next_steps([case], {case.test: outcomes}, budget_s)[case.test]
        if not isinstance(step, Rerun):
            return step, spent
        spent += step.seconds
        message = world(step.tests)
        outcomes.append(Ran(message is None, message or "", step.seconds))


@given(st.floats(0.001, 0.999), st.floats(0.1, 50))
def test_the_beta_distribution_has_its_closed_forms(x, n):
    assert beta_below(x, n, 1) == pytest.approx(x**n, abs=1e-9)
    assert beta_below(x, 1, n) == pytest.approx(1 - (1 - x) ** n, abs=1e-9)


@given(st.floats(0.01, 0.99), st.floats(0.2, 100), st.floats(0.2, 100))
def test_a_quantile_is_where_the_distribution_reaches_the_share(share, a, b):
    assert beta_below(quantile(share, a, b), a, b) == pytest.approx(share, abs=1e-6)


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 500))
def test_the_rate_lies_in_its_interval_whatever_is_counted(flaky, failed, runs):
    rate = flake_rate(flaky, failed, runs)
    assert 0 <= rate.low < rate.high <= 1
    assert rate.runs == max(0, runs - failed)


def test_more_runs_make_the_rate_surer():
    few, many = flake_rate(2, 0, 10), flake_rate(20, 0, 100)
    assert many.high - many.low < few.high - few.low


def test_tests_are_ranked_by_what_they_cost_and_others_left_out():
    tests = {"slow": past(flaky=2, duration_s=60), "quick": past(flaky=4), "good": past()}
    assert [each.test for each in rank(tests)] == ["slow", "quick"]


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), -1.0, 0.0])
def test_seconds_that_are_none_cost_a_start(seconds):
    [found] = rank({"odd": past(flaky=1).model_copy(update={"duration_s": seconds})})
    assert found.duration_s == 0
    assert found.cost_s > 0


def test_what_fails_in_the_same_words_is_real_after_one_rerun():
    case = Case("t.py::t", 1.0, "assert 1 == 2", TEN)
    judgement, spent = played(case, lambda _: "assert 1 == 2")
    assert (judgement.verdict, spent) == (FailureVerdict.REAL, 1.0)


def test_what_fails_in_other_words_gets_another_chance():
    words = iter(["assert 0.2 > 0.5", None, None, None])
    judgement, _ = played(Case("t.py::t", 1.0, "assert 0.1 > 0.5"), lambda _: next(words))
    assert judgement.category is FlakyCategory.RANDOMNESS


@pytest.mark.parametrize("polluter", [each.test for each in TEN])
def test_the_polluter_is_named(polluter):
    case = Case("tests/test_z.py::test_it", 1.0, "left behind", TEN)
    judgement, spent = played(case, lambda order: "left behind" if polluter in order else None)
    assert (judgement.category, judgement.polluter) == (FlakyCategory.LEAK, polluter)
    assert spent < 10 * case.seconds


@settings(max_examples=50)
@given(st.integers(1, 200), st.randoms(use_true_random=False))
def test_bisection_takes_a_logarithm_of_reruns(count, rng: Random):
    before = tuple(Before(f"tests/t{at}.py::t", rng.random()) for at in range(count))
    polluter = rng.choice(before).test
    case, outcomes = Case("z.py::t", 1.0, "m", before), []
    while isinstance(step := next_step(case, outcomes), Rerun):
        assert step.tests[-1] == case.test
        assert list(step.tests[:-1]) == [each.test for each in before if each.test in step.tests]
        outcomes.append(Ran(polluter not in step.tests, "m", 1.0))
    assert step.polluter == polluter
    # Weighted halves: by suspicion for its price, so at worst twice the logarithm and the proofs.
    assert len(outcomes) <= 2 * count.bit_length() + 4


@pytest.mark.parametrize("both", [{0, 1}, {0, 9}, {3, 8}])
def test_two_tests_that_only_pollute_together_are_told_as_order(both):
    needed = {TEN[at].test for at in both}
    case = Case("tests/test_z.py::test_it", 1.0, "m", TEN)
    judgement, _ = played(case, lambda order: "m" if needed <= set(order) else None)
    assert (judgement.category, judgement.polluter) == (FlakyCategory.ORDER_DEPENDENT, None)


@pytest.mark.parametrize(
    ("cause", "category"),
    [
        (Cause.TIMEOUT, FlakyCategory.TIMING),
        (Cause.NETWORK, FlakyCategory.NETWORK),
        (Cause.PORT_CONFLICT, FlakyCategory.RESOURCE),
    ],
)
def test_a_cause_that_chance_brings_needs_no_order(cause, category):
    judgement, spent = played(Case("t.py::t", 1.0, "m", TEN, cause), lambda _: None)
    assert (judgement.category, spent) == (category, 1.0)


def test_words_of_clocks_tell_timing_when_the_order_does_not_matter():
    case = Case("t.py::t", 1.0, "assert elapsed < 0.5", TEN)
    assert played(case, lambda _: None)[0].category is FlakyCategory.TIMING


@pytest.mark.parametrize("message", [None, "daemon is not running"])
def test_a_broken_machine_is_no_test_s_fault(message):
    case = Case("t.py::t", 1.0, "daemon is not running", cause=Cause.INFRASTRUCTURE)
    assert played(case, lambda _: message)[0].verdict is FailureVerdict.INFRASTRUCTURE


@settings(max_examples=60)
@given(st.lists(st.floats(0.01, 5), min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_all_reruns_together_cost_less_than_twice_the_failing_tests(seconds, rng: Random):
    cases = [Case(f"t{at}.py::t", spent, "m", TEN) for at, spent in enumerate(seconds)]
    outcomes = {case.test: [] for case in cases}
    while True:
        steps = next_steps(cases, outcomes)
        reruns = {test: step for test, step in steps.items() if isinstance(step, Rerun)}
        if not reruns:
            break
        for test, step in reruns.items():
            outcomes[test].append(Ran(rng.random() < 0.5, rng.choice("mn"), step.seconds))
    assert sum(ran.seconds for runs in outcomes.values() for ran in runs) < 2 * sum(seconds)


def test_suspicion_of_nothing_at_all_is_suspicion_of_all():
    before = tuple(Before(each.test, 0.0, 0.0) for each in TEN)
    case = Case("tests/test_z.py::test_it", 0.0, "m", before)
    judgement, _ = played(case, lambda order: "m" if TEN[4].test in order else None)
    assert judgement.polluter == TEN[4].test


def test_the_likeliest_polluter_is_tried_first():
    before = tuple(replace(each, suspicion=100.0 if each is TEN[3] else 1.0) for each in TEN)
    step = next_step(Case("tests/test_z.py::test_it", 1.0, "m", before), [Ran(passed=True)])
    assert step.tests == (TEN[3].test, "tests/test_z.py::test_it")


@pytest.mark.parametrize(
    ("message", "category"),
    [
        ("assert elapsed < 0.5", FlakyCategory.TIMING),
        ("ConnectionResetError: [Errno 104] Connection reset by peer", FlakyCategory.NETWORK),
        ("OSError: [Errno 28] No space left on device", FlakyCategory.RESOURCE),
        ("assert random.choice(names) == 'a'", FlakyCategory.RANDOMNESS),
        ("assert ['left'] == []", None),
    ],
)
def test_words_tell_what_kind_of_chance_it_was(message, category):
    assert category_of_words(message, "", None) is category


def test_a_test_that_sleeps_is_not_slow_for_that():
    stack = (
        "    def test_it():\n        sleep(1)\n>       assert box == []\nE       assert [1] == []"
    )
    assert category_of_words("assert [1] == []", stack, None) is None
    assert category_of_words("", stack.replace("box", "elapsed()"), None) is FlakyCategory.TIMING


def test_a_drawn_number_tells_of_chance_and_a_written_one_does_not():
    assert has_measured("assert 0.73184 < 0.5")
    assert not has_measured("assert 0.75 < 0.5")


@pytest.mark.parametrize("seed", range(3))
def test_planted_flakiness_is_found_within_twice_the_failing_tests_seconds(seed):
    score = Score()
    suite = made_suite(Random(seed), suspected=False)
    by_testfleet(suite, Random(seed), BUDGET_FACTOR, score)
    assert score.found >= 0.9 * score.flaky
    assert (score.false, score.spent_s < 2 * score.own_s) == (0, True)


def test_a_test_without_budget_is_still_judged():
    case = Case("tests/test_z.py::test_it", 0.01, "m", TEN)
    judgement, spent = played(case, lambda _: None, budget_s=0.0)
    assert (judgement.category, spent) == (FlakyCategory.UNKNOWN, 0.01)


@pytest.mark.parametrize(
    ("pattern", "test", "covered"),
    [
        ("t.py::t", "t.py::t", True),
        ("t.py::t", "t.py::t[1]", True),
        ("t.py::t[1]", "t.py::t[2]", False),
        ("t.py::*", "t.py::C::t[a*b]", True),
        ("*::t", "a/t.py::t", True),
        ("a*b*c", "a-b-b-c", True),
        ("a*b*c", "acb", False),
        ("a*a", "a", False),
        ("*", "", True),
        ("*a" * 200, "a" * 199 + "b", False),
    ],
)
def test_an_entry_covers_ids_parameters_and_globs(pattern, test, covered):
    assert covers(entry(pattern), test) is covered


def test_an_entry_holds_until_its_last_day_and_not_longer():
    last = entry(until=TODAY)
    assert entry_of(last.test, [last], TODAY) is last
    assert entry_of(last.test, [last], date(2026, 3, 2)) is None


def test_who_passes_long_enough_should_leave():
    tests = {entry().test: past(recent="kkpppp")}
    assert not standings([entry(back_after=5)], tests, TODAY)[0].should_leave
    assert standings([entry(back_after=4)], tests, TODAY)[0].should_leave


def test_who_is_surely_flaky_and_free_is_proposed():
    tests = {
        "a": past(flaky=5),
        "b": past(flaky=1),
        "c": past(flaky=4),
        "d": past(runs=2000, flaky=2),
    }
    assert [each.test for each in proposals([entry("c")], tests, TODAY)] == ["a"]
