from __future__ import annotations

from typing import Any

from lambdas.provision.handler import Settings
from lambdas.settings import read_settings
from tests.infrastructure.templates import TRACES, Assembly, own_logs, read, rights_on


def _function(assembly: Assembly) -> dict[str, Any]:
    [found] = [
        r["Properties"]
        for stack, _, r in assembly.resources("AWS::Lambda::Function")
        if stack == "scaling"
    ]
    return dict(found)


def test_only_environments_that_ask_for_it_keep_anything_warm(
    dev: Assembly, prod: Assembly, local: Assembly
) -> None:
    assert ["scaling" in each.stacks for each in (dev, prod, local)] == [False, True, False]


def test_the_clock_ticks_every_quarter_of_an_hour(prod: Assembly) -> None:
    prod.template("scaling").has_resource_properties(
        "AWS::Events::Rule", {"ScheduleExpression": "rate(15 minutes)", "State": "ENABLED"}
    )


def test_the_workflow_calls_the_alias_whose_workers_are_warm(prod: Assembly) -> None:
    [(stack, _, alias)] = prod.resources("AWS::Lambda::Alias")
    [(_, version, _)] = prod.resources("AWS::Lambda::Version")

    assert (stack, alias["Properties"]["Name"]) == ("workers", "warm")
    assert alias["Properties"]["FunctionVersion"] == {"Fn::GetAtt": [version, "Version"]}


def test_the_function_may_exactly_set_what_is_warm(prod: Assembly) -> None:
    place = "us-east-1:<AWS::AccountId>"
    prefix = prod.config.prefix
    endpoints = [
        right
        for model in ("classifier", "fixer")
        for right in rights_on(
            f"arn:aws:sagemaker:{place}:endpoint/{prefix}-{model}",
            "sagemaker:DescribeEndpoint",
            "sagemaker:UpdateEndpointWeightsAndCapacities",
        )
    ]

    assert prod.rights("scaling", "ProvisionRole") == {
        *endpoints,
        *rights_on("<storage.Runs.Arn>/index/listing", "dynamodb:Query"),
        *rights_on("*", "cloudwatch:GetMetricStatistics"),
        *rights_on(
            f"arn:aws:budgets::<AWS::AccountId>:budget/{prefix}-month", "budgets:ViewBudget"
        ),
        *rights_on(
            f"arn:aws:lambda:{place}:function:{prefix}-worker:warm",
            "lambda:GetProvisionedConcurrencyConfig",
            "lambda:PutProvisionedConcurrencyConfig",
            "lambda:DeleteProvisionedConcurrencyConfig",
        ),
        *rights_on("*", "application-autoscaling:DescribeScalableTargets"),
        *rights_on(
            f"arn:aws:application-autoscaling:{place}:scalable-target/*",
            "application-autoscaling:RegisterScalableTarget",
            conditions="application-autoscaling:scalable-dimension="
            "sagemaker:variant:DesiredInstanceCount "
            "application-autoscaling:service-namespace=sagemaker",
        ),
        *rights_on("<ProvisionDeadLetters.Arn>", "sqs:SendMessage"),
        *own_logs("ProvisionLogs"),
        *TRACES,
    }


def test_the_function_understands_the_variables_that_it_is_given(prod: Assembly) -> None:
    given = _function(prod)["Environment"]["Variables"]
    known = {name: value if isinstance(value, str) else "x" for name, value in given.items()}

    settings = read_settings(Settings, known | {"ACCOUNT": "123456789012"})

    targets = {
        r["Properties"]["ResourceId"]
        for _, _, r in prod.resources("AWS::ApplicationAutoScaling::ScalableTarget")
    }
    assert set(settings.ENDPOINTS.values()) == targets
    assert settings.WORKER_ALIAS == "warm"
