"""What the readers of other tools' files have in common."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, NamedTuple

from testfleet.contracts.history import Verdict
from testfleet.planning.prediction.remember import is_duration

_DIGEST_LENGTH: Final = 16


class UnreadableError(Exception):
    """A file is not what it should be. `str(error)` says why, and where in it."""


class Record(NamedTuple):
    """One test, or one whole file, in one run, under the name that the tool gave it."""

    name: str
    """Node id, path, or dotted name of a class."""
    case: str = ""
    """The test's own name where `name` is that of its class."""
    file: str = ""
    """Its file where the tool says it."""
    duration_s: float | None = None
    verdict: Verdict = Verdict.UNKNOWN


@dataclass(frozen=True)
class PastRun:
    """One run as a file tells it, or that part of it that stood in one file."""

    source: str
    """Where it stood, for messages."""
    digest: str
    """Of its content: the same run read twice is the same run."""
    records: Sequence[Record]
    at: datetime | None = None
    is_part: bool = False
    """Whether other files may hold the rest of the run."""


def digest_of(content: bytes) -> str:
    """A short name for a content."""
    return hashlib.sha256(content).hexdigest()[:_DIGEST_LENGTH]


def seconds_of(text: object) -> float | None:
    """A duration as tools write it; None when it is none: missing, no number, NaN, negative."""
    if isinstance(text, bool) or not isinstance(text, str | int | float):
        return None
    try:
        # Some dialects group thousands: `1,234.5`.
        seconds = float(text.strip().replace(",", "")) if isinstance(text, str) else float(text)
    except (ValueError, OverflowError):
        return None
    return seconds if math.isfinite(seconds) and is_duration(seconds) else None


def moment_of(text: str | None) -> datetime | None:
    """A time in ISO 8601, or in seconds since 1970. Without a zone it is taken for UTC."""
    if not text:
        return None
    try:
        if text.replace(".", "", 1).isdecimal():
            return datetime.fromtimestamp(float(text), UTC)
        moment = datetime.fromisoformat(text.strip())
    except (ValueError, OverflowError, OSError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
