from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from stacks.application import build_stacks, new_app
from testfleet.config import load_environment
from tests.infrastructure.templates import TRACES, Assembly, own_logs, read, rights_on


def _budget(assembly: Assembly) -> dict[str, Any]:
    [(_, _, budget)] = assembly.resources("AWS::Budgets::Budget")
    return dict(budget["Properties"])


def test_the_budget_is_what_the_configuration_allows_a_month(account: Assembly) -> None:
    data = _budget(account)["Budget"]

    assert data["BudgetLimit"] == {"Amount": account.config.budget.monthly_usd, "Unit": "USD"}
    assert (data["BudgetType"], data["TimeUnit"]) == ("COST", "MONTHLY")


def test_money_spent_is_told_at_80_and_at_100_percent(account: Assembly) -> None:
    told = {
        one["Notification"]["Threshold"]: [read(s["Address"]) for s in one["Subscribers"]]
        for one in _budget(account)["NotificationsWithSubscribers"]
    }

    assert told == {80: ["<TopicsWarning>"], 100: ["<TopicsLimit>"]}
    assert {n["Notification"]["NotificationType"] for n in _notifications(account)} == {"ACTUAL"}


def test_only_the_full_budget_stops_the_endpoints(account: Assembly) -> None:
    found = account.resources("AWS::SNS::Subscription")
    [subscription] = [resource for stack, _, resource in found if stack == "costs"]

    assert read(subscription["Properties"]["TopicArn"]) == "<TopicsLimit>"
    assert read(subscription["Properties"]["Endpoint"]) == "<StopEndpointsFunction.Arn>"


def test_the_function_knows_the_endpoints_by_their_scalable_targets(account: Assembly) -> None:
    [function] = [
        r["Properties"]
        for _, name, r in account.resources("AWS::Lambda::Function")
        if name.startswith("StopEndpoints")
    ]
    targets = {
        r["Properties"]["ResourceId"]
        for _, _, r in account.resources("AWS::ApplicationAutoScaling::ScalableTarget")
    }

    named = function["Environment"]["Variables"]["ENDPOINT_RESOURCE_IDS"]

    assert set(named.split(",")) == targets


def test_the_function_may_exactly_bring_these_endpoints_to_zero(account: Assembly) -> None:
    place = "us-east-1:<AWS::AccountId>"
    scaling = (
        "application-autoscaling:scalable-dimension=sagemaker:variant:DesiredInstanceCount "
        "application-autoscaling:service-namespace=sagemaker"
    )
    endpoints = [
        right
        for model in ("classifier", "fixer-large", "fixer-small", "fixer-react")
        for right in rights_on(
            f"arn:aws:sagemaker:{place}:endpoint/{account.config.prefix}-{model}",
            "sagemaker:DescribeEndpoint",
            "sagemaker:UpdateEndpointWeightsAndCapacities",
        )
    ]

    assert account.rights("costs", "StopEndpointsRole") == {
        *endpoints,
        *rights_on("*", "application-autoscaling:DescribeScalableTargets"),
        *rights_on(
            f"arn:aws:application-autoscaling:{place}:scalable-target/*",
            "application-autoscaling:RegisterScalableTarget",
            conditions=scaling,
        ),
        *rights_on("<StopEndpointsDeadLetters.Arn>", "sqs:SendMessage"),
        *own_logs("StopEndpointsLogs"),
        *TRACES,
    }


def test_people_of_the_configuration_hear_of_it_too(tmp_path: Path) -> None:
    budget = load_environment("dev").budget.model_copy(update={"notify": ("team@example.org",)})

    template = _costs_of_dev_with(tmp_path, budget=budget)

    assert json.dumps(template).count('"team@example.org"') == 2


def test_without_models_the_function_has_nothing_to_stop_and_no_right_to(tmp_path: Path) -> None:
    template = _costs_of_dev_with(tmp_path, optional_stacks=("costs",))

    variables = [
        r["Properties"]["Environment"]["Variables"]
        for r in template["Resources"].values()
        if r["Type"] == "AWS::Lambda::Function"
    ]
    assert [v["ENDPOINT_RESOURCE_IDS"] for v in variables] == [""]
    assert "sagemaker:" not in json.dumps(template)
    assert "autoscaling:" not in json.dumps(template)


def test_the_laptop_has_no_costs_stack(local: Assembly) -> None:
    assert "costs" not in local.stacks


def _notifications(assembly: Assembly) -> list[dict[str, Any]]:
    return list(_budget(assembly)["NotificationsWithSubscribers"])


def _costs_of_dev_with(folder: Path, **changes: object) -> dict[str, Any]:
    config = load_environment("dev").model_copy(update={"bundle_dependencies": False, **changes})
    app = new_app(str(folder))
    build_stacks(app, config)
    app.synth()
    return dict(json.loads((folder / "testfleet-dev-costs.template.json").read_text()))
