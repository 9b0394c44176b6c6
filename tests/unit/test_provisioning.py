"""Warm capacity: how much, at what price, and through which calls."""

from datetime import UTC, datetime, timedelta

import boto3
import pytest
from botocore.stub import Stubber
from hypothesis import given
from hypothesis import strategies as st

from lambdas.provision import handler as provision
from testfleet.aws import clients
from testfleet.aws.provisioning import MonthlyBudget, WarmInstances, WarmWorkers
from testfleet.config import load_environment
from testfleet.contracts.report import RunStatus
from testfleet.contracts.scaling import Scaling
from testfleet.costs.budget import Month, affordable_units
from testfleet.errors import FleetError, UsageError
from testfleet.planning.scaling.load import Forecast
from testfleet.planning.scaling.provisioning import Bounds, Capacity, target
from testfleet.workflow.fakes import InMemoryRuns
from testfleet.workflow.ports import RunRow
from testfleet.workflow.provisioning import Unit, WarmCapacity
from tests.aws_samples import Context, make_target, mocked_account

NOW = datetime(2026, 3, 16, 10, 30, tzinfo=UTC)
PLENTY = Bounds(configured=100, affordable=100)


def expecting(*highs):
    return [Forecast(NOW, high / 2, 0, high, "") for high in highs]


def units(high, now, bounds=PLENTY, recent=()):
    return target(expecting(high), recent, now, bounds).units


@pytest.mark.parametrize(
    ("high", "before", "after"),
    [
        (12.3, 0, 13),  # at once
        (40, 13, 40),
        (11, 10, 10),  # a small change stays
        (9, 10, 10),
        (0, 40, 30),  # a quarter at a time
        (38, 40, 40),
        (0, 1, 0),
    ],
)
def test_capacity_grows_at_once_and_shrinks_in_steps(high, before, after):
    assert units(high, Capacity(before, 0)) == after


def test_what_runs_or_was_needed_lately_is_not_taken_away():
    assert units(0, Capacity(20, running=18)) == 20
    assert units(0, Capacity(20, running=17, most=None)) == 20
    assert units(0, Capacity(40, running=35), recent=[3]) == 40
    assert units(0, Capacity(40, running=0), recent=[31, 2]) == 31


@pytest.mark.parametrize(
    ("bounds", "most", "word"),
    [
        (Bounds(5, 100), None, "the configuration allows 5"),
        (Bounds(100, 5), None, "the budget allows 5"),
        (Bounds(100, 100), 5, "the service allows 5"),
    ],
)
def test_the_narrowest_limit_holds_and_is_named(bounds, most, word):
    found = target(expecting(50), [], Capacity(0, 0, most), bounds)
    assert (found.units, word in found.reason) == (5, True)
    drained = target(expecting(50), [], Capacity(20, 0, most), bounds)
    assert (drained.units, word in drained.reason) == (5, True)


def test_a_spent_budget_ends_what_is_idle_but_nothing_that_runs():
    assert units(50, Capacity(20, running=7), Bounds(100, affordable=0)) == 7


def test_one_instance_serves_many_workers():
    assert units(120, Capacity(0, 0), Bounds(5, 5, load_per_unit=50)) == 3


@given(
    st.floats(0, 500), st.lists(st.floats(0, 500), max_size=3), st.integers(0, 200),
    st.integers(0, 200), st.integers(0, 50), st.integers(0, 50),
)  # fmt: skip
def test_no_decision_exceeds_a_limit_or_takes_what_runs(
    high, recent, provisioned, running, configured, affordable
):
    now, bounds = Capacity(provisioned, min(running, provisioned)), Bounds(configured, affordable)
    found = target(expecting(high), recent, now, bounds).units
    most = min(configured, affordable)
    assert found <= max(most, now.running)
    assert found >= min(now.running, provisioned)
    if most >= provisioned > 0:
        assert found >= provisioned - max(1, -(-provisioned // 4))


def test_warm_capacity_costs_no_more_than_its_share_and_what_is_left():
    half_spent = Month(limit_usd=730, spent_usd=365, hours_left=365)
    assert affordable_units(half_spent, share=0.2, usd_per_hour=0.05) == 4
    assert affordable_units(half_spent, share=1.0, usd_per_hour=0.05) == 20
    nearly = Month(limit_usd=730, spent_usd=729, hours_left=20)
    assert affordable_units(nearly, share=1.0, usd_per_hour=0.05) == 1
    assert affordable_units(Month(730, 800, 100), 1.0, 0.05) == 0


@pytest.mark.parametrize("price", [0, -1, float("nan")])
def test_a_price_that_cannot_be_is_refused(price):
    with pytest.raises(UsageError, match="expected more than 0"):
        affordable_units(Month(1, 0, 1), 1, price)


class Fake:
    """A provisioner in an attribute."""

    name = "workers"

    def __init__(self, provisioned=0):
        self.now, self.calls = Capacity(provisioned, 0), []

    def capacity(self):
        return self.now

    def apply(self, number):
        self.calls.append(number)
        return number


def busy_weeks(weeks):
    """A run of ten workers in each office hour of the past weeks."""
    runs = InMemoryRuns()
    hours = [NOW.replace(minute=0) - timedelta(hours=back) for back in range(1, weeks * 168)]
    for at in (hour for hour in hours if 8 <= hour.hour < 18):
        runs.start(
            RunRow(run_id=at.isoformat(), repository="r", suite="s", status=RunStatus.PASSED,
                   started_at=at, wall_s=3600, workers=10)
        )  # fmt: skip
    return runs


def capacity_of(fake, runs, spent=0.0):
    return WarmCapacity(
        runs=runs, units=[Unit(fake, 50, 0.05)], scaling=Scaling(warm_workers=50),
        spent_usd=spent, limit_usd=10_000,
    )  # fmt: skip


def test_history_decides_what_is_kept_warm_by_day_and_by_night():
    day, night = Fake(), Fake(provisioned=12)
    capacity_of(day, busy_weeks(5)).provide(NOW)
    assert 5 <= day.calls[0] <= 15
    capacity_of(night, busy_weeks(5)).provide(NOW.replace(hour=2) + timedelta(days=1))
    assert night.calls == [9]


def test_without_history_or_money_nothing_is_kept_warm():
    fake = Fake()
    (quiet,) = capacity_of(fake, InMemoryRuns()).provide(NOW)
    (poor,) = capacity_of(fake, busy_weeks(5), spent=10_000.0).provide(NOW)
    assert (quiet.after, poor.after, fake.calls) == (0, 0, [])
    assert poor.reason.endswith("the budget allows 0")


@pytest.fixture
def account(monkeypatch):
    with mocked_account(monkeypatch):
        yield


def workers_with(calls):
    functions = boto3.client("lambda")
    stub = Stubber(functions)
    for method, answer, asked in calls:
        if isinstance(answer, str):
            stub.add_client_error(method, answer, expected_params=asked)
        else:
            stub.add_response(method, answer, asked)
    stub.activate()
    return WarmWorkers(functions, boto3.client("cloudwatch"), "worker", "warm", lambda: NOW)


PLACE = {"FunctionName": "worker", "Qualifier": "warm"}
GET, PUT, DELETE = (f"{verb}_provisioned_concurrency_config" for verb in ("get", "put", "delete"))


def test_warm_workers_are_what_lambda_was_asked_for_and_what_was_busy(account):
    boto3.client("cloudwatch").put_metric_data(
        Namespace="AWS/Lambda",
        MetricData=[
            {
                "MetricName": "ProvisionedConcurrentExecutions", "Value": 6, "Timestamp": NOW,
                "Dimensions": [
                    {"Name": "FunctionName", "Value": "worker"},
                    {"Name": "Resource", "Value": "worker:warm"},
                ],
            }
        ],
    )  # fmt: skip
    answer = {"RequestedProvisionedConcurrentExecutions": 8}
    workers = workers_with([(GET, answer, PLACE)])
    later = WarmWorkers(workers.functions, workers.metrics, "worker", "warm",
                        lambda: NOW + timedelta(minutes=2))  # fmt: skip
    assert later.capacity() == Capacity(8, 6)


def test_nothing_provisioned_is_no_error_and_another_error_is_the_fleets(account):
    nothing = "ProvisionedConcurrencyConfigNotFoundException"
    workers = workers_with([(GET, nothing, PLACE), (GET, "TooManyRequestsException", PLACE)])
    assert workers.capacity() == Capacity(0, 0)
    with pytest.raises(FleetError, match="warm workers of worker:warm"):
        workers.capacity()


def test_workers_are_asked_for_and_none_is_a_deletion(account):
    asked = PLACE | {"ProvisionedConcurrentExecutions": 5}
    workers = workers_with([(PUT, {}, asked), (DELETE, {}, PLACE)])
    assert (workers.apply(5), workers.apply(0)) == (5, 0)


def instances(name, most):
    metrics = boto3.client("cloudwatch")
    return WarmInstances(clients.autoscaling(), metrics, make_target(name, most), lambda: NOW)


def test_an_endpoint_keeps_the_least_number_within_its_most(account):
    endpoint = instances("fixer", most=3)
    assert endpoint.capacity() == Capacity(0, 0, most=3)
    assert (endpoint.apply(2), endpoint.apply(9)) == (2, 3)
    assert endpoint.capacity() == Capacity(3, 0, most=3)


def test_an_endpoint_that_the_budget_has_stopped_stays_stopped(account):
    endpoint = instances("fixer", most=0)
    assert endpoint.apply(2) == 0
    found = target(expecting(50), [], endpoint.capacity(), PLENTY)
    assert found.units == 0


def test_an_endpoint_that_is_not_deployed_is_told_with_the_remedy(account):
    gone = WarmInstances(clients.autoscaling(), None, "endpoint/gone/variant/v", lambda: NOW)
    with pytest.raises(FleetError, match="endpoint gone has no scalable target"):
        gone.capacity()


def make_budget(name, spent):
    boto3.client("budgets").create_budget(
        AccountId="123456789012",
        Budget={
            "BudgetName": name, "BudgetType": "COST", "TimeUnit": "MONTHLY",
            "BudgetLimit": {"Amount": "200", "Unit": "USD"},
            "CalculatedSpend": {"ActualSpend": {"Amount": spent, "Unit": "USD"}},
        },
    )  # fmt: skip


def test_what_is_spent_is_what_the_budget_says_and_no_budget_is_an_error(account):
    make_budget("month", "12.5")
    budgets = boto3.client("budgets")
    assert MonthlyBudget(budgets, "123456789012", "month").spent_usd() == 12.5
    with pytest.raises(FleetError, match="the budget other"):
        MonthlyBudget(budgets, "123456789012", "other").spent_usd()


def test_a_tick_raises_the_endpoints_when_runs_are_expected(account, monkeypatch):
    make_budget("testfleet-prod-month", "0")
    resource = make_target("testfleet-prod-fixer-large", most=3)
    variables = {
        "TESTFLEET_ENVIRONMENT": "prod", "RUNS_TABLE": "runs", "ACCOUNT": "123456789012",
        "BUDGET": "testfleet-prod-month", "ENDPOINTS": f'{{"fixer-large": "{resource}"}}',
    }  # fmt: skip
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(provision, "DynamoRunStore", lambda *_: busy_weeks(5))
    monkeypatch.setattr(provision, "utc_now", lambda: NOW)
    warm = Scaling(warm_instances=1, budget_share=1.0)
    prod = load_environment("prod").model_copy(update={"scaling": warm})
    monkeypatch.setattr(provision, "load_environment", lambda _: prod)
    provision._settings.cache_clear()
    (done,) = provision.handler({}, Context())
    provision._settings.cache_clear()
    assert (done["name"], done["before"], done["after"]) == ("testfleet-prod-fixer-large", 0, 1)


def test_production_is_priced_and_an_unknown_instance_is_refused():
    prod = load_environment("prod")
    assert provision._price(prod, "fixer-large") == 1.515
    odd = prod.endpoints["fixer-large"].model_copy(update={"instance_type": "ml.p5.48xlarge"})
    changed = prod.model_copy(update={"endpoints": {"fixer-large": odd}})
    with pytest.raises(UsageError, match=r"no price of ml\.p5\.48xlarge"):
        provision._price(changed, "fixer-large")
