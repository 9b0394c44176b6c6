"""The load of the coming hours: what a forecast must know, and how it compares with naive ones."""

import math
import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from testfleet.errors import UsageError
from testfleet.planning.scaling.load import DAY, WEEK, Busy, History, forecast, hourly

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)


def at(hours):
    return MONDAY + timedelta(hours=hours)


def office(hour):
    """Twenty workers in office hours, two at weekends, none at night."""
    if not 8 <= hour % DAY < 18:
        return 0.0
    return 20.0 if hour // DAY % 7 < 5 else 2.0


def known(hours, load=office, **more):
    return History(MONDAY, tuple(load(hour) for hour in range(hours)), **more)


def test_runs_that_overlap_add_up_hour_by_hour():
    runs = [Busy(at(0.5), at(1.5), 4), Busy(at(1), at(2), 2), Busy(at(-5), at(0.25), 8)]
    assert hourly(runs, at(0), at(3)).loads == (4.0, 4.0, 0.0)


def test_an_hour_that_is_not_over_does_not_count():
    assert len(hourly([], at(0), at(5.9)).loads) == 5
    assert hourly([], at(2), at(1)).loads == ()


def test_time_of_day_and_weekday_are_known_after_three_weeks():
    history = known(3 * WEEK)
    found = forecast(history, WEEK)
    wrong = [f.expected - office(3 * WEEK + step) for step, f in enumerate(found)]
    assert max(abs(error) for error in wrong) < 5
    assert [f.at for f in found[:2]] == [at(3 * WEEK), at(3 * WEEK + 1)]


def test_the_weekday_of_the_first_hour_does_not_matter():
    late = History(at(50), tuple(office(50 + hour) for hour in range(3 * WEEK)))
    monday_morning = 4 * WEEK + 10 - 50 - 3 * WEEK
    assert forecast(late, monday_morning + 1)[-1].expected > 15


@pytest.mark.parametrize(
    ("hours", "reason"),
    [(0, "no history"), (5, "mean of 5 hours"), (2 * WEEK, "profiles of day and week from 336")],
)
def test_the_reason_tells_what_the_forecast_is_made_from(hours, reason):
    assert reason in forecast(known(hours), 1)[0].reason


def test_without_profiles_the_mean_of_the_last_hours_answers():
    (found,) = forecast(known(24, lambda _: 9.0), 1)
    assert found.expected == pytest.approx(9.0)
    assert forecast(History(MONDAY, ()), 2)[1].high == 0.0


def noisy(seed, hours):
    chance = random.Random(seed)
    return [office(hour) * chance.lognormvariate(-0.125, 0.5) for hour in range(hours)]


def one_ahead(loads, first):
    return [
        forecast(History(MONDAY, tuple(loads[:hour])), 1)[0] for hour in range(first, len(loads))
    ]


def rmse(guesses, truths):
    return math.sqrt(sum((g - t) ** 2 for g, t in zip(guesses, truths, strict=True)) / len(truths))


def test_it_is_better_than_naive_forecasts_and_its_interval_holds():
    first, loads = 4 * WEEK, noisy(1, 5 * WEEK)
    truths, found = loads[first:], one_ahead(loads, first)
    ours = rmse([f.expected for f in found], truths)
    for lag in (1, DAY, WEEK):
        assert ours < 0.95 * rmse(loads[first - lag : -lag], truths)
    inside = [f.low <= truth <= f.high for f, truth in zip(found, truths, strict=True)]
    assert 0.82 <= sum(inside) / len(inside) <= 1


def test_more_open_pull_requests_than_usual_mean_more_load():
    chance = random.Random(3)
    counts = [10 + chance.randint(-4, 4) for _ in range(4 * WEEK)]
    loads = tuple(max(office(h) * (1 + 0.1 * (n - 10)), 0) for h, n in enumerate(counts))
    few, many = (
        forecast(History(MONDAY, loads, (*counts, now)), 12)[10].expected for now in (6, 14)
    )
    assert many > few * 1.2


@pytest.mark.parametrize("bad", [math.nan, math.inf, -1.0])
def test_a_load_that_cannot_be_is_refused(bad):
    with pytest.raises(UsageError, match="expected a number from 0"):
        History(MONDAY, (1.0, bad))


def test_counts_that_do_not_match_the_hours_are_refused():
    with pytest.raises(UsageError, match="3 numbers of open pull requests for 5 hours"):
        known(5, open_pull_requests=(1, 2, 3))


@pytest.mark.parametrize("confidence", [0, 1, math.nan])
def test_a_confidence_that_is_no_share_is_refused(confidence):
    with pytest.raises(UsageError, match="between 0 and 1"):
        forecast(known(5), 1, confidence)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(0, 1e6), max_size=WEEK + 30), st.integers(1, 30))
def test_forecasts_are_finite_ordered_and_always_the_same(loads, hours):
    history = History(MONDAY, tuple(loads))
    found = forecast(history, hours)
    assert found == forecast(history, hours)
    for each in found:
        assert 0 <= each.low <= each.high < math.inf
        assert 0 <= each.expected < math.inf
