"""The budget's function against moto's SageMaker and Application Auto Scaling."""

import boto3
import pytest

from lambdas.stop_endpoints import handler as stop_endpoints
from testfleet.errors import UsageError
from tests.aws_samples import Context, logged, make_target, mocked_account
from tests.budget_samples import message, sns_event

GONE = "endpoint/gone/variant/main"


@pytest.fixture(autouse=True)
def account(monkeypatch):
    with mocked_account(monkeypatch):
        names = [make_target("classifier", most=1), make_target("fixer", most=3), GONE]
        monkeypatch.setenv("ENDPOINT_RESOURCE_IDS", ",".join(names))
        stop_endpoints._settings.cache_clear()
        yield names
        stop_endpoints._settings.cache_clear()


def call(**alert):
    return stop_endpoints.handler(sns_event(message(**alert)), Context())


def capacities():
    client = boto3.client("application-autoscaling")
    targets = client.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
    return {(target["MinCapacity"], target["MaxCapacity"]) for target in targets}


def test_the_whole_budget_spent_holds_the_endpoints_at_zero(account):
    (answer,) = call(actual="$200.00")
    assert answer == {
        "budget": "testfleet-dev",
        "kind": "ACTUAL",
        "share": 1.0,
        "stopped": tuple(account[:2]),
        "already_stopped": (),
        "missing": (GONE,),
    }
    assert capacities() == {(0, 0)}


@pytest.mark.parametrize("alert", [{"actual": "$161"}, {"actual": "$999", "kind": "FORECASTED"}])
def test_the_warning_and_the_forecast_stop_nothing(alert):
    (answer,) = call(**alert)
    assert answer["stopped"] == () and capacities() == {(0, 1), (0, 3)}


def test_the_alert_may_come_again(account):
    call()
    (answer,) = call()
    assert (answer["stopped"], answer["already_stopped"]) == ((), tuple(account[:2]))


def test_the_share_comes_from_the_environment(monkeypatch):
    monkeypatch.setenv("STOP_AT_SHARE", "0.8")
    (answer,) = call(actual="$160.00")
    assert len(answer["stopped"]) == 2


def test_an_alert_that_is_not_understood_fails_the_call_and_stops_nothing():
    with pytest.raises(UsageError, match="no line 'Alert Type'"):
        stop_endpoints.handler(sns_event("your budget is spent"), Context())
    assert capacities() == {(0, 1), (0, 3)}


def test_the_log_says_what_was_stopped_and_how_to_start_it_again():
    with logged(stop_endpoints.logger) as log:
        call()
    text = log.getvalue()
    assert "endpoint/fixer/variant/main" in text and "register-scalable-target" in text
