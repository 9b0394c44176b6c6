"""Everything that lasts: the buckets and the tables."""

from __future__ import annotations

from typing import cast

from aws_cdk import Duration
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.base import FleetStack, acknowledge
from testfleet.config import Environment

_STRING = dynamodb.AttributeType.STRING


class StorageStack(FleetStack):
    """Data bucket, models bucket, access logs; runs, events, history, deliveries and quotas."""

    def __init__(self, scope: Construct, config: Environment) -> None:
        super().__init__(scope, "storage", config)
        self.access_logs = self._build_access_logs()
        self.data = self._build_data()
        self.models = self._build_models()
        self.runs = self._build_runs()
        chunk = dynamodb.Attribute(name="chunk", type=_STRING)
        self.history = self._build_table("History", partition_key="suite", sort_key=chunk)
        self.deliveries = self._build_table("Deliveries", partition_key="delivery")
        self.quotas = self._build_table("Quotas", partition_key="document")
        self.events = self._build_events()
        self._build_outputs()

    def wildcard_in_data(self, pattern: str) -> str:
        """How cdk-nag names this wildcard on the data bucket in a policy of another stack."""
        exported = self.resolve(self.export_value(self.data.bucket_arn))["Fn::ImportValue"]
        return f"AwsSolutions-IAM5[Resource::{exported}/{pattern}]"

    def _build_access_logs(self) -> s3.Bucket:
        bucket = self._bucket("AccessLogs", _expire("", self.config.retention.logs_days))
        acknowledge(
            bucket,
            {
                "AwsSolutions-S1": "This bucket receives the access logs of the others; logging "
                "its own accesses would make each log entry cause another."
            },
        )
        return bucket

    def _build_data(self) -> s3.Bucket:
        days = self.config.retention
        data = self._bucket(
            "Data",
            _expire("sources/", days.sources_days),
            _expire("environments/", days.sources_days),
            _expire("runs/", days.runs_days),
            _expire("placement/", days.history_days),
            _expire("clusters/", days.history_days),
            _expire("coverage/", days.history_days),
            _expire("repairs/", days.runs_days),
            _expire("fixes/", days.history_days),
            _expire("inference/", days.runs_days),
            logs=self.access_logs,
        )
        if not self.config.embedded:
            self._announce_objects(data)
        return data

    def _announce_objects(self, bucket: s3.Bucket) -> None:
        """Tell EventBridge of new objects: the recorder of events hears of a run's by it.

        On the resource itself, for which the CDK would deploy a function.
        """
        resource = cast("s3.CfnBucket", bucket.node.default_child)
        on = s3.CfnBucket.EventBridgeConfigurationProperty(event_bridge_enabled=True)
        resource.notification_configuration = s3.CfnBucket.NotificationConfigurationProperty(
            event_bridge_configuration=on
        )

    def _build_models(self) -> s3.Bucket:
        """Versioned: an endpoint can be put back onto the model that it had before."""
        return self._bucket("Models", logs=self.access_logs, versioned=True)

    def _build_runs(self) -> dynamodb.Table:
        table = self._build_table("Runs", partition_key="run_id")
        table.add_global_secondary_index(
            index_name="listing",
            partition_key=dynamodb.Attribute(name="listing", type=_STRING),
            sort_key=dynamodb.Attribute(name="started_at", type=_STRING),
        )
        return table

    def _build_events(self) -> dynamodb.Table:
        number = dynamodb.Attribute(name="sequence", type=dynamodb.AttributeType.NUMBER)
        return self._build_table("Events", partition_key="run_id", sort_key=number)

    def _bucket(
        self,
        name: str,
        *rules: s3.LifecycleRule,
        logs: s3.Bucket | None = None,
        versioned: bool = False,
    ) -> s3.Bucket:
        unfinished = s3.LifecycleRule(abort_incomplete_multipart_upload_after=Duration.days(1))
        return s3.Bucket(
            self,
            name,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            server_access_logs_bucket=logs,
            server_access_logs_prefix=f"{name.lower()}/" if logs else None,
            lifecycle_rules=[*rules, unfinished],
            versioned=versioned,
            removal_policy=self.removal,
        )

    def _build_table(
        self, name: str, *, partition_key: str, sort_key: dynamodb.Attribute | None = None
    ) -> dynamodb.Table:
        return dynamodb.Table(
            self,
            name,
            partition_key=dynamodb.Attribute(name=partition_key, type=_STRING),
            sort_key=sort_key,
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            time_to_live_attribute="expires_at",
            deletion_protection=self.config.protect_data,
            removal_policy=self.removal,
        )

    def _build_outputs(self) -> None:
        self.output("DataBucket", self.data.bucket_name, "Sources, environments and runs")
        self.output("ModelsBucket", self.models.bucket_name, "Model archives of the endpoints")
        self.output("RunsTable", self.runs.table_name, "The list of runs")
        self.output("EventsTable", self.events.table_name, "What happens to runs")
        self.output("HistoryTable", self.history.table_name, "Durations of past runs")
        self.output("QuotasTable", self.quotas.table_name, "The use of the quotas")


def _expire(prefix: str, days: int) -> s3.LifecycleRule:
    return s3.LifecycleRule(prefix=prefix or None, expiration=Duration.days(days))
