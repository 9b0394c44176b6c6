from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

from aws_cdk.assertions import Match, Template

from stacks.application import build_stacks, new_app
from testfleet.config import ROOT, load_environment
from testfleet.contracts.plan import Compute
from tests.infrastructure.templates import Assembly, as_list, own_logs, read, rights_on


def test_the_lambda_worker_may_write_its_logs_and_nothing_else(account: Assembly) -> None:
    assert account.rights("workers", "WorkerRole") == own_logs("WorkerLogs")


def test_the_fargate_worker_may_do_nothing_at_all(account: Assembly) -> None:
    """Its logs are written by the execution role, which the tests cannot use."""
    assert account.rights("workers", "TaskRole") == set()


def test_worker_roles_have_no_rights_from_elsewhere(account: Assembly) -> None:
    roles = account.template("workers").find_resources("AWS::IAM::Role")
    workers = [r for name, r in roles.items() if name.startswith(("WorkerRole", "TaskRole"))]

    assert len(workers) == 2
    for role in workers:
        assert not {"ManagedPolicyArns", "Policies"} & set(role["Properties"])


def test_the_execution_role_pulls_the_image_and_writes_the_logs(account: Assembly) -> None:
    rights = account.rights("workers", "ExecutionRole")
    repository = (
        "arn:aws:ecr:us-east-1:<AWS::AccountId>:repository/"
        "cdk-hnb659fds-container-assets-<AWS::AccountId>-us-east-1"
    )

    assert rights == (
        own_logs("ContainerLogs")
        | rights_on("*", "ecr:GetAuthorizationToken")
        | rights_on(
            repository,
            "ecr:BatchCheckLayerAvailability",
            "ecr:BatchGetImage",
            "ecr:GetDownloadUrlForLayer",
        )
    )


def test_lambda_and_fargate_run_the_same_image(account: Assembly) -> None:
    [(_, _, task)] = account.resources("AWS::ECS::TaskDefinition")
    [image] = [
        r["Properties"]["Code"]["ImageUri"]
        for _, _, r in account.resources("AWS::Lambda::Function")
        if "ImageUri" in r["Properties"]["Code"]
    ]

    assert task["Properties"]["ContainerDefinitions"][0]["Image"] == image


def test_the_worker_function_is_as_large_as_its_profile(account: Assembly) -> None:
    profile = account.config.largest(Compute.LAMBDA)

    account.template("workers").has_resource_properties(
        "AWS::Lambda::Function",
        {
            "FunctionName": f"testfleet-{account.config.name}-worker",
            "PackageType": "Image",
            "MemorySize": profile.memory_mb,
            "EphemeralStorage": {"Size": profile.disk_mb},
            "Timeout": 900,
        },
    )


def test_the_fargate_task_is_as_large_as_its_profile(account: Assembly) -> None:
    profile = account.config.largest(Compute.FARGATE)

    account.template("workers").has_resource_properties(
        "AWS::ECS::TaskDefinition",
        {
            "Cpu": str(int(profile.vcpu * 1024)),
            "Memory": str(profile.memory_mb),
            "RequiresCompatibilities": ["FARGATE"],
            "ContainerDefinitions": [
                Match.object_like({"Name": "worker", "Command": Match.any_value()})
            ],
        },
    )


def test_the_task_and_the_image_start_a_program_that_is_there(account: Assembly) -> None:
    [(_, _, task)] = account.resources("AWS::ECS::TaskDefinition")
    command = task["Properties"]["ContainerDefinitions"][0]["Command"]
    dockerfile = (ROOT / "images" / "worker" / "Dockerfile").read_text()

    assert json.dumps(command) in dockerfile
    assert command[:2] == ["python", "-m"]
    assert importlib.util.find_spec(command[2])


def test_there_is_no_nat_and_no_way_in(account: Assembly) -> None:
    template = account.template("workers")

    template.resource_count_is("AWS::EC2::NatGateway", 0)
    template.has_resource_properties(
        "AWS::EC2::SecurityGroup",
        {
            "GroupDescription": "Workers: nobody may connect to them",
            "SecurityGroupIngress": Match.absent(),
        },
    )


def test_only_workers_reach_the_interface_endpoints(prod: Assembly) -> None:
    prod.template("workers").resource_properties_count_is(
        "AWS::EC2::SecurityGroupIngress", {"FromPort": 443, "ToPort": 443}, 1
    )
    [(_, _, rule)] = prod.resources("AWS::EC2::SecurityGroupIngress")

    assert read(rule["Properties"]["SourceSecurityGroupId"]) == "<NetworkWorkers.GroupId>"


def test_isolated_workers_have_endpoints_for_everything_they_need(prod: Assembly) -> None:
    services = {read(p["ServiceName"]).rpartition("us-east-1")[2] for p in _endpoints(prod)}

    assert services == {".ecr.api", ".ecr.dkr", ".logs", *_GATEWAYS}


def test_workers_with_the_internet_need_only_the_gateway_endpoints(dev: Assembly) -> None:
    assert {read(p["ServiceName"]) for p in _endpoints(dev)} == _GATEWAYS


def test_isolated_workers_reach_no_bucket_but_ours_and_the_image_layers(prod: Assembly) -> None:
    [s3] = [p for p in _endpoints(prod) if read(p["ServiceName"]).endswith(".s3")]
    statements = s3["PolicyDocument"]["Statement"]

    assert {read(one) for s in statements for one in as_list(s["Resource"])} == {
        "<storage.Data.Arn>/*",
        "arn:<AWS::Partition>:s3:::prod-<AWS::Region>-starport-layer-bucket/*",
    }


def test_isolated_subnets_have_no_route_to_the_internet(prod: Assembly) -> None:
    routes = prod.template("workers").find_resources("AWS::EC2::Route")

    assert {read(r["Properties"]["RouteTableId"]) for r in routes.values()} == {
        "<NetworkVpcPublicSubnet1RouteTable>",
        "<NetworkVpcPublicSubnet2RouteTable>",
    }


def test_the_network_is_watched_in_accounts(account: Assembly) -> None:
    account.template("workers").resource_count_is("AWS::EC2::FlowLog", 1)


def test_on_the_laptop_the_worker_is_a_zip_and_the_task_a_plain_name(local: Assembly) -> None:
    template = local.template("workers")

    template.has_resource_properties(
        "AWS::Lambda::Function",
        {"Handler": "lambdas.worker.handler.handler", "Code": {"S3Key": Match.any_value()}},
    )
    template.has_resource_properties(
        "AWS::ECS::TaskDefinition",
        {"ContainerDefinitions": [Match.object_like({"Image": "testfleet-worker"})]},
    )


def test_tasks_may_be_started_on_demand_and_on_spot(account: Assembly) -> None:
    account.template("workers").has_resource_properties(
        "AWS::ECS::Cluster", {"CapacityProviders": ["FARGATE", "FARGATE_SPOT"]}
    )


def test_workers_have_the_processor_of_their_profiles(tmp_path: Path) -> None:
    config = load_environment("dev")
    arm = {
        name: profile.model_copy(update={"architecture": "arm64"})
        for name, profile in config.profiles.items()
    }
    app = new_app(str(tmp_path))
    build_stacks(app, config.model_copy(update={"profiles": arm, "bundle_dependencies": False}))
    app.synth()

    template = Template.from_json(
        json.loads(next(tmp_path.glob("*-workers.template.json")).read_text())
    )
    template.has_resource_properties(
        "AWS::Lambda::Function", {"PackageType": "Image", "Architectures": ["arm64"]}
    )
    template.has_resource_properties(
        "AWS::ECS::TaskDefinition",
        {"RuntimePlatform": {"CpuArchitecture": "ARM64", "OperatingSystemFamily": "LINUX"}},
    )


_GATEWAYS = {"com.amazonaws.<AWS::Region>.s3", "com.amazonaws.<AWS::Region>.dynamodb"}


def _endpoints(assembly: Assembly) -> list[dict[str, Any]]:
    return [r["Properties"] for _, _, r in assembly.resources("AWS::EC2::VPCEndpoint")]
