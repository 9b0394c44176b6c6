"""The schedules' function in a mocked account."""

import boto3
import pytest

from lambdas.start_scheduled_run import handler as schedule
from testfleet.contracts.run import Mode, RunRequest
from testfleet.errors import UsageError
from tests.aws_samples import BUCKET, Context, make_bucket, make_machine, mocked_account

TICK = {"kind": "smoke", "repository": "octo/shop", "time": "2025-06-01T12:00:00Z"}


@pytest.fixture(autouse=True)
def account(monkeypatch):
    with mocked_account(monkeypatch):
        monkeypatch.setenv("DATA_BUCKET", make_bucket())
        monkeypatch.setenv("STATE_MACHINE_ARN", make_machine())
        schedule._launcher.cache_clear()
        yield
        schedule._launcher.cache_clear()


def executions():
    client = boto3.client("stepfunctions")
    arn = client.list_state_machines()["stateMachines"][0]["stateMachineArn"]
    return [one["name"] for one in client.list_executions(stateMachineArn=arn)["executions"]]


def test_a_tick_starts_the_run_of_its_branch():
    run_id = schedule.handler(TICK, Context())["run_id"]
    stored = boto3.client("s3").get_object(Bucket=BUCKET, Key=f"runs/{run_id}/request.json")
    request = RunRequest.model_validate_json(stored["Body"].read())
    assert executions() == [run_id]
    assert (request.mode, request.source.tarball_url[-13:]) == (Mode.LIGHTWEIGHT, "/tarball/main")


def test_a_tick_that_comes_twice_starts_one_run():
    first, second = (schedule.handler(TICK, Context()) for _ in range(2))
    assert first == second and len(executions()) == 1


def test_a_wrong_tick_fails_with_its_key_and_starts_nothing():
    with pytest.raises(UsageError, match="repository: "):
        schedule.handler(TICK | {"repository": "shop"}, Context())
    assert executions() == []
