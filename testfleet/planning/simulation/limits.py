"""What AWS allows, as data: `limits.toml` beside this module, each number with its source."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Final

from testfleet.config import Environment
from testfleet.contracts.base import Contract

FILE: Final = Path(__file__).with_name("limits.toml")


class Limit(Contract):
    """One number of the file."""

    value: float
    unit: str
    source: str
    """Page and year, or whose guess it is."""
    verified: bool
    """Whether the number was read in the source."""


@dataclass(frozen=True)
class Limits:
    """The numbers that the simulator works with. Each is explained in `limits.toml`."""

    map_concurrency: float
    map_starts_per_s: float
    lambda_concurrency: float
    lambda_scaling: float
    lambda_scaling_per_s: float
    lambda_warm_start_s: float
    fargate_burst: float
    fargate_launches_per_s: float
    run_task_burst: float
    run_task_per_s: float
    spot_warning_s: float
    spot_interruptions_per_h: float
    control_step_s: float


UNLIMITED: Final = Limits(
    map_concurrency=math.inf,
    map_starts_per_s=math.inf,
    lambda_concurrency=math.inf,
    lambda_scaling=math.inf,
    lambda_scaling_per_s=math.inf,
    lambda_warm_start_s=0.0,
    fargate_burst=math.inf,
    fargate_launches_per_s=math.inf,
    run_task_burst=math.inf,
    run_task_per_s=math.inf,
    spot_warning_s=math.inf,
    spot_interruptions_per_h=0.0,
    control_step_s=0.0,
)
"""A fleet that gives everything at once: what is left is the plan itself."""


def read_limits() -> Mapping[str, Limit]:
    """Every limit with its unit and source, by name."""
    raw = tomllib.loads(FILE.read_text("utf-8"))
    return {name: Limit.model_validate(table) for name, table in raw.items()}


def published_limits() -> Limits:
    """The limits of the file."""
    read = read_limits()
    return Limits(**{each.name: read[each.name].value for each in fields(Limits)})


def limits_of(environment: Environment) -> Limits:
    """Those that AWS publishes; the embedded AWS has none but the start of a worker."""
    published = published_limits()
    if not environment.embedded:
        return published
    return replace(UNLIMITED, lambda_warm_start_s=published.lambda_warm_start_s)
