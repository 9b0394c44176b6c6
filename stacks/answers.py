"""Where the classifier's endpoint announces its answers, and the function that hears them."""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from stacks.base import FleetStack, acknowledge
from stacks.code import Bundle
from stacks.function import Function, FunctionProps
from stacks.storage import StorageStack
from stacks.topic import Topics
from stacks.workflows import WorkflowsStack
from testfleet.config import Environment


@dataclass(frozen=True, kw_only=True)
class AnswerProps:
    """Whose answers they are, and who waits for them."""

    bundle: Bundle
    storage: StorageStack
    workflows: WorkflowsStack


class AnswersStack(FleetStack):
    """Topics for good and bad ends of inferences, and the function that gives tokens back.

    Apart from the models: the embedded AWS has none of these, but a server that stands in.
    """

    def __init__(self, scope: Construct, config: Environment, props: AnswerProps) -> None:
        super().__init__(scope, "answers", config)
        self.topics = Topics(self, publisher=None)
        self.success = self.topics.add("Success")
        self.error = self.topics.add("Error")
        self.function = self._build_function(props)
        self._subscribe(self.success, self.error)
        self.output("InferenceSuccessTopic", self.success.topic_arn, "Answers of the models")
        self.output("InferenceErrorTopic", self.error.topic_arn, "Failed inferences")

    def _build_function(self, props: AnswerProps) -> Function:
        data = props.storage.data
        function = Function(
            self,
            FunctionProps(
                name="model_answer",
                bundle=props.bundle,
                memory_mb=512,
                timeout_s=30,
                environment={"DATA_BUCKET": data.bucket_name},
                asynchronous=True,
            ),
        )
        waiting = "inference/classifier/waiting/*"
        answered = "inference/classifier/answered/*"
        function.allow(["s3:GetObject"], data.arn_for_objects(waiting))
        function.allow(["s3:PutObject"], data.arn_for_objects(answered))
        reason = "Questions are named by their run."
        findings = [props.storage.wildcard_in_data(each) for each in (waiting, answered)]
        acknowledge(function, dict.fromkeys(findings, reason))
        # Without it S3 answers 403 instead of 404 for a question that nobody has asked.
        function.allow(["s3:ListBucket"], data.bucket_arn)
        machine = props.workflows.state_machine
        machine.grant_task_response(function.function)
        return function

    def _subscribe(self, *topics: sns.Topic) -> None:
        for topic in topics:
            topic.add_subscription(subscriptions.LambdaSubscription(self.function.function))
