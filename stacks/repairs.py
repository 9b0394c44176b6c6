"""The workflow `repair-failure`, its control function, and what starts it after a red run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from stacks.base import FleetStack, acknowledge, wait_for_policy
from stacks.code import Bundle
from stacks.function import Function, FunctionProps
from stacks.storage import StorageStack
from stacks.workers import WORKER_CONTAINER, WorkersStack
from stacks.workflows import WorkflowsStack
from testfleet.config import Environment
from testfleet.workflow import statemachine

REPAIR_FAILURE = "repair-failure"
_RED = {"wildcard": '*"failed"*'}
"""What the output of a red run holds. Others start nothing, and so cost nothing."""


@dataclass(frozen=True, kw_only=True)
class RepairProps:
    """What repairs work with."""

    bundle: Bundle
    storage: StorageStack
    workers: WorkersStack
    workflows: WorkflowsStack


class RepairsStack(FleetStack):
    """Two functions, a state machine, and a rule."""

    def __init__(self, scope: Construct, config: Environment, props: RepairProps) -> None:
        super().__init__(scope, "repairs", config)
        self.storage, self.workers = props.storage, props.workers
        self.control = self._build_control(props.bundle)
        self.role = self._build_role()
        self.state_machine = self._build_state_machine()
        self._allow_machine()
        self.starter = self._build_starter(props.bundle)
        self._build_rule(props.workflows)
        arn = self.state_machine.state_machine_arn
        self.output("RepairStateMachineArn", arn, "Repairs the failures of one run")

    def _build_control(self, bundle: Bundle) -> Function:
        control = Function(
            self,
            FunctionProps(
                name="repair",
                bundle=bundle,
                memory_mb=1024,
                timeout_s=300,
                environment={"DATA_BUCKET": self.storage.data.bucket_name},
            ),
        )
        # The addresses that workers are given can do what this role may do.
        self._allow_objects(control, "sources/*", "runs/*", actions=["s3:GetObject"])
        self._allow_objects(
            control,
            "environments/*",
            "repairs/*",
            "fixes/*",
            actions=["s3:GetObject", "s3:PutObject"],
        )
        # Without it S3 answers 403 instead of 404 to whoever asks for an object that is not there.
        control.allow(["s3:ListBucket"], self.storage.data.bucket_arn)
        return control

    def _allow_objects(self, function: Function, *patterns: str, actions: list[str]) -> None:
        objects = [self.storage.data.arn_for_objects(pattern) for pattern in patterns]
        function.allow(actions, *objects)
        reason = "Names of runs, sources, environments, suites and repairs are not known before."
        findings = [self.storage.wildcard_in_data(pattern) for pattern in patterns]
        acknowledge(function, dict.fromkeys(findings, reason))

    def _build_role(self) -> iam.Role:
        role = iam.Role(
            self, "RepairFailureRole", assumed_by=iam.ServicePrincipal("states.amazonaws.com")
        )
        name, cluster = self.name_of(REPAIR_FAILURE), self.name_of("workers")
        acknowledge(
            role,
            {
                self.storage.wildcard_in_data("repairs/*"): "A repair's folder is named by it.",
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
        scope = Construct(self, "RepairFailureLogs")
        name = self.name_of(REPAIR_FAILURE)
        machine = sfn.StateMachine(
            self,
            "RepairFailure",
            state_machine_name=name,
            definition_body=sfn.DefinitionBody.from_string(
                statemachine.render(REPAIR_FAILURE, self._substitutions())
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
            "RepairFunctionArn": self.control.arn,
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

    def _allow_machine(self) -> None:
        self._allow(["lambda:InvokeFunction"], self.control.arn, self.workers.invoked.function_arn)
        self._allow(["s3:GetObject"], self.storage.data.arn_for_objects("repairs/*"))
        # A Distributed Map starts its children as executions of the same state machine.
        name = self.name_of(REPAIR_FAILURE)
        self._allow(["states:StartExecution"], self.arn_of("states", f"stateMachine:{name}"))
        self._allow(
            ["states:DescribeExecution", "states:StopExecution"],
            self.arn_of("states", f"execution:{name}/*"),
        )
        self._allow_tasks()

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

    def _build_starter(self, bundle: Bundle) -> Function:
        machine = self.state_machine.state_machine_arn
        starter = Function(
            self,
            FunctionProps(
                name="start_repair",
                bundle=bundle,
                memory_mb=512,
                timeout_s=60,
                environment={
                    "STATE_MACHINE_ARN": machine,
                    "DATA_BUCKET": self.storage.data.bucket_name,
                },
                asynchronous=True,
            ),
        )
        self._allow_objects(starter, "sources/*", "runs/*", actions=["s3:GetObject"])
        requests = "repairs/*/request.json"
        self._allow_objects(starter, requests, actions=["s3:PutObject"])
        starter.allow(["s3:ListBucket"], self.storage.data.bucket_arn)
        starter.allow(["states:StartExecution"], machine)
        return starter

    def _build_rule(self, workflows: WorkflowsStack) -> None:
        """`run-tests` knows nothing of repairs: its end is an event that Step Functions sends."""
        events.Rule(
            self,
            "RedRuns",
            rule_name=self.name_of("red-runs"),
            description="Repairs what a red run has shown, where its project wants that",
            event_pattern=events.EventPattern(
                source=["aws.states"],
                detail_type=["Step Functions Execution Status Change"],
                detail={
                    "status": ["SUCCEEDED"],
                    "stateMachineArn": [workflows.state_machine.state_machine_arn],
                    "output": [_RED],
                },
            ),
            targets=[
                targets.LambdaFunction(
                    self.starter.function,
                    dead_letter_queue=self.starter.dead_letters,
                    retry_attempts=3,
                )
            ],
        )
