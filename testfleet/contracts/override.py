"""Classes that operators have pinned: what they know better than any classifier."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from testfleet.contracts.base import SCHEMA_VERSION, Contract
from testfleet.contracts.failure import Cause, Domain

MAX_OVERRIDES = 500
"""Each is looked for in each failure."""


class Override(Contract):
    """Failures that contain a text belong to a class."""

    id: str
    contains: Annotated[str, Field(min_length=4, max_length=300)]
    """Stands in the lines of the failure as it is here, but for upper and lower case; `*` stands
    for anything within a line."""
    domain: Domain | None = None
    """None: whatever the rules say."""
    cause: Cause | None = None
    """None: whatever the rules say."""
    reason: str = ""
    """Why, or where it is discussed."""
    made_at: datetime

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.domain is None and self.cause is None:
            raise ValueError("expected a domain, a cause or both")
        if not self.contains.strip("* "):
            raise ValueError("expected a text that not every failure contains")
        return self


class Overrides(Contract):
    """All of one environment."""

    schema_version: Literal["1"] = SCHEMA_VERSION
    rules: Annotated[tuple[Override, ...], Field(max_length=MAX_OVERRIDES)] = ()
    """The first that matches a failure decides."""
