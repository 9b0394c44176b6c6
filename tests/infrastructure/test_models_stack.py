from __future__ import annotations

import json
from typing import Any

import pytest
from aws_cdk.assertions import Match, Template

from testfleet.config import load_models, load_routing
from testfleet.contracts.models import CodeModel
from testfleet.costs.prices import INSTANCE_HOUR
from tests.infrastructure.templates import Assembly, own_logs, read, rights_on

FIXERS = ("fixer-large", "fixer-small", "fixer-react")
MODELS = ("classifier", *FIXERS)


@pytest.fixture
def models(account: Assembly) -> Template:
    return account.template("models")


@pytest.mark.parametrize("model", MODELS)
def test_endpoints_scale_between_zero_and_their_maximum(account: Assembly, model: Any) -> None:
    account.template("models").has_resource_properties(
        "AWS::ApplicationAutoScaling::ScalableTarget",
        {
            "ResourceId": f"endpoint/{account.config.prefix}-{model}/variant/AllTraffic",
            "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
            "ServiceNamespace": "sagemaker",
            "MinCapacity": 0,
            "MaxCapacity": account.config.endpoints[model].max_instances,
        },
    )


@pytest.mark.parametrize("model", MODELS)
def test_instances_follow_the_backlog(account: Assembly, model: str) -> None:
    account.template("models").has_resource_properties(
        _POLICY,
        {
            "PolicyType": "TargetTrackingScaling",
            "TargetTrackingScalingPolicyConfiguration": {
                "TargetValue": 5,
                "CustomizedMetricSpecification": {
                    "MetricName": "ApproximateBacklogSizePerInstance",
                    "Namespace": "AWS/SageMaker",
                    "Dimensions": _dimensions(account, model),
                },
            },
        },
    )


@pytest.mark.parametrize("model", MODELS)
def test_a_backlog_without_an_instance_starts_the_first_one(account: Assembly, model: str) -> None:
    [(_, wake_up, _)] = [
        (stack, name, policy)
        for stack, name, policy in account.resources(_POLICY)
        if policy["Properties"]["PolicyName"] == f"{account.config.prefix}-{model}-wake-up"
    ]

    account.template("models").has_resource_properties(
        "AWS::CloudWatch::Alarm",
        {
            "MetricName": "HasBacklogWithoutCapacity",
            "Dimensions": _dimensions(account, model),
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "Threshold": 1,
            "AlarmActions": [{"Ref": wake_up}],
        },
    )


def test_the_first_instance_is_one_step(models: Template) -> None:
    models.has_resource_properties(
        _POLICY,
        {
            "PolicyType": "StepScaling",
            "StepScalingPolicyConfiguration": {
                "AdjustmentType": "ChangeInCapacity",
                "StepAdjustments": [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}],
            },
        },
    )


@pytest.mark.parametrize("model", MODELS)
def test_answers_go_to_s3_and_are_announced(account: Assembly, model: str) -> None:
    configs = [
        r["Properties"]["AsyncInferenceConfig"]["OutputConfig"]
        for _, name, r in account.resources("AWS::SageMaker::EndpointConfig")
        if name.startswith(f"{_id(model)}Config")
    ]
    [output] = configs

    assert read(output["S3OutputPath"]) == f"s3://<storage.Data>/inference/{model}/output/"
    assert read(output["S3FailurePath"]) == f"s3://<storage.Data>/inference/{model}/failed/"
    assert read(output["NotificationConfig"]["SuccessTopic"]) == "<answers.TopicsSuccess>"
    assert read(output["NotificationConfig"]["ErrorTopic"]) == "<answers.TopicsError>"


def test_models_run_in_awss_container_without_a_network(models: Template) -> None:
    models.has_resource_properties(
        "AWS::SageMaker::Model",
        {
            "EnableNetworkIsolation": True,
            "PrimaryContainer": {"Image": Match.any_value(), "ModelDataUrl": Match.any_value()},
        },
    )


@pytest.mark.parametrize("model", MODELS)
def test_an_endpoint_may_exactly_read_its_model_and_answer(account: Assembly, model: str) -> None:
    files = f"<storage.Data.Arn>/inference/{model}/*"
    image = f"arn:aws:ecr:us-east-1:763104351884:repository/{_image(account, model)}"
    metrics = "cloudwatch:namespace=/aws/sagemaker/Endpoints"
    # What the classifier has learnt since is promoted without a deployment.
    learnt = ["<storage.Models.Arn>/classifier/trained/*"] if model == "classifier" else []

    assert account.rights("models", f"{_id(model)}Role") == {
        *(right for each in learnt for right in rights_on(each, "s3:GetObject")),
        *rights_on(f"<storage.Models.Arn>/{model}/model.tar.gz", "s3:GetObject"),
        *rights_on(files, "s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"),
        *rights_on("<answers.TopicsSuccess>", "sns:Publish"),
        *rights_on("<answers.TopicsError>", "sns:Publish"),
        *rights_on("<answers.TopicsKey.Arn>", "kms:Decrypt", "kms:GenerateDataKey"),
        *rights_on(image, "ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage"),
        *rights_on(image, "ecr:GetDownloadUrlForLayer"),
        *rights_on("*", "ecr:GetAuthorizationToken"),
        *rights_on("*", "cloudwatch:PutMetricData", conditions=metrics),
        *own_logs(f"{_id(model)}Logs"),
    }


@pytest.mark.parametrize("model", FIXERS)
def test_code_models_are_served_by_vllm_from_their_archive(account: Assembly, model: str) -> None:
    [container] = [
        r["Properties"]["PrimaryContainer"]
        for _, name, r in account.resources("AWS::SageMaker::Model")
        if name.startswith(f"{_id(model)}Model")
    ]

    assert "djl-inference" in json.dumps(container["Image"])
    assert container["Environment"]["HF_MODEL_ID"] == "/opt/ml/model"
    assert container["Environment"]["OPTION_ASYNC_MODE"] == "true"
    assert int(container["Environment"]["OPTION_MAX_MODEL_LEN"]) >= _router(model).context_tokens


def test_the_router_knows_each_endpoint_and_its_price(account: Assembly) -> None:
    prices = {m.endpoint: m.usd_per_hour for m in load_models().models.values()}
    deployed = {name: each for name, each in account.config.endpoints.items() if name in FIXERS}

    assert prices == {n: INSTANCE_HOUR[each.instance_type] for n, each in deployed.items()}
    assert {n: _router(n).concurrency for n in deployed} == {
        n: each.concurrency for n, each in deployed.items()
    }


def test_the_models_that_failures_are_routed_to_are_known() -> None:
    routed = {engine.model for engine in load_routing().engines.values() if engine.model}

    assert routed <= set(load_models().models)


def test_the_laptop_has_no_models_stack(local: Assembly) -> None:
    assert "models" not in local.stacks


def _id(model: str) -> str:
    return model.title().replace("-", "")


def _image(account: Assembly, model: Any) -> str:
    return account.config.endpoints[model].image_repository


def _router(endpoint: str) -> CodeModel:
    return next(m for m in load_models().models.values() if m.endpoint == endpoint)


_POLICY = "AWS::ApplicationAutoScaling::ScalingPolicy"


def _dimensions(assembly: Assembly, model: str) -> list[dict[str, str]]:
    return [{"Name": "EndpointName", "Value": f"{assembly.config.prefix}-{model}"}]
