"""The webhook's function in a mocked account."""

import importlib
import json
from datetime import UTC, datetime

import boto3
import pytest

from lambdas.webhook import handler as webhook
from testfleet.contracts.run import RunRequest
from tests.aws_samples import (
    BUCKET,
    Context,
    logged,
    make_bucket,
    make_deliveries,
    make_machine,
    mocked_account,
)
from tests.webhook_samples import KEY, http_event, pull_request_payload, push_payload


@pytest.fixture(autouse=True)
def account(monkeypatch):
    with mocked_account(monkeypatch):
        boto3.client("secretsmanager").create_secret(Name="hook", SecretString=KEY.decode() + "\n")
        monkeypatch.setenv("DATA_BUCKET", make_bucket())
        monkeypatch.setenv("DELIVERIES_TABLE", make_deliveries())
        monkeypatch.setenv("STATE_MACHINE_ARN", make_machine())
        monkeypatch.setenv("WEBHOOK_SECRET_ID", "hook")
        webhook._intake.cache_clear()
        yield
        webhook._intake.cache_clear()


def push(**changes):
    repository = {"full_name": "octo/shop", "pushed_at": int(datetime.now(UTC).timestamp())}
    return push_payload(**{"repository": repository} | changes)


def call(event):
    answer = webhook.handler(event, Context())
    return answer["statusCode"], json.loads(answer["body"])


def runs():
    client = boto3.client("stepfunctions")
    arn = client.list_state_machines()["stateMachines"][0]["stateMachineArn"]
    return [one["name"] for one in client.list_executions(stateMachineArn=arn)["executions"]]


def stored_request(run_id):
    answer = boto3.client("s3").get_object(Bucket=BUCKET, Key=f"runs/{run_id}/request.json")
    return RunRequest.model_validate_json(answer["Body"].read())


def test_a_push_starts_the_run_that_it_answers():
    status, body = call(http_event(push()))
    assert (status, runs()) == (202, [body["run_id"]])
    assert stored_request(body["run_id"]).repository == "octo/shop"


def test_a_forks_pull_request_starts_an_untrusted_run():
    payload = pull_request_payload(
        head_repo="mallory/shop", updated_at=datetime.now(UTC).isoformat()
    )
    status, body = call(http_event(payload, "pull_request", encoded=True))
    assert status == 202 and not stored_request(body["run_id"]).source.trusted


def test_the_same_delivery_starts_one_run():
    event = http_event(push())
    assert [call(event)[0], call(event)[0]] == [202, 200]
    assert len(runs()) == 1


def test_a_forged_request_starts_nothing():
    assert call(http_event(push(), key=b"guess"))[0] == 401
    assert runs() == []


def test_a_start_that_fails_is_503_and_its_redelivery_starts_the_run():
    event = http_event(push())
    boto3.client("s3").delete_bucket(Bucket=BUCKET)
    status, body = call(event)
    assert status == 503 and BUCKET not in body["message"]
    make_bucket()
    assert call(event)[0] == 202 and len(runs()) == 1


@pytest.fixture
def eager_logging(monkeypatch):
    """Powertools reads this variable when the handler is decorated."""
    monkeypatch.setenv("POWERTOOLS_LOGGER_LOG_EVENT", "true")
    importlib.reload(webhook)
    yield
    monkeypatch.delenv("POWERTOOLS_LOGGER_LOG_EVENT")
    importlib.reload(webhook)


def test_neither_secret_nor_body_nor_signature_is_logged(eager_logging):
    events = [http_event(push(note="private-note")), http_event({"x": "private-note"}, "star")]
    for event in [*events, http_event(push(note="private-note"), key=b"guess")]:
        with logged(webhook.logger) as log:
            call(event)
        text = log.getvalue()
        assert '"status"' in text and "private-note" not in text and KEY.decode() not in text
        assert event["headers"]["x-hub-signature-256"][7:] not in text


@pytest.mark.parametrize(
    ("variable", "value", "explanation"),
    [
        ("WEBHOOK_SECRET_ID", "missing", "put-secret-value --secret-id missing"),
        ("STATE_MACHINE_ARN", "run-tests", "STATE_MACHINE_ARN: "),
    ],
)
def test_a_wrong_set_up_is_500_and_explained_in_the_log_only(
    monkeypatch, variable, value, explanation
):
    monkeypatch.setenv(variable, value)
    with logged(webhook.logger) as log:
        status, body = call(http_event(push()))
    assert (status, body) == (500, {"message": "the webhook is not set up, its log says why"})
    assert explanation in log.getvalue()


def test_a_guessable_secret_is_a_wrong_set_up():
    boto3.client("secretsmanager").put_secret_value(SecretId="hook", SecretString="short")
    assert call(http_event(push(), key=b"short"))[0] == 500
    assert runs() == []


def test_the_policy_comes_from_the_environment(monkeypatch):
    monkeypatch.setenv("MAX_BODY_BYTES", "1024")
    monkeypatch.setenv("RUN_TAGS", "true")
    monkeypatch.setenv("CODE_HOST_API", "https://ghe.example.com/api/v3")
    assert call(http_event(push(note="x" * 1024)))[0] == 413
    status, body = call(http_event(push(ref="refs/tags/v1")))
    assert status == 202
    assert stored_request(body["run_id"]).source.tarball_url.startswith("https://ghe.example.com/")
