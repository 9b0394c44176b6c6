from __future__ import annotations

from typing import Any

import pytest
from aws_cdk.assertions import Match

from tests.infrastructure.templates import Assembly, as_list, read


def _buckets(assembly: Assembly) -> dict[str, dict[str, Any]]:
    return {
        name: resource["Properties"] for _, name, resource in assembly.resources("AWS::S3::Bucket")
    }


def test_every_bucket_is_encrypted_and_closed_to_the_public(account: Assembly) -> None:
    buckets = _buckets(account)

    assert len(buckets) == 3
    for properties in buckets.values():
        assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
        rules = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert rules[0]["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"


def test_every_bucket_refuses_plain_http_and_old_tls(account: Assembly) -> None:
    refused: dict[str, set[str]] = {}
    for _, _, policy in account.resources("AWS::S3::BucketPolicy"):
        properties = policy["Properties"]
        for statement in properties["PolicyDocument"]["Statement"]:
            if statement["Effect"] == "Deny" and as_list(statement["Action"]) == ["s3:*"]:
                bucket = refused.setdefault(properties["Bucket"]["Ref"], set())
                bucket |= {str(test) for test in statement["Condition"].values()}

    plain_http, old_tls = "{'aws:SecureTransport': 'false'}", "{'s3:TlsVersion': 1.2}"
    assert refused == {name: {plain_http, old_tls} for name in _buckets(account)}


def test_objects_expire_as_the_configuration_says(account: Assembly) -> None:
    [data] = [p for name, p in _buckets(account).items() if name.startswith("Data")]
    days = account.config.retention

    found = {
        rule["Prefix"]: rule["ExpirationInDays"]
        for rule in data["LifecycleConfiguration"]["Rules"]
        if "Prefix" in rule
    }

    assert found == {
        "sources/": days.sources_days,
        "environments/": days.sources_days,
        "placement/": days.history_days,
        "clusters/": days.history_days,
        "coverage/": days.history_days,
        "fixes/": days.history_days,
        "repairs/": days.runs_days,
        "runs/": days.runs_days,
        "inference/": days.runs_days,
    }


def test_accesses_to_data_and_models_are_logged(account: Assembly) -> None:
    logged = {
        read(properties["LoggingConfiguration"]["DestinationBucketName"])
        for name, properties in _buckets(account).items()
        if not name.startswith("AccessLogs")
    }

    assert logged == {"<AccessLogs>"}


@pytest.mark.parametrize(
    ("table", "keys"),
    [
        ("Runs", ["run_id"]),
        ("History", ["suite", "chunk"]),
        ("Deliveries", ["delivery"]),
        ("Quotas", ["document"]),
        ("Events", ["run_id", "sequence"]),
    ],
)
def test_tables_are_on_demand_with_recovery_and_expiry(
    account: Assembly, table: str, keys: list[str]
) -> None:
    [properties] = [
        resource["Properties"]
        for _, name, resource in account.resources("AWS::DynamoDB::Table")
        if name.startswith(table)
    ]

    assert [key["AttributeName"] for key in properties["KeySchema"]] == keys
    assert properties["BillingMode"] == "PAY_PER_REQUEST"
    assert properties["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]
    assert properties["TimeToLiveSpecification"] == {
        "AttributeName": "expires_at",
        "Enabled": True,
    }


def test_runs_are_listed_by_their_start(dev: Assembly) -> None:
    dev.template("storage").has_resource_properties(
        "AWS::DynamoDB::Table",
        {
            "GlobalSecondaryIndexes": [
                {
                    "IndexName": "listing",
                    "KeySchema": [
                        {"AttributeName": "listing", "KeyType": "HASH"},
                        {"AttributeName": "started_at", "KeyType": "RANGE"},
                    ],
                    "Projection": {"ProjectionType": "ALL"},
                }
            ]
        },
    )


@pytest.mark.parametrize(
    ("environment", "policy"), [("dev", "Delete"), ("staging", "Delete"), ("prod", "Retain")]
)
def test_data_outlive_their_stack_only_where_they_are_protected(
    synthesize: Any, environment: str, policy: str
) -> None:
    assembly: Assembly = synthesize(environment)
    kinds = ("AWS::S3::Bucket", "AWS::DynamoDB::Table")

    found = {r["DeletionPolicy"] for kind in kinds for _, _, r in assembly.resources(kind)}

    assert found == {policy}


def test_no_custom_resource_empties_buckets_or_does_anything_else(local: Assembly) -> None:
    # One that fails on the embedded AWS keeps a deployment waiting for an hour.
    kinds = {r["Type"] for stack in local.stacks.values() for r in stack["Resources"].values()}

    assert not [kind for kind in kinds if "Custom" in kind]


def test_the_outputs_that_the_command_reads_are_there(local: Assembly) -> None:
    template = local.template("storage")

    for name in ("DataBucket", "RunsTable", "HistoryTable", "QuotasTable", "ModelsBucket"):
        template.has_output(name, {"Value": Match.any_value()})
