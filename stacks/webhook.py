"""The way in for code hosts: HTTP API, the function behind it, and the secret they share."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import cast

from aws_cdk import aws_apigatewayv2 as api
from aws_cdk import aws_secretsmanager as secrets
from aws_cdk.aws_apigatewayv2_integrations import HttpLambdaIntegration
from constructs import Construct

from stacks.base import FleetStack, acknowledge
from stacks.code import Bundle
from stacks.function import Function, FunctionProps
from stacks.storage import StorageStack
from stacks.workflows import WorkflowsStack
from testfleet.config import Environment

_PATH = "/webhook"
_REQUESTS_PER_S = 20
_BURST = 50
_ACCESS_LOG = {
    "requestId": "$context.requestId",
    "time": "$context.requestTime",
    "ip": "$context.identity.sourceIp",
    "route": "$context.routeKey",
    "status": "$context.status",
    "bytes": "$context.responseLength",
    "ms": "$context.responseLatency",
}


@dataclass(frozen=True, kw_only=True)
class WebhookProps:
    """What the webhook starts, and what it remembers deliveries in."""

    bundle: Bundle
    storage: StorageStack
    workflows: WorkflowsStack


class WebhookStack(FleetStack):
    """POST /webhook -> function that checks the signature and starts a run."""

    def __init__(self, scope: Construct, config: Environment, props: WebhookProps) -> None:
        super().__init__(scope, "webhook", config)
        self.secret = self._build_secret()
        self.function = self._build_function(props)
        self._allow_function(props)
        self.api = self._build_api()
        self._build_stage()
        self.output("WebhookUrl", f"{self.api.api_endpoint}{_PATH}", "For the code host")
        self.output("WebhookApi", self.api.api_id, "Id of the HTTP API")
        self.output("WebhookSecret", self.name_of("webhook"), "Secret that signs deliveries")

    def _build_secret(self) -> secrets.Secret:
        secret = secrets.Secret(
            self,
            "Secret",
            secret_name=self.name_of("webhook"),
            description="Signs the deliveries of the code host",
            generate_secret_string=secrets.SecretStringGenerator(
                password_length=64, exclude_punctuation=True
            ),
            removal_policy=self.removal,
        )
        acknowledge(
            secret,
            {
                "AwsSolutions-SMG4": "The code host holds the same secret, and only its owner can "
                "change it there: rotation on one side alone would refuse every delivery."
            },
        )
        return secret

    def _build_function(self, props: WebhookProps) -> Function:
        return Function(
            self,
            FunctionProps(
                name="webhook",
                bundle=props.bundle,
                memory_mb=512,
                timeout_s=20,
                environment={
                    "WEBHOOK_SECRET_ID": self.secret.secret_arn,
                    "DELIVERIES_TABLE": props.storage.deliveries.table_name,
                    "STATE_MACHINE_ARN": props.workflows.state_machine.state_machine_arn,
                    "DATA_BUCKET": props.storage.data.bucket_name,
                },
            ),
        )

    def _allow_function(self, props: WebhookProps) -> None:
        self.function.allow(["secretsmanager:GetSecretValue"], self.secret.secret_arn)
        self.function.allow(
            ["dynamodb:PutItem", "dynamodb:UpdateItem"], props.storage.deliveries.table_arn
        )
        requests = "runs/*/request.json"
        self.function.allow(["s3:PutObject"], props.storage.data.arn_for_objects(requests))
        reason = "The run's id, which is in the key, is made by the function."
        acknowledge(self.function, {props.storage.wildcard_in_data(requests): reason})
        self.function.allow(
            ["states:StartExecution"], props.workflows.state_machine.state_machine_arn
        )

    def _build_api(self) -> api.HttpApi:
        http_api = api.HttpApi(
            self, "Api", api_name=self.name_of("webhook"), create_default_stage=False
        )
        integration = HttpLambdaIntegration("ToFunction", self.function.function)
        routes = http_api.add_routes(
            path=_PATH, methods=[api.HttpMethod.POST], integration=integration
        )
        for route in routes:
            acknowledge(
                route,
                {
                    "AwsSolutions-APIG4": "Code hosts sign deliveries instead of logging in. The "
                    "signature covers the raw body, which authorizers do not see, so the function "
                    "checks it before anything else."
                },
            )
        return http_api

    def _build_stage(self) -> None:
        group = self.log_group(
            Construct(self, "AccessLogs"), f"/aws/vendedlogs/{self.name_of('webhook-access')}"
        )
        stage = api.HttpStage(
            self,
            "Stage",
            http_api=self.api,
            auto_deploy=True,
            throttle=api.ThrottleSettings(rate_limit=_REQUESTS_PER_S, burst_limit=_BURST),
        )
        cast(
            "api.CfnStage", stage.node.default_child
        ).access_log_settings = api.CfnStage.AccessLogSettingsProperty(
            destination_arn=group.log_group_arn, format=json.dumps(_ACCESS_LOG)
        )
