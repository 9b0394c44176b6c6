"""Where tests run: the worker on Lambda and on Fargate, from one program and one image.

Workers run other people's code, so their roles may write their own logs and nothing else; what
they read and write they are given as presigned addresses.
"""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import Duration, Size
from aws_cdk import aws_ecr_assets as ecr_assets
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from stacks.base import FleetStack, acknowledge, wait_for_policy
from stacks.code import Bundle, build_worker_context
from stacks.function import OLDER_RUNTIME, function_role
from stacks.network import Network
from stacks.storage import StorageStack
from testfleet.config import Environment, Profile
from testfleet.contracts.plan import Compute
from testfleet.contracts.profile import CapacityProvider

WORKER_CONTAINER = "worker"
WARM_ALIAS = "warm"
_LAMBDA_HANDLER = "lambdas.worker.handler.handler"
_TASK_COMMAND = ["python", "-m", "testfleet.execution.worker"]
_LOCAL_IMAGE = "testfleet-worker"
_MAX_LAMBDA_S = 900
_FREE_DISK_MB = 20 * 1024


@dataclass(frozen=True, kw_only=True)
class WorkerProps:
    """What the workers run, and where their files lie."""

    bundle: Bundle
    storage: StorageStack


@dataclass(frozen=True)
class _Program:
    """The worker as Lambda and ECS want it."""

    code: lambda_.Code
    handler: str
    runtime: lambda_.Runtime
    image: ecs.ContainerImage
    image_id: str
    """Changes with the image: environments are only valid in the image that they were built in."""


class WorkersStack(FleetStack):
    """Worker function; network, cluster and task definition of the Fargate worker."""

    def __init__(self, scope: Construct, config: Environment, props: WorkerProps) -> None:
        super().__init__(scope, "workers", config)
        program = self._package(props.bundle)
        self.image_id = program.image_id
        self.function = self._build_function(program)
        self.invoked = self._build_invoked()
        self.network = Network(self, props.storage.data)
        self.cluster = self._build_cluster()
        self.task_definition = self._build_task_definition()
        self._build_container(program)
        self.output("WorkerFunctionName", self.function.function_name, "Runs shards on Lambda")

    def _package(self, bundle: Bundle) -> _Program:
        if self.config.worker_package == "zip":
            # The embedded AWS runs the task as a process of this machine: a name is enough.
            image: ecs.ContainerImage = ecs.ContainerImage.from_registry(_LOCAL_IMAGE)
            return _Program(
                bundle.code(), _LAMBDA_HANDLER, lambda_.Runtime.PYTHON_3_12, image, "local"
            )
        bundle = build_worker_context()
        context = str(bundle.folder)
        code = lambda_.Code.from_asset_image(
            context,
            platform=_platform(self.config.largest(Compute.LAMBDA)),
            entrypoint=["python", "-m", "awslambdaric"],
            cmd=[_LAMBDA_HANDLER],
        )
        platform = _platform(self.config.largest(Compute.FARGATE))
        image = ecs.ContainerImage.from_asset(context, platform=platform)
        # An environment that was built on one processor is of no use on another.
        image_id = f"{bundle.digest}-{platform.platform.replace('/', '-')}"
        return _Program(
            code, lambda_.Handler.FROM_IMAGE, lambda_.Runtime.FROM_IMAGE, image, image_id
        )

    def _build_function(self, program: _Program) -> lambda_.Function:
        scope = Construct(self, "Worker")
        name = self.name_of("worker")
        profile = self.config.largest(Compute.LAMBDA)
        log_group = self.log_group(scope, f"/aws/lambda/{name}")
        role = function_role(scope, log_group)
        function = lambda_.Function(
            scope,
            "Function",
            function_name=name,
            code=program.code,
            handler=program.handler,
            runtime=program.runtime,
            architecture=lambda_.Architecture.ARM_64
            if profile.architecture == "arm64"
            else lambda_.Architecture.X86_64,
            memory_size=profile.memory_mb,
            ephemeral_storage_size=Size.mebibytes(profile.disk_mb),
            timeout=Duration.seconds(_MAX_LAMBDA_S),
            role=role,
            log_group=log_group,
        )
        wait_for_policy(function, role)
        acknowledge(function, {"AwsSolutions-L1": OLDER_RUNTIME})
        return function

    def _build_invoked(self) -> lambda_.IFunction:
        """What the workflow calls: where workers are kept warm, the alias that they belong to."""
        if not self.config.scaling.warm_workers:
            return self.function
        version = self.function.current_version
        return lambda_.Alias(self, "Warm", alias_name=WARM_ALIAS, version=version)

    def _build_cluster(self) -> ecs.Cluster:
        insights = ecs.ContainerInsights
        cluster = ecs.Cluster(
            self,
            "Cluster",
            cluster_name=self.name_of("workers"),
            vpc=self.network.vpc,
            container_insights_v2=insights.DISABLED if self.config.embedded else insights.ENABLED,
        )
        # On the cluster itself: the embedded AWS does not know CDK's separate association.
        resource = cluster.node.default_child
        if isinstance(resource, ecs.CfnCluster):
            resource.capacity_providers = [provider.value for provider in CapacityProvider]
        return cluster

    def _build_task_definition(self) -> ecs.FargateTaskDefinition:
        profile = self.config.largest(Compute.FARGATE)
        execution_role = iam.Role(self, "ExecutionRole", assumed_by=_ecs_tasks())
        acknowledge(
            execution_role,
            {
                "AwsSolutions-IAM5[Resource::*]": "ecr:GetAuthorizationToken belongs to the "
                "registry as a whole: AWS accepts * only."
            },
        )
        return ecs.FargateTaskDefinition(
            self,
            "Task",
            family=self.name_of("worker"),
            cpu=int(profile.vcpu * 1024),
            memory_limit_mib=profile.memory_mb,
            ephemeral_storage_gib=_extra_disk(profile.disk_mb),
            runtime_platform=ecs.RuntimePlatform(
                cpu_architecture=ecs.CpuArchitecture.ARM64
                if profile.architecture == "arm64"
                else ecs.CpuArchitecture.X86_64,
                operating_system_family=ecs.OperatingSystemFamily.LINUX,
            ),
            task_role=iam.Role(self, "TaskRole", assumed_by=_ecs_tasks()),
            execution_role=execution_role,
        )

    def _build_container(self, program: _Program) -> None:
        """The execution role pulls the image and writes the logs; the task itself may nothing."""
        log_group = self.log_group(Construct(self, "Container"), f"/ecs/{self.name_of('worker')}")
        self.task_definition.add_container(
            WORKER_CONTAINER,
            container_name=WORKER_CONTAINER,
            image=program.image,
            command=_TASK_COMMAND,
            logging=ecs.LogDrivers.aws_logs(stream_prefix="worker", log_group=log_group),
            # Tests leave children behind: somebody has to be their parent.
            linux_parameters=ecs.LinuxParameters(self, "Init", init_process_enabled=True),
        )


def _ecs_tasks() -> iam.ServicePrincipal:
    return iam.ServicePrincipal("ecs-tasks.amazonaws.com")


def _platform(profile: Profile) -> ecr_assets.Platform:
    platform = ecr_assets.Platform
    return platform.LINUX_ARM64 if profile.architecture == "arm64" else platform.LINUX_AMD64


def _extra_disk(disk_mb: int) -> int | None:
    """GiB of disk to ask for, or None for the 20 GiB that every task has."""
    return -(-disk_mb // 1024) if disk_mb > _FREE_DISK_MB else None
