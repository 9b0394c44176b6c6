"""Deliveries, secrets, executions and endpoints against moto."""

import json
from datetime import timedelta

import boto3
import pytest
from botocore.exceptions import ClientError

from testfleet.aws.deliveries import DynamoDeliveries
from testfleet.aws.endpoints import ScalableEndpoints, Stopped
from testfleet.aws.executions import RunLauncher, StepFunctionsExecutions
from testfleet.aws.objects import S3ObjectStore
from testfleet.aws.secrets import KEPT_S, SecretReader
from testfleet.errors import FleetError
from testfleet.scm.webhook import Delivery, WebhookPolicy, examine
from tests.aws_samples import (
    make_bucket,
    make_deliveries,
    make_machine,
    make_target,
    mocked_account,
)
from tests.webhook_samples import KEY, NOW, http_event, push_payload


@pytest.fixture(autouse=True)
def account(monkeypatch):
    with mocked_account(monkeypatch):
        yield


@pytest.fixture
def deliveries():
    return DynamoDeliveries(boto3.client("dynamodb"), make_deliveries())


@pytest.fixture
def executions():
    return StepFunctionsExecutions(boto3.client("stepfunctions"), make_machine())


def delivery(*keys, run_id="20250601-120000-abcdef"):
    return Delivery(keys, run_id, NOW + timedelta(days=3, milliseconds=1))


class TestDeliveries:
    def test_a_claim_keeps_all_keys_until_the_window_is_over(self, deliveries):
        assert deliveries.claim(delivery("delivery#1", "body#1"))
        items = deliveries.client.scan(TableName=deliveries.table)["Items"]
        assert {item["delivery"]["S"] for item in items} == {"delivery#1", "body#1"}
        assert {item["expires_at"]["N"] for item in items} == {"1749038401"}

    @pytest.mark.parametrize("keys", [("a", "b"), ("a", "c"), ("c", "b")])
    def test_one_known_key_of_a_started_run_refuses_the_claim(self, deliveries, keys):
        deliveries.claim(delivery("a", "b"))
        deliveries.confirm(delivery("a", "b"))
        assert not deliveries.claim(delivery(*keys))

    def test_a_refused_claim_leaves_nothing_behind(self, deliveries):
        deliveries.claim(delivery("a"))
        deliveries.confirm(delivery("a"))
        deliveries.claim(delivery("a", "b"))
        assert deliveries.claim(delivery("b"))

    def test_a_claim_that_was_not_confirmed_may_be_taken_again(self, deliveries):
        assert deliveries.claim(delivery("a", "b"))
        assert deliveries.claim(delivery("a", "b"))

    def test_a_missing_table_is_named_in_the_error(self):
        lost = DynamoDeliveries(boto3.client("dynamodb"), "no-such-table")
        for call in (lost.claim, lost.confirm):
            with pytest.raises(FleetError, match=r"the delivery: .*ResourceNotFound"):
                call(delivery("a"))


class TestSecrets:
    def test_a_secret_is_asked_for_once_in_five_minutes(self):
        client, seconds = boto3.client("secretsmanager"), [0.0]
        client.create_secret(Name="hook", SecretString="first")
        reader = SecretReader(client, lambda: seconds[0])
        assert reader.read("hook") == "first"
        client.put_secret_value(SecretId="hook", SecretString="second")
        seconds[0] = KEPT_S
        assert reader.read("hook") == "first"
        seconds[0] = KEPT_S + 1
        assert reader.read("hook") == "second"

    def test_a_missing_secret_is_refused_with_the_next_step(self):
        reader = SecretReader(boto3.client("secretsmanager"), lambda: 0.0)
        with pytest.raises(FleetError, match="cannot read the secret hook") as raised:
            reader.read("hook")
        assert "put-secret-value --secret-id hook" in raised.value.hint

    def test_a_binary_secret_is_refused(self):
        client = boto3.client("secretsmanager")
        client.create_secret(Name="hook", SecretBinary=b"x")
        with pytest.raises(FleetError, match="is binary, expected text"):
            SecretReader(client, lambda: 0.0).read("hook")

    def test_no_secret_shows_in_the_readers_text(self):
        client = boto3.client("secretsmanager")
        client.create_secret(Name="hook", SecretString="hidden-value")
        reader = SecretReader(client, lambda: 0.0)
        assert reader.read("hook") not in repr(reader)


class TestExecutions:
    RUN = "20250601-120000-abcdef"

    def test_a_run_is_started_once_under_its_own_name(self, executions):
        executions.start(self.RUN)
        executions.start(self.RUN)
        found = executions.client.list_executions(stateMachineArn=executions.state_machine_arn)
        assert [one["name"] for one in found["executions"]] == [self.RUN]

    def test_the_input_is_the_runs_id(self, executions):
        executions.start(self.RUN)
        arn = executions.state_machine_arn.replace(":stateMachine:", ":execution:")
        given = executions.client.describe_execution(executionArn=f"{arn}:{self.RUN}")["input"]
        assert json.loads(given) == {"run_id": self.RUN}

    def test_the_state_is_told_for_known_stopped_and_unknown_runs(self, executions):
        assert executions.state(self.RUN) == "MISSING"
        executions.start(self.RUN)
        assert executions.state(self.RUN) == "RUNNING"
        executions.stop(self.RUN)
        assert executions.state(self.RUN) == "ABORTED"

    def test_stopping_twice_or_what_never_ran_is_no_error(self, executions):
        executions.stop(self.RUN)
        executions.start(self.RUN)
        executions.stop(self.RUN)
        executions.stop(self.RUN)
        assert executions.state(self.RUN) == "ABORTED"

    def test_a_missing_machine_is_the_fleets_fault(self, executions):
        arn = f"{executions.state_machine_arn}-gone"
        with pytest.raises(FleetError, match="cannot start run"):
            StepFunctionsExecutions(executions.client, arn).start(self.RUN)

    def test_a_launch_leaves_the_request_in_the_bucket(self, executions):
        objects = S3ObjectStore(boto3.client("s3"), make_bucket())
        request = examine(http_event(push_payload()), KEY, WebhookPolicy(), NOW).request
        RunLauncher(objects, executions).launch(request)
        assert objects.get(f"runs/{request.run_id}/request.json") == (
            request.model_dump_json().encode()
        )
        assert executions.state(request.run_id) == "RUNNING"

    def test_no_run_starts_whose_request_could_not_be_stored(self, executions):
        objects = S3ObjectStore(boto3.client("s3"), "no-such-bucket")
        request = examine(http_event(push_payload()), KEY, WebhookPolicy(), NOW).request
        with pytest.raises(FleetError, match="cannot store the request"):
            RunLauncher(objects, executions).launch(request)
        assert executions.state(request.run_id) == "MISSING"


class TestEndpoints:
    def test_endpoints_are_held_at_zero_and_reported(self):
        client = boto3.client("application-autoscaling")
        one, two = make_target("classifier", most=3), make_target("fixer", most=0)
        gone = "endpoint/gone/variant/main"
        done = ScalableEndpoints(client).stop([one, two, gone])
        assert done == Stopped(stopped=(one,), already_stopped=(two,), missing=(gone,))
        targets = client.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
        assert {(t["MinCapacity"], t["MaxCapacity"]) for t in targets} == {(0, 0)}

    def test_stopping_again_changes_nothing(self):
        endpoints = ScalableEndpoints(boto3.client("application-autoscaling"))
        one = make_target("classifier", most=3)
        endpoints.stop([one])
        assert endpoints.stop([one]) == Stopped(already_stopped=(one,))

    def test_one_endpoint_that_does_not_stop_keeps_no_other_running(self):
        client = boto3.client("application-autoscaling")
        bad, good = make_target("classifier", most=3), make_target("fixer", most=2)

        def refuse(params, **_):
            if params["ResourceId"] == bad:
                raise ClientError({"Error": {"Code": "ConcurrentUpdateException"}}, "Register")

        client.meta.events.register(
            "provide-client-params.application-autoscaling.RegisterScalableTarget", refuse
        )
        with pytest.raises(FleetError, match=f"still run: {bad}: .*ConcurrentUpdate"):
            ScalableEndpoints(client).stop([bad, good])
        assert ScalableEndpoints(client)._largest_capacities([good]) == {good: 0}
