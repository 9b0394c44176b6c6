"""boto3 clients, made once a process with limits on time and tries."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_application_autoscaling import ApplicationAutoScalingClient
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_stepfunctions import SFNClient

PARALLEL_REQUESTS = 16

_TRIES = 5
_TRIES_HERE = 2
"""A fleet on this machine that does not answer is down: waiting for it helps nobody."""


@cache
def _config() -> Config:
    here = "://127.0.0.1" in os.environ.get("AWS_ENDPOINT_URL", "")
    return Config(
        connect_timeout=5,
        read_timeout=60,
        max_pool_connections=PARALLEL_REQUESTS,
        retries={"mode": "standard", "max_attempts": _TRIES_HERE if here else _TRIES},
        s3={"addressing_style": "path"},
    )


@cache
def session() -> boto3.Session:
    """The default session: region, endpoint and credentials come from the environment."""
    return boto3.Session()


@cache
def s3() -> S3Client:
    """S3, with signature v4 so that presigned addresses work in every region."""
    return session().client("s3", config=_config().merge(Config(signature_version="s3v4")))


@cache
def dynamodb() -> DynamoDBClient:
    """DynamoDB."""
    return session().client("dynamodb", config=_config())


@cache
def events() -> EventBridgeClient:
    """EventBridge."""
    return session().client("events", config=_config())


@cache
def sqs() -> SQSClient:
    """SQS."""
    return session().client("sqs", config=_config())


@cache
def stepfunctions() -> SFNClient:
    """Step Functions."""
    return session().client("stepfunctions", config=_config())


@cache
def cloudformation() -> CloudFormationClient:
    """CloudFormation."""
    return session().client("cloudformation", config=_config())


@cache
def secretsmanager() -> SecretsManagerClient:
    """Secrets Manager."""
    return session().client("secretsmanager", config=_config())


@cache
def sns() -> SNSClient:
    """SNS."""
    return session().client("sns", config=_config())


@cache
def sagemaker_runtime() -> SageMakerRuntimeClient:
    """SageMaker's endpoints. They are optional: nobody waits long for one."""
    quick = Config(connect_timeout=2, read_timeout=10, retries={"max_attempts": 1})
    return session().client("sagemaker-runtime", config=_config().merge(quick))


@cache
def sagemaker() -> SageMakerClient:
    """SageMaker's models and endpoints, not the answers of these."""
    return session().client("sagemaker", config=_config())


@cache
def autoscaling() -> ApplicationAutoScalingClient:
    """Application Auto Scaling."""
    return session().client("application-autoscaling", config=_config())


def forget() -> None:
    """Drop all clients, so that the next ones see a changed environment."""
    for made in (
        _config,
        session,
        s3,
        dynamodb,
        events,
        sqs,
        stepfunctions,
        cloudformation,
        secretsmanager,
        sns,
        sagemaker_runtime,
        sagemaker,
        autoscaling,
    ):
        made.cache_clear()
