from __future__ import annotations

import json

from tests.infrastructure.templates import TRACES, Assembly, own_logs, rights_on


def test_a_day_of_doubt_starts_the_training(account: Assembly) -> None:
    template = account.stacks["retraining"]["Resources"]
    alarms = {k: r["Properties"] for k, r in template.items() if r["Type"].endswith("::Alarm")}
    [rule] = [r["Properties"] for r in template.values() if r["Type"] == "AWS::Events::Rule"]

    assert {each["MetricName"] for each in alarms.values()} == {
        "ClassifierConfidence",
        "ClassifierAgreement",
    }
    for each in alarms.values():
        assert each["Period"] * each["EvaluationPeriods"] == 24 * 3600
        assert each["Dimensions"] == [{"Name": "environment", "Value": account.config.name}]
    heard = json.dumps(rule["EventPattern"])
    assert all(name in heard for name in alarms)
    assert "RetrainClassifier" in json.dumps(rule["Targets"])


def test_the_function_may_change_this_endpoint_alone(account: Assembly) -> None:
    data, prefix = "<storage.Data.Arn>", account.config.prefix
    rights = account.rights("retraining", "RetrainRole")
    sagemaker = {right for right in rights if right.action.startswith("sagemaker:")}
    changes = {right for right in sagemaker if "Describe" not in right.action}
    [passed] = [right for right in rights if right.action == "iam:PassRole"]

    assert all(f"/{prefix}-classifier*" in right.resource for right in changes)
    assert "ClassifierRole" in passed.resource
    assert "sagemaker.amazonaws.com" in passed.conditions
    assert rights - sagemaker - {passed} == {
        *rights_on(f"{data}/classifier/*", "s3:GetObject", "s3:PutObject"),
        *rights_on(data, "s3:ListBucket"),
        *own_logs("RetrainLogs"),
        *TRACES,
    }


def test_the_first_model_is_described_although_cloudformation_has_named_it(
    account: Assembly,
) -> None:
    own = account.rights("retraining", "RetrainRole")
    described = [right for right in own if right.action == "sagemaker:DescribeModel"]
    assert {right.resource.rpartition(":")[2] for right in described} == {
        "endpoint-config/*",
        "model/*",
    }
