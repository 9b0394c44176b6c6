from __future__ import annotations

from typing import Any

import pytest
from aws_cdk.assertions import Match, Template

from tests.infrastructure.templates import Assembly, own_logs, read, rights_on

MODELS = ("classifier", "fixer")


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
        if name.startswith(model.title())
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
    image = "arn:aws:ecr:us-east-1:763104351884:repository/huggingface-pytorch-inference"
    metrics = "cloudwatch:namespace=/aws/sagemaker/Endpoints"

    assert account.rights("models", f"{model.title()}Role") == {
        *rights_on(f"<storage.Models.Arn>/{model}/model.tar.gz", "s3:GetObject"),
        *rights_on(files, "s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"),
        *rights_on("<answers.TopicsSuccess>", "sns:Publish"),
        *rights_on("<answers.TopicsError>", "sns:Publish"),
        *rights_on("<answers.TopicsKey.Arn>", "kms:Decrypt", "kms:GenerateDataKey"),
        *rights_on(image, "ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage"),
        *rights_on(image, "ecr:GetDownloadUrlForLayer"),
        *rights_on("*", "ecr:GetAuthorizationToken"),
        *rights_on("*", "cloudwatch:PutMetricData", conditions=metrics),
        *own_logs(f"{model.title()}Logs"),
    }


def test_the_laptop_has_no_models_stack(local: Assembly) -> None:
    assert "models" not in local.stacks


_POLICY = "AWS::ApplicationAutoScaling::ScalingPolicy"


def _dimensions(assembly: Assembly, model: str) -> list[dict[str, str]]:
    return [{"Name": "EndpointName", "Value": f"{assembly.config.prefix}-{model}"}]
