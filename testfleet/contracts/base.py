"""What every contract shares: frozen, strict about unknown keys, UTC times."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from pydantic import BaseModel, ConfigDict

SCHEMA_VERSION: Final = "1"

PAYLOAD_LIMIT_BYTES: Final = 256 * 1024
"""Step Functions refuses a larger state payload; the emulator does not, so we check ourselves."""


class Contract(BaseModel):
    """A value that crosses a boundary. Unknown keys are refused, so drift is seen at once."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def utc_now() -> datetime:
    """The present moment, with its zone."""
    return datetime.now(UTC)
