from __future__ import annotations

import json
from typing import Any

import pytest

from lambdas.provision.handler import Settings
from lambdas.settings import read_settings
from stacks.application import build_stacks, new_app
from testfleet.config import load_environment
from testfleet.contracts.scaling import Scaling
from tests.infrastructure.templates import TRACES, Assembly, own_logs, rights_on

PLACE = "us-east-1:<AWS::AccountId>"


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


def test_the_function_may_exactly_set_how_many_workers_are_warm(prod: Assembly) -> None:
    prefix = prod.config.prefix

    assert prod.rights("scaling", "ProvisionRole") == {
        *rights_on("<storage.Runs.Arn>/index/listing", "dynamodb:Query"),
        *rights_on("*", "cloudwatch:GetMetricStatistics"),
        *rights_on(
            f"arn:aws:budgets::<AWS::AccountId>:budget/{prefix}-month", "budgets:ViewBudget"
        ),
        *rights_on(
            f"arn:aws:lambda:{PLACE}:function:{prefix}-worker:warm",
            "lambda:GetProvisionedConcurrencyConfig",
            "lambda:PutProvisionedConcurrencyConfig",
            "lambda:DeleteProvisionedConcurrencyConfig",
        ),
        *rights_on("<ProvisionDeadLetters.Arn>", "sqs:SendMessage"),
        *own_logs("ProvisionLogs"),
        *TRACES,
    }


@pytest.fixture(scope="module")
def instances(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """Production with warm instances instead of warm workers."""
    scaling = Scaling(warm_instances=1)
    config = load_environment("prod").model_copy(
        update={"scaling": scaling, "bundle_dependencies": False}
    )
    folder = tmp_path_factory.mktemp("instances")
    app = new_app(str(folder))
    build_stacks(app, config)
    app.synth()
    stacks = {
        path.name.split(".")[0].removeprefix("testfleet-prod-"): json.loads(path.read_text())
        for path in sorted(folder.glob("*.template.json"))
    }
    return Assembly(config, folder, stacks, ())


def test_for_instances_the_function_may_set_the_least_of_these_endpoints(
    instances: Assembly,
) -> None:
    rights = instances.rights("scaling", "ProvisionRole")

    services = ("sagemaker", "application-autoscaling", "lambda")
    assert {right for right in rights if right.action.split(":")[0] in services} == {
        *(
            right
            for model in ("classifier", "fixer-large", "fixer-small", "fixer-react")
            for right in rights_on(
                f"arn:aws:sagemaker:{PLACE}:endpoint/testfleet-prod-{model}",
                "sagemaker:DescribeEndpoint",
                "sagemaker:UpdateEndpointWeightsAndCapacities",
            )
        ),
        *rights_on("*", "application-autoscaling:DescribeScalableTargets"),
        *rights_on(
            f"arn:aws:application-autoscaling:{PLACE}:scalable-target/*",
            "application-autoscaling:RegisterScalableTarget",
            conditions="application-autoscaling:scalable-dimension="
            "sagemaker:variant:DesiredInstanceCount "
            "application-autoscaling:service-namespace=sagemaker",
        ),
    }


def test_without_warm_workers_the_workflow_calls_the_function_itself(instances: Assembly) -> None:
    assert list(instances.resources("AWS::Lambda::Alias")) == []


def test_the_function_understands_the_variables_that_it_is_given(
    prod: Assembly, instances: Assembly
) -> None:
    assert _settings(prod).WORKER_ALIAS == "warm"
    assert _settings(prod).ENDPOINTS == {}
    assert _settings(instances).WORKER_ALIAS == ""
    assert set(_settings(instances).ENDPOINTS.values()) == {
        r["Properties"]["ResourceId"]
        for _, _, r in instances.resources("AWS::ApplicationAutoScaling::ScalableTarget")
    }


def _settings(assembly: Assembly) -> Settings:
    given = _function(assembly)["Environment"]["Variables"]
    known = {name: value if isinstance(value, str) else "x" for name, value in given.items()}
    return read_settings(Settings, known | {"ACCOUNT": "123456789012"})
