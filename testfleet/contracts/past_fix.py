"""A repair that was proved once, as it is offered when the same failure comes back."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from testfleet.contracts.base import SCHEMA_VERSION, Contract


class Hunk(Contract):
    """One stretch of a file as it was and as the repair has it, with a line around it on each side.

    It is found by its text: by the time that it is wanted again, lines have moved.
    """

    path: str
    old: str
    new: str


class PastFix(Contract):
    """What mended a failure."""

    fingerprints: tuple[str, ...]
    """Of the failures that it mended."""
    hunks: tuple[Hunk, ...] = Field(min_length=1)
    engine: str
    template: str
    at: datetime
    run_id: str = ""
    """Run whose failure it was; empty for a repair at home."""
    times: Annotated[int, Field(ge=1)] = 1
    """How often it was proved."""


class PastFixes(Contract):
    """Everything that is remembered of one suite."""

    schema_version: Literal["1"] = SCHEMA_VERSION
    fixes: tuple[PastFix, ...] = ()
    """Those proved last at the end."""
