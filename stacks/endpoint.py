"""One SageMaker asynchronous endpoint with everything that belongs to it."""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sagemaker as sagemaker
from aws_cdk import aws_sns as sns
from aws_cdk import region_info
from constructs import Construct

from stacks.base import FleetStack, acknowledge
from stacks.scaling import VARIANT, ScaleToZero
from stacks.storage import StorageStack
from stacks.topic import Topics
from testfleet.config import Endpoint
from testfleet.errors import UsageError

_START_LIMIT_S = 1800
"""Large models take minutes to be fetched and loaded: without it SageMaker gives up before."""
_TOOLKIT = {"SAGEMAKER_PROGRAM": "inference.py"}
_VLLM = {
    "OPTION_ASYNC_MODE": "true",
    "OPTION_ENTRYPOINT": "djl_python.lmi_vllm.vllm_async_service",
    "OPTION_MODEL_LOADING_TIMEOUT": str(_START_LIMIT_S),
    "OPTION_ROLLING_BATCH": "disable",
    "OPTION_TENSOR_PARALLEL_DEGREE": "max",
    "SERVING_FAIL_FAST": "true",
}
"""How the container for large models hands requests to vLLM's own server, with all of its options
(several answers to one question among them)."""


@dataclass(frozen=True, kw_only=True)
class EndpointProps:
    """Where an endpoint's model comes from and where its answers go."""

    name: str
    settings: Endpoint
    storage: StorageStack
    topics: Topics
    success: sns.Topic
    error: sns.Topic


class AsyncEndpoint(Construct):
    """Model, endpoint configuration, endpoint, and its scaling between zero and the maximum.

    The container is AWS's: the one for Hugging Face's models, where the archive brings our code, or
    the one for large models, where vLLM serves what the archive holds.
    """

    def __init__(self, stack: FleetStack, props: EndpointProps) -> None:
        super().__init__(stack, props.name.title())
        self._stack, self._props = stack, props
        self.endpoint_name = stack.name_of(props.name)
        self._image = self._find_image()
        self._role = self._build_role()
        self._allow_role()
        model = self._build_model()
        endpoint = self._build_endpoint(self._build_config(model))
        ScaleToZero(self, endpoint, props.settings)

    @property
    def role_arn(self) -> str:
        """What its containers act as. Whoever makes another model for the endpoint passes it on."""
        return self._role.role_arn

    def allow_archives(self, pattern: str) -> None:
        """Let it be given models whose archives lie there, besides the first one."""
        storage = self._props.storage
        self._allow(["s3:GetObject"], storage.models.arn_for_objects(pattern))
        exported = self._stack.resolve(storage.export_value(storage.models.bucket_arn))
        finding = f"AwsSolutions-IAM5[Resource::{exported['Fn::ImportValue']}/{pattern}]"
        acknowledge(self._role, {finding: "A new model is named by the job that has trained it."})

    def _find_image(self) -> ecr.IRepository:
        region = self._stack.config.region
        account = region_info.RegionInfo.get(region).dlc_repository_account
        if account is None:
            raise UsageError(
                f"region {region!r} has no deep learning containers",
                hint='leave "models" out of optional_stacks or choose another region',
            )
        name = self._props.settings.image_repository
        arn = f"arn:{self._stack.partition}:ecr:{region}:{account}:repository/{name}"
        return ecr.Repository.from_repository_attributes(
            self, "Image", repository_arn=arn, repository_name=name
        )

    def _build_role(self) -> iam.Role:
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com"))
        files = self._props.storage.wildcard_in_data(f"inference/{self._props.name}/*")
        acknowledge(
            role,
            {
                files: "Requests and answers are named by whoever asks.",
                "AwsSolutions-IAM5[Resource::*]": "ecr:GetAuthorizationToken and "
                "cloudwatch:PutMetricData know no resources; the metrics are limited to "
                "SageMaker's namespace by a condition.",
            },
        )
        return role

    def _allow_role(self) -> None:
        props = self._props
        self._image.grant_pull(self._role)
        self._stack.log_group(self, f"/aws/sagemaker/Endpoints/{self.endpoint_name}").grant_write(
            self._role
        )
        archive = props.storage.models.arn_for_objects(props.settings.model_data_key)
        self._allow(["s3:GetObject"], archive)
        self._allow(
            ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"],
            props.storage.data.arn_for_objects(f"inference/{props.name}/*"),
        )
        props.topics.allow_publishing(self._role, props.success, props.error)
        self._role.add_to_policy(
            iam.PolicyStatement(
                actions=["cloudwatch:PutMetricData"],
                resources=["*"],
                conditions={"StringEquals": {"cloudwatch:namespace": "/aws/sagemaker/Endpoints"}},
            )
        )

    def _allow(self, actions: list[str], resource: str) -> None:
        self._role.add_to_policy(iam.PolicyStatement(actions=actions, resources=[resource]))

    def _build_model(self) -> sagemaker.CfnModel:
        settings = self._props.settings
        container = sagemaker.CfnModel.ContainerDefinitionProperty(
            image=self._image.repository_uri_for_tag(settings.image_tag),
            model_data_url=self._props.storage.models.s3_url_for_object(settings.model_data_key),
            environment={**_VLLM, **settings.environment} if settings.environment else _TOOLKIT,
        )
        model = sagemaker.CfnModel(
            self,
            "Model",
            execution_role_arn=self._role.role_arn,
            primary_container=container,
            # It reads what tests printed, and has no reason to talk to anybody.
            enable_network_isolation=True,
        )
        # SageMaker downloads the archive when the model is made: the rights must be there.
        model.node.add_dependency(self._role.node.find_child("DefaultPolicy"))
        return model

    def _build_config(self, model: sagemaker.CfnModel) -> sagemaker.CfnEndpointConfig:
        settings = self._props.settings
        variant = sagemaker.CfnEndpointConfig.ProductionVariantProperty(
            variant_name=VARIANT,
            model_name=model.attr_model_name,
            instance_type=settings.instance_type,
            # An asynchronous endpoint must begin with one; the scaling takes it away when idle.
            initial_instance_count=1,
            initial_variant_weight=1,
            container_startup_health_check_timeout_in_seconds=_START_LIMIT_S,
            model_data_download_timeout_in_seconds=_START_LIMIT_S,
        )
        return sagemaker.CfnEndpointConfig(
            self,
            "Config",
            production_variants=[variant],
            async_inference_config=self._asynchronous(),
        )

    def _asynchronous(self) -> sagemaker.CfnEndpointConfig.AsyncInferenceConfigProperty:
        props, config = self._props, sagemaker.CfnEndpointConfig
        folder = f"inference/{props.name}"
        return config.AsyncInferenceConfigProperty(
            client_config=config.AsyncInferenceClientConfigProperty(
                max_concurrent_invocations_per_instance=props.settings.concurrency
            ),
            output_config=config.AsyncInferenceOutputConfigProperty(
                s3_output_path=props.storage.data.s3_url_for_object(f"{folder}/output/"),
                s3_failure_path=props.storage.data.s3_url_for_object(f"{folder}/failed/"),
                notification_config=config.AsyncInferenceNotificationConfigProperty(
                    success_topic=props.success.topic_arn, error_topic=props.error.topic_arn
                ),
            ),
        )

    def _build_endpoint(self, config: sagemaker.CfnEndpointConfig) -> sagemaker.CfnEndpoint:
        return sagemaker.CfnEndpoint(
            self,
            "Endpoint",
            endpoint_name=self.endpoint_name,
            endpoint_config_name=config.attr_endpoint_config_name,
        )
