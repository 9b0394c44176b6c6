"""Waiting for a child, and making sure that nothing of it stays."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

from .pipes import Lines

MOST_MESSAGES = 200_000
SWEEPS = 50


def watch(pid: int, fd: int, request: dict[str, Any]) -> dict[str, Any]:
    """All that the child said, and how it ended: `ended`, `timeout` or `died`."""
    began = time.monotonic()
    messages, outcome = _listen(fd, began + request["limit_s"], request["silence_s"])
    _kill_group(pid)
    status = _reap(pid)
    _sweep()
    seconds = time.monotonic() - began
    return {
        "kind": "answer",
        "outcome": outcome,
        "status": status,
        "seconds": seconds,
        "messages": messages,
    }


def _listen(fd: int, deadline: float, silence_s: float) -> tuple[list[dict[str, Any]], str]:
    lines = Lines(fd)
    messages: list[dict[str, Any]] = []
    while len(messages) < MOST_MESSAGES:
        try:
            message = lines.next(min(deadline, time.monotonic() + silence_s))
        except ValueError:
            return messages, "died"
        if message is None:
            return messages, "died" if lines.ended else "timeout"
        if message.get("kind") == "end":
            messages.append(message)
            return messages, "ended"
        messages.append(message)
    return messages, "died"


def _kill_group(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def _reap(pid: int) -> int:
    try:
        os.kill(pid, signal.SIGKILL)  # it may have left its group
        return os.waitpid(pid, 0)[1]
    except (ProcessLookupError, ChildProcessError):
        return -1


def _sweep() -> None:
    """End what the child has started and let go of: as a subreaper, we are its parent now."""
    children = Path("/proc/%d/task/%d/children" % (os.getpid(), os.getpid()))  # noqa: UP031
    for _ in range(SWEEPS):
        try:
            pids = [int(word) for word in children.read_bytes().split()]
        except (OSError, ValueError):
            return
        if not pids:
            return
        for pid in pids:
            _kill_group(pid)
            _reap(pid)
