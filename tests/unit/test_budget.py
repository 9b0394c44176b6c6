"""What a budget's notification stops."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testfleet.costs.budget import (
    BudgetAlert,
    StopRule,
    endpoints_to_stop,
    read_alert,
    read_notifications,
)
from testfleet.errors import UsageError
from tests.budget_samples import message, sns_event

RULES = (StopRule("classifier"), StopRule("fixer", 0.9))


def alert(share, kind="ACTUAL"):
    return BudgetAlert("testfleet-dev", kind, limit=200.0, amount=200.0 * share)


@pytest.mark.parametrize(
    ("share", "stopped"),
    [
        (0.0, ()),
        (0.8, ()),
        (0.9, ("fixer",)),
        (0.999, ("fixer",)),
        (1.0, ("classifier", "fixer")),
        (7.5, ("classifier", "fixer")),
    ],
)
def test_an_endpoint_stops_at_its_share_of_the_budget(share, stopped):
    assert endpoints_to_stop(alert(share), RULES) == stopped


def test_a_forecast_stops_nothing():
    assert endpoints_to_stop(alert(2.0, "FORECASTED"), RULES) == ()


@given(st.floats(0, 3), st.floats(0, 3))
def test_more_money_spent_never_stops_less(one, other):
    less, more = sorted((one, other))
    assert set(endpoints_to_stop(alert(less), RULES)) <= set(endpoints_to_stop(alert(more), RULES))


def test_the_text_of_aws_budgets_is_read():
    assert read_alert(message(actual="$1,201.23", limit="$1,200.00")) == BudgetAlert(
        "testfleet-dev", "ACTUAL", limit=1200.0, amount=1201.23
    )


def test_a_forecast_is_read_by_its_own_amount():
    found = read_alert(message(actual="$300", kind="FORECASTED"))
    assert (found.kind, found.share) == ("FORECASTED", 1.5)


def test_credits_are_less_than_nothing():
    assert read_alert(message(actual="-$5.00")).amount == -5.0


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "no line 'Alert Type', it has: none"),
        (message().replace("Budget Name", "Name"), "no line 'Budget Name', it has: .*Name"),
        (message(actual="much"), "'ACTUAL Amount' is 'much', expected an amount"),
        (message(limit="$0.00"), r"a budget of 0\.0, expected more than 0"),
        (message(kind="USAGE").replace("USAGE Amount", "x"), "no line 'USAGE Amount'"),
    ],
)
def test_an_alert_that_is_not_understood_is_loud(text, complaint):
    with pytest.raises(UsageError, match=complaint):
        read_alert(text)


@given(st.text(max_size=200) | st.text("AlertTypeBudgeted Amount: $0123\n", max_size=200))
def test_no_text_does_more_than_being_refused(text):
    with pytest.raises(UsageError):
        read_alert(text)


def test_all_records_of_an_sns_event_are_read():
    event = sns_event(message(actual="$1"), message(actual="$2"))
    assert [one.amount for one in read_notifications(event)] == [1.0, 2.0]


@pytest.mark.parametrize("event", [{}, {"Records": []}, {"Records": [{"Sns": {}}]}, {"Records": 1}])
def test_what_is_no_sns_event_is_refused_with_its_key(event):
    with pytest.raises(UsageError, match="expected an event of SNS: Records"):
        read_notifications(event)
