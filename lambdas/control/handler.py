"""Every control step of `run-tests`: one function, so that a run meets one cold start only."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from functools import cache, partial
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel

from lambdas.settings import read_settings
from testfleet.aws import clients
from testfleet.aws.dead_letters import SqsDeadLetters
from testfleet.aws.events import DynamoEventStore, EventBridgeBus
from testfleet.aws.history import DynamoHistoryStore
from testfleet.aws.inference import SageMakerEndpoint, StepFunctionsTokens
from testfleet.aws.objects import S3ObjectStore
from testfleet.aws.quotas import DynamoQuotaStore
from testfleet.aws.runs import DynamoRunStore
from testfleet.aws.secrets import SecretReader
from testfleet.config import Environment, load_environment
from testfleet.contracts.base import PAYLOAD_LIMIT_BYTES, utc_now
from testfleet.contracts.report import RunReport
from testfleet.scm.tarball import GITHUB_HOSTS, FetchPolicy, fetch_source
from testfleet.workflow.confidence import doubts, embedded_metrics
from testfleet.workflow.keys import RunKeys
from testfleet.workflow.question import Model
from testfleet.workflow.step import Stream
from testfleet.workflow.steps import RunTests, StepAnswer, World

logger = Logger(service="control")


class Settings(BaseModel):
    """The function's environment variables."""

    DATA_BUCKET: str
    RUNS_TABLE: str
    HISTORY_TABLE: str
    QUOTAS_TABLE: str
    EVENTS_TABLE: str
    EVENT_BUS: str
    DEAD_LETTERS_URL: str
    TESTFLEET_ENVIRONMENT: str
    WORKER_IMAGE: str
    CODE_HOST_TOKEN_SECRET: str | None = None
    CLASSIFIER_ENDPOINT: str | None = None
    AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME: str | None = None
    """On the embedded AWS: the local model server, where there is one."""


@logger.inject_lambda_context
def handler(event: dict[str, Any], _context: LambdaContext) -> StepAnswer:
    """Run the step that `event` names and answer with its small result."""
    step, run_id = event["step"], event["run_id"]
    logger.append_keys(step=step, run_id=run_id)
    run = _current.of(run_id)
    answer = _step(run, event)()
    if step in _STEPS_THAT_TELL:
        run.record()
    if step == "Report":
        _tell_doubts(run_id)
    if step in _LAST_STEPS:
        _current.forget()
    return _guard_payload(answer)


_LAST_STEPS = ("Report", "ReportFailure")
_STEPS_THAT_TELL = ("Plan", "Replan", *_LAST_STEPS)
"""Steps that end something, or come after it: others change nothing that a reader sees."""


def _tell_doubts(run_id: str) -> None:
    """Leave in the log, as metrics, how sure the classifier was."""
    world = _world()
    body = world.objects.get(RunKeys(run_id).report)
    found = doubts(RunReport.model_validate_json(body)) if body else None
    if found is not None:
        at_ms = int(time.time() * 1_000)
        sys.stdout.write(embedded_metrics(found, world.environment.name, at_ms) + "\n")


class _Current:
    """The run that this sandbox works on: its results are read once, not in every step."""

    def __init__(self) -> None:
        self._run: RunTests | None = None

    def of(self, run_id: str) -> RunTests:
        if self._run is None or self._run.run_id != run_id:
            self._run = RunTests(_world(), run_id)
        return self._run

    def forget(self) -> None:
        self._run = None


_current = _Current()


def _step(run: RunTests, event: dict[str, Any]) -> Callable[[], StepAnswer]:
    steps: dict[str, Callable[[], StepAnswer]] = {
        "Admit": run.admit,
        "FetchSource": run.fetch_source,
        "PrepareEnvironment": run.prepare_environment,
        "Plan": run.plan,
        "Replan": lambda: run.replan(event["round"]),
        "Aggregate": run.aggregate,
        "Investigate": run.investigate,
        "AskModel": lambda: run.ask_model(event["token"]),
        "Report": run.report,
        "ReportFailure": lambda: run.report_failure(event["error"]),
        "RecordLoss": lambda: run.record_loss(event["shard_id"], event["error"]),
    }
    return steps[event["step"]]


@cache
def _world() -> World:
    settings = read_settings(Settings, os.environ)
    environment = load_environment(settings.TESTFLEET_ENVIRONMENT)
    return World(
        environment=environment,
        objects=S3ObjectStore(clients.s3(), settings.DATA_BUCKET),
        runs=DynamoRunStore(
            clients.dynamodb(),
            settings.RUNS_TABLE,
            timedelta(days=environment.retention.history_days),
        ),
        history=DynamoHistoryStore(clients.dynamodb(), settings.HISTORY_TABLE),
        fetch_tarball=partial(_fetch, environment, settings.CODE_HOST_TOKEN_SECRET),
        now=utc_now,
        image=settings.WORKER_IMAGE,
        quotas=DynamoQuotaStore(clients.dynamodb(), settings.QUOTAS_TABLE),
        stream=Stream(
            DynamoEventStore(
                clients.dynamodb(),
                settings.EVENTS_TABLE,
                timedelta(days=environment.retention.runs_days),
            ),
            EventBridgeBus(clients.events(), settings.EVENT_BUS),
        ),
        dead_letters=SqsDeadLetters(clients.sqs(), settings.DEAD_LETTERS_URL),
        model=_model(settings, environment),
    )


def _model(settings: Settings, environment: Environment) -> Model | None:
    endpoint, server = settings.CLASSIFIER_ENDPOINT, settings.AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME
    if endpoint is None or (environment.embedded and server is None):
        return None
    return Model(
        SageMakerEndpoint(clients.sagemaker_runtime(), endpoint, settings.DATA_BUCKET),
        StepFunctionsTokens(clients.stepfunctions()),
    )


def _fetch(environment: Environment, token_secret: str | None, url: str) -> bytes:
    policy = FetchPolicy(
        hosts=GITHUB_HOSTS,
        token=_secrets().read(token_secret) if token_secret else None,
        # For the embedded AWS alone, where a server on this machine stands in for a code host.
        allow_loopback_http=environment.embedded,
    )
    return fetch_source(url, policy).body


@cache
def _secrets() -> SecretReader:
    return SecretReader(clients.secretsmanager(), time.monotonic)


def _guard_payload(answer: StepAnswer) -> StepAnswer:
    size = len(json.dumps(answer).encode())
    if size >= PAYLOAD_LIMIT_BYTES:
        raise ValueError(f"a step's answer of {size} bytes exceeds the limit of a state's payload")
    return answer
