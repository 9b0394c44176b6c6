"""Errors of fleet and environment as findings: one for each cause, however many workers met it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from testfleet.contracts.result import WorkerError, WorkerErrorType

MOST: Final = 20
"""Findings that are told one by one."""
MASKED_LENGTH: Final = 2000
"""Characters that tell one cause from another."""

_VARYING: Final = re.compile(
    r"[0-9a-fA-F]{8}-[0-9a-fA-F-]{8,40}"  # request ids
    r"|\b(?:r\d+|c\d?|i\d?)-\d{4,}\b"  # shards
    r"|(?:/[^\s/:;,'\"()]{1,255}){2,64}"  # places
    r"|\b[0-9a-fA-F]{12,64}\b"
    r"|\d+(?:\.\d+)?"
)
"""What differs from worker to worker though the cause is one."""

ACTIONS: Final = {
    WorkerErrorType.TIMED_OUT: "use more shards, or a profile with a longer time limit",
    WorkerErrorType.THROTTLED: "use fewer workers, or ask for a higher limit",
    WorkerErrorType.OUT_OF_MEMORY: "set `memory_mb` of the suite, or a profile with more memory",
}
"""What to do where the message itself does not say it."""


def incidents(errors: Iterable[WorkerError]) -> tuple[WorkerError, ...]:
    """One error for each cause, in the order in which they were met, with how often that was.

    Errors of one type are of one cause when their messages differ in ids, places and numbers only.
    Of more than MOST causes the rest is counted by type.
    """
    groups: dict[tuple[WorkerErrorType, str], list[WorkerError]] = {}
    for error in errors:
        groups.setdefault((error.type, _masked(error.message)), []).append(error)
    found = list(groups.values())
    return (*map(_finding, found[:MOST]), *_rest(found[MOST:]))


def _masked(message: str) -> str:
    return _VARYING.sub("*", message[:MASKED_LENGTH])


def _finding(group: Sequence[WorkerError]) -> WorkerError:
    first, times = group[0], len(group)
    message = first.message
    if times > 1:
        is_same = all(error.message == message for error in group)
        message += f" ({times} times)" if is_same else f" ({times} times, with other details)"
    action = ACTIONS.get(first.type)
    if action and ";" not in first.message:
        message += f"; {action}"
    return WorkerError(type=first.type, message=message)


def _rest(groups: Sequence[Sequence[WorkerError]]) -> list[WorkerError]:
    counts: dict[WorkerErrorType, int] = {}
    for group in groups:
        counts[group[0].type] = counts.get(group[0].type, 0) + len(group)
    return [
        WorkerError(type=kind, message=f"and {count} more errors of this type")
        for kind, count in counts.items()
    ]
