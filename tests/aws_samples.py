"""What the webhook, the schedules and the budget act upon, made in a mocked account."""

import io
import json
import os
from contextlib import contextmanager

import boto3
from moto import mock_aws

from testfleet.aws import clients

BUCKET = "testfleet-tests-data"
ROLE = "arn:aws:iam::123456789012:role/testfleet-tests"


@contextmanager
def mocked_account(monkeypatch):
    """An empty account in memory, also when an earlier test has pointed boto3 at an emulator."""
    for name in [name for name in os.environ if name.startswith("AWS_ENDPOINT_URL")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        clients.forget()
        yield
    clients.forget()


def make_bucket():
    boto3.client("s3").create_bucket(Bucket=BUCKET)
    return BUCKET


def make_deliveries():
    boto3.client("dynamodb").create_table(
        TableName="deliveries",
        KeySchema=[{"AttributeName": "delivery", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "delivery", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return "deliveries"


def make_machine():
    definition = {"StartAt": "Wait", "States": {"Wait": {"Type": "Succeed"}}}
    return boto3.client("stepfunctions").create_state_machine(
        name="run-tests", definition=json.dumps(definition), roleArn=ROLE
    )["stateMachineArn"]


def make_target(name, most):
    """An asynchronous endpoint with its scalable target; returns the target's resource id."""
    sagemaker = boto3.client("sagemaker")
    sagemaker.create_model(ModelName=name, ExecutionRoleArn=ROLE)
    sagemaker.create_endpoint_config(
        EndpointConfigName=name,
        ProductionVariants=[
            {
                "VariantName": "main",
                "ModelName": name,
                "InstanceType": "ml.g4dn.xlarge",
                "InitialInstanceCount": 1,
            }
        ],
        AsyncInferenceConfig={"OutputConfig": {"S3OutputPath": f"s3://{BUCKET}/out"}},
    )
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    resource_id = f"endpoint/{name}/variant/main"
    boto3.client("application-autoscaling").register_scalable_target(
        ServiceNamespace="sagemaker",
        ResourceId=resource_id,
        ScalableDimension="sagemaker:variant:DesiredInstanceCount",
        MinCapacity=0,
        MaxCapacity=most,
    )
    return resource_id


class Context:
    """What Lambda tells a function about itself."""

    function_name = "testfleet-tests"
    memory_limit_in_mb = 256
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:testfleet-tests"
    aws_request_id = "52fdfc07-2182-454f-963f-5f0f9a621d72"


@contextmanager
def logged(logger):
    """What a function's logger writes, as it writes it."""
    text = io.StringIO()
    before = logger.registered_handler.setStream(text)
    try:
        yield text
    finally:
        logger.registered_handler.setStream(before)
