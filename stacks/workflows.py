"""The workflow `run-tests` and the function that does its control steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from stacks.base import FleetStack, acknowledge, wait_for_policy
from stacks.code import Bundle
from stacks.events import EventsStack
from stacks.function import Function, FunctionProps
from stacks.storage import StorageStack
from stacks.workers import WORKER_CONTAINER, WorkersStack
from testfleet.config import Environment
from testfleet.workflow import statemachine

RUN_TESTS = "run-tests"


@dataclass(frozen=True, kw_only=True)
class WorkflowProps:
    """What the workflow works with."""

    bundle: Bundle
    storage: StorageStack
    workers: WorkersStack
    events: EventsStack


class WorkflowsStack(FleetStack):
    """Control function and state machine."""

    def __init__(self, scope: Construct, config: Environment, props: WorkflowProps) -> None:
        super().__init__(scope, "workflows", config)
        self.storage, self.workers = props.storage, props.workers
        self.events = props.events
        self.control = self._build_control(props.bundle)
        self._allow_control()
        self.role = self._build_role()
        self.state_machine = self._build_state_machine()
        self._allow_run_tests()
        self.output("ControlFunctionName", self.control.name, "Does the workflow's own steps")
        arn = self.state_machine.state_machine_arn
        self.output("StateMachineArn", arn, "Runs the tests of one request")

    def _build_control(self, bundle: Bundle) -> Function:
        return Function(
            self,
            FunctionProps(
                name="control",
                bundle=bundle,
                memory_mb=2048,
                timeout_s=300,
                environment=self._code_host()
                | self._classifier()
                | self.events.variables
                | {
                    "DATA_BUCKET": self.storage.data.bucket_name,
                    "RUNS_TABLE": self.storage.runs.table_name,
                    "HISTORY_TABLE": self.storage.history.table_name,
                    "QUOTAS_TABLE": self.storage.quotas.table_name,
                    "DEAD_LETTERS_URL": self.events.given_up.queue_url,
                    "WORKER_IMAGE": self.workers.image_id,
                },
            ),
        )

    def _code_host(self) -> dict[str, str]:
        secret = self.config.code_host_token_secret
        return {"CODE_HOST_TOKEN_SECRET": secret} if secret else {}

    def _classifier(self) -> dict[str, str]:
        """On the laptop the control function asks only if a server stands in for SageMaker."""
        deployed = "models" in self.config.optional_stacks and "classifier" in self.config.endpoints
        if not deployed and not self.config.embedded:
            return {}
        return {"CLASSIFIER_ENDPOINT": self.name_of("classifier")}

    def _allow_control(self) -> None:
        storage = self.storage
        patterns = (
            "sources/*",
            "environments/*",
            "runs/*",
            "placement/*",
            "clusters/*",
            "coverage/*",
            "overrides/*",
        )
        # The addresses that workers are given can do what this role may do.
        objects = [storage.data.arn_for_objects(pattern) for pattern in patterns]
        self.control.allow(["s3:GetObject", "s3:PutObject"], *objects)
        reason = "Names of runs, sources, environments and suites are not known in advance."
        findings = [storage.wildcard_in_data(pattern) for pattern in patterns]
        acknowledge(self.control, dict.fromkeys(findings, reason))
        # Without it S3 answers 403 instead of 404 to whoever asks for an object that is not there.
        self.control.allow(["s3:ListBucket"], storage.data.bucket_arn)
        self.control.allow(["dynamodb:PutItem", "dynamodb:UpdateItem"], storage.runs.table_arn)
        self.control.allow(
            ["dynamodb:Query", "dynamodb:PutItem", "dynamodb:DeleteItem"],
            storage.history.table_arn,
        )
        self.control.allow(["dynamodb:GetItem", "dynamodb:PutItem"], storage.quotas.table_arn)
        self.events.allow_recording(self.control)
        self.control.allow(["sqs:SendMessage"], self.events.given_up.queue_arn)
        secret = self.config.code_host_token_secret
        if secret:
            # Secrets Manager adds six characters of its own to the name in the ARN.
            arn = self.arn_of("secretsmanager", f"secret:{secret}-??????")
            self.control.allow(["secretsmanager:GetSecretValue"], arn)
        if self._classifier():
            self._allow_asking()

    def _allow_asking(self) -> None:
        questions = "inference/classifier/*"
        data = self.storage.data.arn_for_objects(questions)
        self.control.allow(["s3:GetObject", "s3:PutObject"], data)
        reason = "Questions and answers are named by their run and by SageMaker."
        acknowledge(self.control, {self.storage.wildcard_in_data(questions): reason})
        endpoint = self.arn_of("sagemaker", f"endpoint/{self.name_of('classifier')}")
        self.control.allow(["sagemaker:InvokeEndpointAsync"], endpoint)
        # For an endpoint that takes no question: its state need not wait for the time-out.
        machine = self.arn_of("states", f"stateMachine:{self.name_of(RUN_TESTS)}")
        self.control.allow(["states:SendTaskFailure"], machine)

    def _build_role(self) -> iam.Role:
        role = iam.Role(
            self, "RunTestsRole", assumed_by=iam.ServicePrincipal("states.amazonaws.com")
        )
        name, cluster = self.name_of(RUN_TESTS), self.name_of("workers")
        acknowledge(
            role,
            {
                self.storage.wildcard_in_data("runs/*"): "A run's folder is named by the run.",
                self.wildcard("states", f"execution:{name}/*"): "The ids of a Distributed Map's "
                "children are made by Step Functions when they start.",
                self.wildcard("ecs", f"task/{cluster}/*"): "A task has its id only once it runs; "
                "a condition limits the right to this cluster.",
                "AwsSolutions-IAM5[Resource::*]": "Log delivery and X-Ray define no resources for "
                "these actions: AWS accepts * only.",
            },
        )
        return role

    def _build_state_machine(self) -> sfn.StateMachine:
        scope = Construct(self, "RunTestsLogs")
        name = self.name_of(RUN_TESTS)
        machine = sfn.StateMachine(
            self,
            "RunTests",
            state_machine_name=name,
            definition_body=sfn.DefinitionBody.from_string(
                statemachine.render(RUN_TESTS, self._substitutions())
            ),
            role=self.role,
            logs=sfn.LogOptions(
                destination=self.log_group(scope, f"/aws/vendedlogs/states/{name}"),
                level=sfn.LogLevel.ALL,
                # The data hold presigned addresses, which are as good as rights.
                include_execution_data=False,
            ),
            tracing_enabled=self.config.trace,
        )
        wait_for_policy(machine, self.role)
        return machine

    def _substitutions(self) -> statemachine.Substitutions:
        network = self.workers.network
        first, second = network.subnet_ids
        return {
            "ControlFunctionArn": self.control.arn,
            "WorkerFunctionArn": self.workers.invoked.function_arn,
            "DataBucket": self.storage.data.bucket_name,
            "ClusterArn": self.workers.cluster.cluster_arn,
            "TaskDefinitionArn": self.workers.task_definition.task_definition_arn,
            "WorkerContainer": WORKER_CONTAINER,
            "SubnetA": first,
            "SubnetB": second,
            "SecurityGroup": network.security_group.security_group_id,
            "AssignPublicIp": network.assign_public_ip,
        }

    def _allow_run_tests(self) -> None:
        self._allow(["lambda:InvokeFunction"], self.control.arn, self.workers.invoked.function_arn)
        self._allow(["s3:GetObject"], self.storage.data.arn_for_objects("runs/*"))
        self._allow_map()
        self._allow_tasks()

    def _allow_map(self) -> None:
        """A Distributed Map starts its children as executions of the same state machine."""
        name = self.name_of(RUN_TESTS)
        self._allow(["states:StartExecution"], self.arn_of("states", f"stateMachine:{name}"))
        self._allow(
            ["states:DescribeExecution", "states:StopExecution"],
            self.arn_of("states", f"execution:{name}/*"),
        )

    def _allow_tasks(self) -> None:
        cluster, task = self.workers.cluster, self.workers.task_definition
        in_cluster = {"ArnEquals": {"ecs:cluster": cluster.cluster_arn}}
        self._allow(["ecs:RunTask"], task.task_definition_arn, conditions=in_cluster)
        self._allow(
            ["ecs:StopTask", "ecs:DescribeTasks"],
            self.arn_of("ecs", f"task/{self.name_of('workers')}/*"),
            conditions=in_cluster,
        )
        to_ecs = {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
        roles = (task.task_role.role_arn, task.obtain_execution_role().role_arn)
        self._allow(["iam:PassRole"], *roles, conditions=to_ecs)
        self._allow(
            ["events:PutTargets", "events:PutRule", "events:DescribeRule"],
            self.arn_of("events", "rule/StepFunctionsGetEventsForECSTaskRule"),
        )

    def _allow(
        self, actions: list[str], *resources: str, conditions: Mapping[str, object] | None = None
    ) -> None:
        self.role.add_to_policy(
            iam.PolicyStatement(actions=actions, resources=list(resources), conditions=conditions)
        )
