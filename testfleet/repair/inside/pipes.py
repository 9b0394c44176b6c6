"""JSON lines on a pipe."""

from __future__ import annotations

import json
import os
import select
import time
from typing import Any

CHUNK = 1 << 16
LONGEST = 1 << 26
"""Bytes of one line. More than that comes from no child of good will."""


def send(fd: int, message: dict[str, Any]) -> None:
    """Write one line. Silent when nobody reads any more."""
    data = (json.dumps(message) + "\n").encode("ascii")
    try:
        while data:
            data = data[os.write(fd, data) :]
    except OSError:
        return


class Lines:
    """Reads lines as they come."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._held = b""
        self.ended = False

    def next(self, deadline: float | None = None) -> dict[str, Any] | None:
        """The next message; None when there will be none, or not before the deadline (of
        `time.monotonic`). Raises ValueError for what is no message."""
        while b"\n" not in self._held:
            if self.ended or not self._wait(deadline):
                return None
            chunk = os.read(self._fd, CHUNK)
            self._held += chunk
            self.ended = not chunk
            if len(self._held) > LONGEST:
                raise ValueError("a line without end")
        line, _, self._held = self._held.partition(b"\n")
        message = json.loads(line)
        if not isinstance(message, dict):
            raise ValueError("no message")
        return message

    def _wait(self, deadline: float | None) -> bool:
        if deadline is None:
            return True
        left = deadline - time.monotonic()
        return left > 0 and bool(select.select([self._fd], [], [], left)[0])
