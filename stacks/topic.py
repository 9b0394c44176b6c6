"""Encrypted SNS topics that AWS services publish to."""

from __future__ import annotations

from aws_cdk import Aws, Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from constructs import Construct


class Topics(Construct):
    """A key, and topics encrypted with it.

    SNS's own AWS-managed key cannot be used by other services, so alarms and budgets would be
    silently dropped: hence a key whose policy lets the publishing services in.
    """

    def __init__(self, scope: Construct, publisher: str | None) -> None:
        """`publisher` is the service that publishes, e.g. `cloudwatch`; None for roles of ours."""
        super().__init__(scope, "Topics")
        self._service = iam.ServicePrincipal(f"{publisher}.amazonaws.com") if publisher else None
        self.key = self._build_key()

    def add(self, name: str) -> sns.Topic:
        """A topic that only takes encrypted connections."""
        topic = sns.Topic(self, name, master_key=self.key, enforce_ssl=True)
        if self._service:
            topic.add_to_resource_policy(
                iam.PolicyStatement(
                    principals=[self._service],
                    actions=["sns:Publish"],
                    resources=[topic.topic_arn],
                    conditions=_FROM_THIS_ACCOUNT,
                )
            )
        return topic

    def allow_publishing(self, role: iam.Role, *topics: sns.Topic) -> None:
        """Let a role of ours publish, for which it has to use the key as well."""
        arns = [topic.topic_arn for topic in topics]
        role.add_to_policy(iam.PolicyStatement(actions=["sns:Publish"], resources=arns))
        use = ["kms:Decrypt", "kms:GenerateDataKey"]
        role.add_to_policy(iam.PolicyStatement(actions=use, resources=[self.key.key_arn]))

    def _build_key(self) -> kms.Key:
        key = kms.Key(
            self,
            "Key",
            description="Notifications of Testfleet",
            enable_key_rotation=True,
            pending_window=Duration.days(7),
            removal_policy=RemovalPolicy.DESTROY,
        )
        if self._service:
            key.add_to_resource_policy(
                iam.PolicyStatement(
                    principals=[self._service],
                    actions=["kms:Decrypt", "kms:GenerateDataKey"],
                    resources=["*"],  # in a key's own policy: this key
                    conditions=_FROM_THIS_ACCOUNT,
                )
            )
        return key


_FROM_THIS_ACCOUNT = {"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}}
