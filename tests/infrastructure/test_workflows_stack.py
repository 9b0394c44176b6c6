from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from stacks.application import build_stacks, new_app
from testfleet.config import load_environment
from testfleet.workflow import statemachine
from tests.infrastructure.templates import (
    TRACES,
    Assembly,
    own_logs,
    read,
    rights_on,
)


def _machines(assembly: Assembly) -> list[tuple[str, dict[str, Any]]]:
    found = assembly.resources("AWS::StepFunctions::StateMachine")
    return [(stack, machine["Properties"]) for stack, _, machine in found]


def _definition(assembly: Assembly) -> dict[str, Any]:
    [machine] = [machine for stack, machine in _machines(assembly) if stack == "workflows"]
    definition: dict[str, Any] = json.loads(read(machine["DefinitionString"]))
    return definition


def test_the_definition_is_the_file_with_its_placeholders_filled(account: Assembly) -> None:
    definition = _definition(account)

    assert list(definition["States"]) == list(statemachine.load("run-tests")["States"])
    assert "${" not in json.dumps(definition)


def _network(assembly: Assembly) -> dict[str, Any]:
    states = _definition(assembly)["States"]["RunShards"]["ItemProcessor"]["States"]
    network: dict[str, Any] = states["RunOnFargate"]["Parameters"]["NetworkConfiguration"]
    return dict(network["AwsvpcConfiguration"])


def test_isolated_tasks_get_no_public_address(prod: Assembly) -> None:
    network = _network(prod)

    assert network["AssignPublicIp"] == "DISABLED"
    assert all("IsolatedSubnet" in subnet for subnet in network["Subnets"])


def test_other_tasks_reach_the_registry_through_a_public_address(dev: Assembly) -> None:
    network = _network(dev)

    assert network["AssignPublicIp"] == "ENABLED"
    assert all("PublicSubnet" in subnet for subnet in network["Subnets"])


_ASK = "sagemaker:InvokeEndpointAsync"


def _arn(assembly: Assembly, service: str, kind: str, name: str) -> str:
    prefix = assembly.config.prefix
    return f"arn:aws:{service}:us-east-1:<AWS::AccountId>:{kind}{prefix}-{name}"


def test_control_may_do_exactly_what_its_steps_do(account: Assembly) -> None:
    data = "<storage.Data.Arn>"
    files = [
        right
        for folder in (
            "sources",
            "environments",
            "runs",
            "placement",
            "clusters",
            "coverage",
            "overrides",
        )
        for right in rights_on(f"{data}/{folder}/*", "s3:GetObject", "s3:PutObject")
    ]

    assert account.rights("workflows", "ControlRole") == {
        *files,
        *rights_on(data, "s3:ListBucket"),
        *rights_on("<storage.Runs.Arn>", "dynamodb:PutItem", "dynamodb:UpdateItem"),
        *rights_on(
            "<storage.History.Arn>", "dynamodb:Query", "dynamodb:PutItem", "dynamodb:DeleteItem"
        ),
        *rights_on("<storage.Quotas.Arn>", "dynamodb:GetItem", "dynamodb:PutItem"),
        *rights_on(
            "<storage.Events.Arn>", "dynamodb:Query", "dynamodb:GetItem", "dynamodb:PutItem"
        ),
        *rights_on("<events.Bus.Arn>", "events:PutEvents"),
        *rights_on("<events.GivenUp.Arn>", "sqs:SendMessage"),
        *rights_on(f"{data}/inference/classifier/*", "s3:GetObject", "s3:PutObject"),
        *rights_on(_arn(account, "sagemaker", "endpoint/", "classifier"), _ASK),
        *rights_on(_arn(account, "states", "stateMachine:", "run-tests"), "states:SendTaskFailure"),
        *own_logs("ControlLogs"),
        *TRACES,
    }


def _worker(assembly: Assembly) -> str:
    """Where workers are kept warm they belong to an alias."""
    warm = assembly.config.scaling.warm_workers
    return "<workers.Warm>" if warm else "<workers.WorkerFunction.Arn>"


def test_the_state_machine_may_do_exactly_what_its_states_do(account: Assembly) -> None:
    prefix = account.config.prefix
    execution = f"arn:aws:states:us-east-1:<AWS::AccountId>:execution:{prefix}-run-tests/*"
    machine = f"arn:aws:states:us-east-1:<AWS::AccountId>:stateMachine:{prefix}-run-tests"
    tasks = f"arn:aws:ecs:us-east-1:<AWS::AccountId>:task/{prefix}-workers/*"
    rule = "arn:aws:events:us-east-1:<AWS::AccountId>:rule/StepFunctionsGetEventsForECSTaskRule"
    cluster = "ecs:cluster=<workers.Cluster.Arn>"
    to_ecs = "iam:PassedToService=ecs-tasks.amazonaws.com"

    rights = account.rights("workflows", "RunTestsRole")

    assert {right for right in rights if right.resource != "*"} == {
        *rights_on("<ControlFunction.Arn>", "lambda:InvokeFunction"),
        *rights_on(_worker(account), "lambda:InvokeFunction"),
        *rights_on("<storage.Data.Arn>/runs/*", "s3:GetObject"),
        *rights_on(machine, "states:StartExecution"),
        *rights_on(execution, "states:DescribeExecution", "states:StopExecution"),
        *rights_on("<workers.Task>", "ecs:RunTask", conditions=cluster),
        *rights_on(tasks, "ecs:StopTask", "ecs:DescribeTasks", conditions=cluster),
        *rights_on("<workers.TaskRole.Arn>", "iam:PassRole", conditions=to_ecs),
        *rights_on("<workers.ExecutionRole.Arn>", "iam:PassRole", conditions=to_ecs),
        *rights_on(rule, "events:PutTargets", "events:PutRule", "events:DescribeRule"),
    }


def test_without_a_resource_the_state_machine_may_only_log_and_trace(account: Assembly) -> None:
    rights = account.rights("workflows", "RunTestsRole")

    services = {right.action.split(":")[0] for right in rights if right.resource == "*"}

    assert services == {"logs", "xray"}


def test_everything_is_logged_but_the_data_which_hold_presigned_addresses(
    account: Assembly,
) -> None:
    logging = {stack: machine["LoggingConfiguration"] for stack, machine in _machines(account)}

    assert {each["Level"] for each in logging.values()} == {"ALL"}
    # The retraining hands no addresses on, only names of its own objects.
    told = {stack for stack, each in logging.items() if each["IncludeExecutionData"]}
    assert told == {"retraining"}


def test_control_knows_the_identity_of_the_worker_image(account: Assembly) -> None:
    [image] = {
        r["Properties"]["Environment"]["Variables"]["WORKER_IMAGE"]
        for _, name, r in account.resources("AWS::Lambda::Function")
        if name.startswith("Control")
    }

    digest, _, platform = image.partition("-")
    assert len(digest) == 64
    assert platform == "linux-amd64"


def test_the_outputs_that_the_command_reads_are_there(local: Assembly) -> None:
    outputs = local.stacks["workflows"]["Outputs"] | local.stacks["workers"]["Outputs"]

    assert {"StateMachineArn", "ControlFunctionName", "WorkerFunctionName"} <= set(outputs)


def test_control_reads_the_code_hosts_token_only_where_one_is_named(tmp_path: Path) -> None:
    config = load_environment("local").model_copy(
        update={"code_host_token_secret": "code-host-token"}
    )
    app = new_app(str(tmp_path))
    build_stacks(app, config)
    app.synth()
    template = (tmp_path / "testfleet-local-workflows.template.json").read_text()
    assert "secret:code-host-token-??????" in template
    assert '"CODE_HOST_TOKEN_SECRET": "code-host-token"' in template


def test_control_reads_no_secret_otherwise(account: Assembly) -> None:
    assert "secretsmanager" not in json.dumps(account.stacks["workflows"])
