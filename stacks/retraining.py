"""The workflow `retrain-classifier`, its function, and the alarms that start it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import region_info
from constructs import Construct

from stacks.base import FleetStack, acknowledge, wait_for_policy
from stacks.code import Bundle
from stacks.doubt import Doubt
from stacks.endpoint import AsyncEndpoint
from stacks.function import Function, FunctionProps
from stacks.storage import StorageStack
from testfleet.config import Environment
from testfleet.errors import UsageError
from testfleet.workflow import statemachine

RETRAIN = "retrain-classifier"
_REPOSITORY = "huggingface-pytorch-training"
_TAG = "2.5.1-transformers4.49.0-gpu-py311-cu124-ubuntu22.04"


@dataclass(frozen=True, kw_only=True)
class RetrainingProps:
    """What retraining works with."""

    bundle: Bundle
    storage: StorageStack
    endpoint: AsyncEndpoint
    """The classifier's."""


class RetrainingStack(FleetStack):
    """Function, state machine, role of the training jobs, alarms and the rule that follows them."""

    def __init__(self, scope: Construct, config: Environment, props: RetrainingProps) -> None:
        super().__init__(scope, "retraining", config)
        self.storage = props.storage
        self.endpoint = self.name_of("classifier")
        self.function = self._build_function(props.bundle)
        self._allow_promotion(props.endpoint)
        self.training_role = self._build_training_role()
        self.role = self._build_role()
        self.state_machine = self._build_state_machine()
        self._allow_machine()
        Doubt(self, self.state_machine)
        arn = self.state_machine.state_machine_arn
        self.output("RetrainStateMachineArn", arn, "Lets the classifier learn from corrections")

    def _build_function(self, bundle: Bundle) -> Function:
        data, models = self.storage.data, self.storage.models
        key = self.config.endpoints["classifier"].model_data_key
        function = Function(
            self,
            FunctionProps(
                name="retrain",
                bundle=bundle,
                memory_mb=512,
                timeout_s=60,
                environment={
                    "DATA_BUCKET": data.bucket_name,
                    "CLASSIFIER_ENDPOINT": self.endpoint,
                    "FIRST_MODEL": models.s3_url_for_object(key),
                },
            ),
        )
        function.allow(["s3:GetObject", "s3:PutObject"], data.arn_for_objects("classifier/*"))
        # Without it S3 answers 403 instead of 404 to whoever asks for what is not there yet.
        function.allow(["s3:ListBucket"], data.bucket_arn)
        acknowledge(
            function,
            {self.storage.wildcard_in_data("classifier/*"): "Its records are named by their jobs."},
        )
        return function

    def _allow_promotion(self, endpoint: AsyncEndpoint) -> None:
        """Let the function make a model and a configuration, and give them to the endpoint."""
        kinds, names = ("endpoint", "endpoint-config", "model"), f"{self.endpoint}*"
        self.function.allow(
            [
                "sagemaker:DescribeEndpoint",
                "sagemaker:UpdateEndpoint",
                "sagemaker:CreateEndpointConfig",
                "sagemaker:CreateModel",
            ],
            *(self.arn_of("sagemaker", f"{kind}/{names}") for kind in kinds),
        )
        reason = "The names of a new model and its configuration begin with the endpoint's."
        findings = {self.wildcard("sagemaker", f"{kind}/{names}"): reason for kind in kinds}
        # CloudFormation has named the first ones by its own rules.
        first = ("endpoint-config/*", "model/*")
        self.function.allow(
            ["sagemaker:DescribeEndpointConfig", "sagemaker:DescribeModel"],
            *(self.arn_of("sagemaker", each) for each in first),
        )
        reason = "CloudFormation names the first model; here it is read only."
        findings |= {self.wildcard("sagemaker", each): reason for each in first}
        acknowledge(self.function, findings)
        # The new model acts as the old one does, and its archive lies among the trained ones.
        self.function.role.add_to_policy(
            iam.PolicyStatement(
                actions=["iam:PassRole"],
                resources=[endpoint.role_arn],
                conditions={"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
            )
        )
        endpoint.allow_archives("classifier/trained/*")

    def _build_training_role(self) -> iam.Role:
        role = iam.Role(
            self, "TrainingRole", assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com")
        )
        self.image = self._find_image()
        self.image.grant_pull(role)
        data, models = self.storage.data, self.storage.models
        read = [data.arn_for_objects("classifier/*"), models.arn_for_objects("classifier/*")]
        self._allow(role, ["s3:GetObject"], *read)
        self._allow(role, ["s3:ListBucket"], data.bucket_arn, models.bucket_arn)
        self._allow(role, ["s3:PutObject"], models.arn_for_objects("classifier/trained/*"))
        logs = self.arn_of("logs", "log-group:/aws/sagemaker/TrainingJobs:*")
        self._allow(
            role, ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"], logs
        )
        theirs = {"StringEquals": {"cloudwatch:namespace": "/aws/sagemaker/TrainingJobs"}}
        self._allow(role, ["cloudwatch:PutMetricData"], "*", conditions=theirs)
        reason = "A training job reads and writes folders, and makes its own log streams."
        exported = self.resolve(self.storage.export_value(models.bucket_arn))["Fn::ImportValue"]
        findings = [
            self.storage.wildcard_in_data("classifier/*"),
            f"AwsSolutions-IAM5[Resource::{exported}/classifier/*]",
            f"AwsSolutions-IAM5[Resource::{exported}/classifier/trained/*]",
            self.wildcard("logs", "log-group:/aws/sagemaker/TrainingJobs:*"),
            "AwsSolutions-IAM5[Resource::*]",
        ]
        acknowledge(role, dict.fromkeys(findings, reason))
        return role

    def _find_image(self) -> ecr.IRepository:
        region = self.config.region
        account = region_info.RegionInfo.get(region).dlc_repository_account
        if account is None:
            raise UsageError(
                f"region {region!r} has no deep learning containers",
                hint='leave "models" out of optional_stacks or choose another region',
            )
        arn = f"arn:{self.partition}:ecr:{region}:{account}:repository/{_REPOSITORY}"
        return ecr.Repository.from_repository_attributes(
            self, "Image", repository_arn=arn, repository_name=_REPOSITORY
        )

    def _build_role(self) -> iam.Role:
        role = iam.Role(
            self, "RetrainClassifierRole", assumed_by=iam.ServicePrincipal("states.amazonaws.com")
        )
        findings = {
            self.wildcard("sagemaker", "training-job/retrain-*"): "A training job is named by the "
            "execution that starts it.",
            "AwsSolutions-IAM5[Resource::*]": "Log delivery and X-Ray define no resources for "
            "these actions: AWS accepts * only.",
        }
        acknowledge(role, findings)
        return role

    def _build_state_machine(self) -> sfn.StateMachine:
        scope = Construct(self, "MachineLogs")
        name = self.name_of(RETRAIN)
        machine = sfn.StateMachine(
            self,
            "RetrainClassifier",
            state_machine_name=name,
            definition_body=sfn.DefinitionBody.from_string(
                statemachine.render(RETRAIN, self._substitutions())
            ),
            role=self.role,
            logs=sfn.LogOptions(
                destination=self.log_group(scope, f"/aws/vendedlogs/states/{name}"),
                level=sfn.LogLevel.ALL,
                include_execution_data=True,
            ),
            tracing_enabled=self.config.trace,
        )
        wait_for_policy(machine, self.role)
        return machine

    def _substitutions(self) -> statemachine.Substitutions:
        return {
            "RetrainFunctionArn": self.function.arn,
            "TrainingRoleArn": self.training_role.role_arn,
            "TrainingImage": self.image.repository_uri_for_tag(_TAG),
            "DataBucket": self.storage.data.bucket_name,
            "ModelsBucket": self.storage.models.bucket_name,
        }

    def _allow_machine(self) -> None:
        self._allow(self.role, ["lambda:InvokeFunction"], self.function.arn)
        jobs = self.arn_of("sagemaker", "training-job/retrain-*")
        self._allow(
            self.role,
            [
                "sagemaker:CreateTrainingJob",
                "sagemaker:DescribeTrainingJob",
                "sagemaker:StopTrainingJob",
                "sagemaker:AddTags",
            ],
            jobs,
        )
        to_sagemaker = {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
        self._allow(
            self.role, ["iam:PassRole"], self.training_role.role_arn, conditions=to_sagemaker
        )
        self._allow(
            self.role,
            ["events:PutTargets", "events:PutRule", "events:DescribeRule"],
            self.arn_of("events", "rule/StepFunctionsGetEventsForSageMakerTrainingJobsRule"),
        )

    def _allow(
        self,
        role: iam.Role,
        actions: list[str],
        *resources: str,
        conditions: Mapping[str, object] | None = None,
    ) -> None:
        role.add_to_policy(
            iam.PolicyStatement(actions=actions, resources=list(resources), conditions=conditions)
        )
