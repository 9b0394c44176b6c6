"""`[[quarantine]]` of testfleet.toml."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from testfleet.contracts.base import Contract
from testfleet.contracts.history import RECENT


class QuarantineConfig(Contract):
    """Flaky tests that are reported and do not block."""

    test: str = Field(min_length=1)
    """Id of a test, with or without its parameters; `*` stands for anything."""
    owner: str = Field(min_length=1)
    """Who mends it: a person or a team."""
    until: date
    """Last day on which it holds. After that the test blocks again."""
    reason: str = ""
    """Why, or where it is discussed."""
    back_after: int = Field(default=16, ge=1, le=RECENT)
    """Runs in a row that the test must pass before it is told to leave the quarantine."""
