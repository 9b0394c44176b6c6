"""The function that keeps capacity warm: from a tick of the clock to what each service provides."""

from __future__ import annotations

import dataclasses
import os
import time
from datetime import timedelta
from functools import cache, partial
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel, Field, Json

from lambdas.settings import read_settings
from testfleet.aws import clients
from testfleet.aws.provisioning import MonthlyBudget, WarmInstances, WarmWorkers
from testfleet.aws.runs import DynamoRunStore
from testfleet.aws.secrets import SecretReader
from testfleet.config import Environment, load_environment
from testfleet.contracts.base import utc_now
from testfleet.contracts.plan import Compute
from testfleet.costs.prices import INSTANCE_HOUR, LAMBDA_WARM_GB_S
from testfleet.errors import UsageError
from testfleet.scm.github import GITHUB_API
from testfleet.scm.pulls import PullRequest, pulls_url, read_pulls
from testfleet.scm.tarball import GITHUB_HOSTS, FetchPolicy, fetch_document
from testfleet.workflow.provisioning import Unit, WarmCapacity

logger = Logger(service="provision")

_HOUR_S = 3600
_MB_PER_GB = 1024


class Settings(BaseModel):
    """The function's environment variables."""

    TESTFLEET_ENVIRONMENT: str
    RUNS_TABLE: str
    ACCOUNT: str = Field(pattern=r"^\d{12}$")
    BUDGET: str
    WORKER_FUNCTION: str = ""
    WORKER_ALIAS: str = ""
    """Empty where no workers are kept warm."""
    CODE_HOST_API: str = Field(default=GITHUB_API, pattern=r"^https://[!-~]+$")
    CODE_HOST_TOKEN_SECRET: str | None = None
    ENDPOINTS: Json[dict[str, str]] = Field(default="{}", validate_default=True)
    """Scalable targets by the endpoint's name in the configuration, as JSON."""


@logger.inject_lambda_context
def handler(_event: dict[str, Any], _context: LambdaContext) -> list[dict[str, Any]]:
    """Bring warm capacity to what the next hours need, and tell what was done."""
    done = [dataclasses.asdict(each) for each in _warm_capacity().provide(utc_now())]
    logger.info("warm capacity", extra={"provided": done})
    return done


def _warm_capacity() -> WarmCapacity:
    settings = _settings()
    environment = load_environment(settings.TESTFLEET_ENVIRONMENT)
    session = clients.session()
    budget = MonthlyBudget(session.client("budgets"), settings.ACCOUNT, settings.BUDGET)
    return WarmCapacity(
        runs=DynamoRunStore(
            clients.dynamodb(),
            settings.RUNS_TABLE,
            timedelta(days=environment.retention.history_days),
        ),
        units=[*_workers(settings, environment), *_instances(settings, environment)],
        scaling=environment.scaling,
        spent_usd=budget.spent_usd(),
        limit_usd=environment.budget.monthly_usd,
        pulls=partial(_pulls, settings),
    )


def _pulls(settings: Settings, repository: str) -> list[PullRequest]:
    secret = settings.CODE_HOST_TOKEN_SECRET
    token = SecretReader(clients.secretsmanager(), time.monotonic).read(secret) if secret else None
    policy = FetchPolicy(hosts=GITHUB_HOSTS, token=token, read_timeout_s=5, total_timeout_s=10)
    return read_pulls(fetch_document(pulls_url(settings.CODE_HOST_API, repository), policy))


def _workers(settings: Settings, environment: Environment) -> list[Unit]:
    if not settings.WORKER_ALIAS:
        return []
    session = clients.session()
    provisioner = WarmWorkers(
        session.client("lambda"),
        session.client("cloudwatch"),
        settings.WORKER_FUNCTION,
        settings.WORKER_ALIAS,
        utc_now,
    )
    memory_gb = environment.largest(Compute.LAMBDA).memory_mb / _MB_PER_GB
    price = memory_gb * LAMBDA_WARM_GB_S * _HOUR_S
    return [Unit(provisioner, environment.scaling.warm_workers, price)]


def _instances(settings: Settings, environment: Environment) -> list[Unit]:
    session, scaling = clients.session(), environment.scaling
    return [
        Unit(
            WarmInstances(
                clients.autoscaling(), session.client("cloudwatch"), resource_id, utc_now
            ),
            scaling.warm_instances,
            _price(environment, name),
            scaling.workers_per_instance,
        )
        for name, resource_id in settings.ENDPOINTS.items()
    ]


def _price(environment: Environment, name: str) -> float:
    kinds = {endpoint: each.instance_type for endpoint, each in environment.endpoints.items()}
    kind = next(kind for endpoint, kind in kinds.items() if endpoint == name)
    if kind not in INSTANCE_HOUR:
        raise UsageError(
            f"endpoint {name}: no price of {kind} is known, only of {', '.join(INSTANCE_HOUR)}",
            hint="add it to testfleet/costs/prices.py, or set warm_instances = 0",
        )
    return INSTANCE_HOUR[kind]


@cache
def _settings() -> Settings:
    return read_settings(Settings, os.environ)
