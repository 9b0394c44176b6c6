"""Errors of the workflow and of the user, as they are recorded."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from testfleet.contracts.result import WorkerError, WorkerErrorType
from testfleet.errors import NothingToRunError, TestfleetError

_MESSAGE_LIMIT: Final = 500


def rejection(error: TestfleetError) -> WorkerError:
    """Why a run goes no further."""
    kind = (
        WorkerErrorType.NOTHING_TO_RUN
        if isinstance(error, NothingToRunError)
        else WorkerErrorType.CONFIGURATION
    )
    hint = f"; {error.hint}" if error.hint else ""
    return WorkerError(type=kind, message=f"{error}{hint}")


def describe_cause(error: Mapping[str, str]) -> str:
    """One bounded line from what Step Functions hands to a catcher."""
    cause = " ".join(_innermost(str(error.get("Cause", ""))).split())
    return f"{error.get('Error', 'unknown error')}: {cause[:_MESSAGE_LIMIT]}"


def _innermost(cause: str) -> str:
    """Lambda wraps what happened in JSON."""
    try:
        return str(json.loads(cause)["errorMessage"])
    except (ValueError, KeyError, TypeError):
        return cause


def describe_loss(error: Mapping[str, str]) -> WorkerError:
    """Which kind of loss an error of the fan-out means. Equal for equal causes, to be grouped."""
    text = describe_cause(error)
    if "TooManyRequests" in text or "Throttl" in text or "Rate exceeded" in text:
        kind = WorkerErrorType.THROTTLED
    elif "imeout" in text or "timed out" in text or "Timedout" in text:
        kind = WorkerErrorType.TIMED_OUT
    else:
        kind = WorkerErrorType.WORKER_LOST
    return WorkerError(type=kind, message=f"a worker left no result: {text}")
