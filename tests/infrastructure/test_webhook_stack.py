from __future__ import annotations

import json

from aws_cdk.assertions import Match

from tests.infrastructure.templates import TRACES, Assembly, own_logs, rights_on


def test_the_only_route_is_post_webhook(account: Assembly) -> None:
    routes = [r["Properties"]["RouteKey"] for _, _, r in account.resources(_ROUTE)]

    assert routes == ["POST /webhook"]


def test_requests_are_throttled(account: Assembly) -> None:
    account.template("webhook").has_resource_properties(
        "AWS::ApiGatewayV2::Stage",
        {"DefaultRouteSettings": {"ThrottlingRateLimit": 20, "ThrottlingBurstLimit": 50}},
    )


def test_accesses_are_logged_without_headers_or_bodies(account: Assembly) -> None:
    [(_, _, stage)] = account.resources("AWS::ApiGatewayV2::Stage")
    fields = json.loads(stage["Properties"]["AccessLogSettings"]["Format"])

    assert set(fields) == {"requestId", "time", "ip", "route", "status", "bytes", "ms"}


def test_the_function_may_exactly_remember_a_delivery_and_start_its_run(
    account: Assembly,
) -> None:
    assert account.rights("webhook", "WebhookRole") == {
        *rights_on("<Secret>", "secretsmanager:GetSecretValue"),
        *rights_on("<storage.Deliveries.Arn>", "dynamodb:PutItem", "dynamodb:UpdateItem"),
        *rights_on("<storage.Data.Arn>/runs/*/request.json", "s3:PutObject"),
        *rights_on("<workflows.RunTests>", "states:StartExecution"),
        *own_logs("WebhookLogs"),
        *TRACES,
    }


def test_the_secret_is_made_at_deployment(account: Assembly) -> None:
    account.template("webhook").has_resource_properties(
        "AWS::SecretsManager::Secret",
        {"GenerateSecretString": {"PasswordLength": 64}, "SecretString": Match.absent()},
    )


def test_the_address_is_an_output(local: Assembly) -> None:
    assert {"WebhookUrl", "WebhookApi", "WebhookSecret"} <= set(local.stacks["webhook"]["Outputs"])


_ROUTE = "AWS::ApiGatewayV2::Route"
