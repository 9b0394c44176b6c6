from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from typing import Any

import pytest
from cfnlint.api import lint_file
from ministack.services.cloudformation import provisioners

from tests.infrastructure.templates import Assembly, as_list, read

EXPLAINED = {
    # AWS accepts no resource for these actions.
    r"xray:\w+ \*": "traces belong to no resource",
    r"logs:(\w+LogDeliver(y|ies)|PutResourcePolicy|Describe(ResourcePolicies|LogGroups)) \*": (
        "Step Functions sets up its log delivery with these"
    ),
    r"ecr:GetAuthorizationToken \*": "a login to the registry as a whole",
    r"cloudwatch:PutMetricData \*": "limited to SageMaker's namespace by a condition",
    r"application-autoscaling:DescribeScalableTargets \*": "a list cannot be asked for in parts",
    r"cloudwatch:GetMetricStatistics \*": "metrics are no resources",
    r"kms:(\*|Decrypt|GenerateDataKey) \*": "in the policy of a key, * is this key",
    # The names are made when the thing is.
    r"s3:\w+ <storage\.Data\.Arn>/(sources|environments|runs|placement|clusters|coverage)/\*": (
        "named later"
    ),
    r"s3:\w+ <storage\.Data\.Arn>/(overrides|repairs|fixes)/\*": "named later",
    r"s3:PutObject <storage\.Data\.Arn>/runs/\*/request\.json": "the run's id stands between",
    r"s3:\w+ <storage\.Data\.Arn>/inference/(classifier|fixer-\w+)/\*": "requests and answers",
    r"s3:\w+ <storage\.Data\.Arn>/inference/classifier/(waiting|answered)/\*": "named by runs",
    r"s3:PutObject <AccessLogs\.Arn>/(data|models)/\*": "log files, written by S3",
    r"s3:PutObject <storage\.Data\.Arn>/repairs/\*/request\.json": "the repair's id, likewise",
    r"states:\w+ arn:.*:execution:testfleet-\w+-(run-tests|repair-failure)/\*": (
        "children of the Map"
    ),
    r"ecs:(StopTask|DescribeTasks) arn:.*:task/testfleet-\w+-workers/\*": "tasks of the cluster",
    r"application-autoscaling:RegisterScalableTarget arn:.*:scalable-target/\*": (
        "AWS makes the id; conditions limit it to endpoints"
    ),
    r"s3:\w+ <storage\.(Data|Models)\.Arn>/classifier/(trained/)?\*": "what the classifier learns",
    r"sagemaker:\w+ arn:.*:(endpoint|endpoint-config|model)/testfleet-\w+-classifier\*": (
        "a new model's name begins with the endpoint's"
    ),
    r"sagemaker:Describe\w+ arn:.*:(endpoint-config|model)/\*": "CloudFormation has named them",
    r"sagemaker:\w+ arn:.*:training-job/retrain-\*": "named by the execution",
    r"logs:\w+ arn:.*:log-group:/aws/sagemaker/TrainingJobs:\*": "streams of training jobs",
    # Policies of endpoints only narrow what roles may do.
    r"s3:(Get|Put)Object <storage\.Data\.Arn>/\*": "the data bucket, for isolated workers",
    r"s3:GetObject arn:.*:s3:::prod-<AWS::Region>-starport-layer-bucket/\*": "image layers",
    r"dynamodb:\w+ arn:.*:table/testfleet-\w+-\*": "this environment's tables",
}


def test_cdk_nag_and_the_cdk_itself_find_nothing(account: Assembly) -> None:
    assert account.problems == ()


def test_cfn_lint_warns_of_nothing(account: Assembly) -> None:
    templates = list(account.folder.glob("*.template.json"))

    found = [str(match) for template in templates for match in lint_file(template)]

    assert len(templates) == 12 + bool(account.config.scaling)
    assert found == []


def test_every_wildcard_in_a_policy_is_explained(account: Assembly) -> None:
    unexplained = {
        f"{stack}: {right}"
        for stack, right in _allowed(account)
        if "*" in right and not any(re.fullmatch(known, right) for known in EXPLAINED)
    }

    assert unexplained == set()


def test_every_explanation_is_still_needed(prod: Assembly) -> None:
    rights = {right for _, right in _allowed(prod)}

    unused = {known for known in EXPLAINED if not any(re.fullmatch(known, r) for r in rights)}

    assert unused == set()


def test_no_role_has_a_managed_policy(account: Assembly) -> None:
    roles = [r["Properties"] for _, _, r in account.resources("AWS::IAM::Role")]

    assert roles
    assert not [role for role in roles if "ManagedPolicyArns" in role]


def test_no_two_functions_share_a_role(account: Assembly) -> None:
    functions = list(account.resources("AWS::Lambda::Function"))

    roles = {(stack, read(r["Properties"]["Role"])) for stack, _, r in functions}

    assert len(roles) == len(functions)


def test_all_logs_end_after_the_configured_days(account: Assembly) -> None:
    days = {r["Properties"]["RetentionInDays"] for _, _, r in account.resources(_LOG_GROUP)}

    assert days == {account.config.retention.logs_days}


def test_every_function_writes_to_a_log_group_of_its_stack(account: Assembly) -> None:
    for stack, _, function in account.resources("AWS::Lambda::Function"):
        group = function["Properties"]["LoggingConfig"]["LogGroup"]["Ref"]
        assert account.stacks[stack]["Resources"][group]["Type"] == _LOG_GROUP


def test_functions_are_traced_in_accounts_except_the_worker(account: Assembly) -> None:
    untraced = [
        name
        for _, name, r in account.resources("AWS::Lambda::Function")
        if r["Properties"].get("TracingConfig") != {"Mode": "Active"}
    ]

    assert [name[:-8] for name in untraced] == ["WorkerFunction"]


@pytest.mark.parametrize(
    "name",
    [
        "control",
        "webhook",
        "start_scheduled_run",
        "stop_endpoints",
        "model_answer",
        "repair",
        "start_repair",
    ],
)
def test_functions_are_given_the_variables_that_they_ask_for(dev: Assembly, name: str) -> None:
    settings = importlib.import_module(f"lambdas.{name}.handler").Settings
    asked = {key for key, field in settings.model_fields.items() if field.is_required()}
    [variables] = [
        r["Properties"]["Environment"]["Variables"]
        for _, _, r in dev.resources("AWS::Lambda::Function")
        if r["Properties"].get("Handler") == f"lambdas.{name}.handler.handler"
    ]

    assert asked <= set(variables)


def test_the_embedded_aws_knows_every_resource_of_the_laptop(local: Assembly) -> None:
    kinds = {r["Type"] for stack in local.stacks.values() for r in stack["Resources"].values()}

    assert kinds - set(provisioners._RESOURCE_HANDLERS) == set()


_LOG_GROUP = "AWS::Logs::LogGroup"


def _allowed(assembly: Assembly) -> Iterator[tuple[str, str]]:
    for stack, template in assembly.stacks.items():
        for statement in _statements(template["Resources"]):
            if statement["Effect"] == "Allow":
                for action in as_list(statement["Action"]):
                    for resource in as_list(statement.get("Resource", "-")):
                        yield stack, f"{action} {read(resource)}"


def _statements(value: Any) -> Iterator[dict[str, Any]]:
    """Every statement of every policy, whatever resource holds it."""
    if isinstance(value, dict):
        if "Statement" in value:
            yield from value["Statement"]
        for item in value.values():
            yield from _statements(item)
    elif isinstance(value, list):
        for item in value:
            yield from _statements(item)
