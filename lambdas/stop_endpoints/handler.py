"""The budget's function: from a notification to stopped endpoints. Tests go on without them."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel, Field

from lambdas.settings import read_settings
from testfleet.aws import clients
from testfleet.aws.endpoints import ScalableEndpoints, Stopped
from testfleet.costs.budget import BudgetAlert, StopRule, endpoints_to_stop, read_notifications

logger = Logger(service="stop-endpoints")

_RESOURCE_ID = r"endpoint/[^/,\s]+/variant/[^/,\s]+"


class Settings(BaseModel):
    """The function's environment variables."""

    ENDPOINT_RESOURCE_IDS: str = Field(pattern=rf"^({_RESOURCE_ID}(\s*,\s*{_RESOURCE_ID})*)?$")
    """Separated by commas; empty where no model is deployed."""
    STOP_AT_SHARE: float = Field(default=1.0, gt=0, le=10)

    @property
    def rules(self) -> tuple[StopRule, ...]:
        """One rule an endpoint."""
        names = [name.strip() for name in self.ENDPOINT_RESOURCE_IDS.split(",")]
        return tuple(StopRule(name, self.STOP_AT_SHARE) for name in names if name)


@logger.inject_lambda_context
def handler(event: dict[str, Any], _context: LambdaContext) -> list[dict[str, Any]]:
    """Stop what each budget alert in an SNS event stops, and tell what became of it."""
    return [_stop(alert, _settings().rules) for alert in read_notifications(event)]


def _stop(alert: BudgetAlert, rules: Sequence[StopRule]) -> dict[str, Any]:
    names = endpoints_to_stop(alert, rules)
    done = ScalableEndpoints(clients.autoscaling()).stop(names) if names else Stopped()
    answer = {"budget": alert.budget, "kind": alert.kind, "share": round(alert.share, 4)}
    answer |= dataclasses.asdict(done)
    logger.info(
        "budget alert; a stopped endpoint runs again once the maximum of its scalable target is "
        "raised: aws application-autoscaling register-scalable-target",
        extra=answer,
    )
    return answer


@cache
def _settings() -> Settings:
    return read_settings(Settings, os.environ)
