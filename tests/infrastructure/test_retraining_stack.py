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
    changes = {right for right in rights if right.action.startswith("sagemaker:")}

    assert all(f"/{prefix}-classifier*" in right.resource for right in changes)
    assert rights - changes == {
        *rights_on(f"{data}/classifier/*", "s3:GetObject", "s3:PutObject"),
        *rights_on(data, "s3:ListBucket"),
        *own_logs("RetrainLogs"),
        *TRACES,
    }
