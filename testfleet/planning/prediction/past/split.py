"""pytest-split's `.test_durations`: seconds by node id, in JSON."""

from __future__ import annotations

import json

from testfleet.planning.prediction.past.records import (
    PastRun,
    Record,
    UnreadableError,
    digest_of,
    seconds_of,
)


def read_durations(body: bytes, source: str) -> PastRun:
    """The newest run that the file knows of each test. Raises UnreadableError.

    Its first versions wrote a list of pairs.
    """
    try:
        found = json.loads(body)
        pairs = found.items() if isinstance(found, dict) else [(name, s) for name, s in found]
    except RecursionError as exc:
        raise UnreadableError("it is nested too deep") from exc
    except (ValueError, TypeError) as exc:
        raise UnreadableError(f"no JSON object of seconds by test id: {exc}") from exc
    records = [
        Record(name=name, duration_s=seconds_of(seconds))
        for name, seconds in pairs
        if isinstance(name, str)
    ]
    return PastRun(source=source, digest=digest_of(body), records=records)
