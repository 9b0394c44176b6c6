"""Ports that no two workers of one machine take at the same time."""

from __future__ import annotations

import os
import secrets
import socket
from dataclasses import dataclass
from typing import Final

from testfleet.execution.files import try_lock
from testfleet.execution.host import temporary_folder
from testfleet.execution.services.errors import ServiceError

RANGE: Final = range(20_000, 32_000)
"""Below the ports that Linux gives to connections by itself."""


@dataclass(frozen=True)
class Lease:
    """A port that is this worker's until it is released, whether anything listens there or not."""

    port: int
    _lock: int

    def release(self) -> None:
        """Let others have it."""
        os.close(self._lock)


def lease_port() -> Lease:
    """A port on which nothing listens. Raises ServiceError when there is none."""
    folder = temporary_folder() / f"testfleet-ports-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    begin = secrets.randbelow(len(RANGE))
    for step in range(len(RANGE)):
        port = RANGE[(begin + step) % len(RANGE)]
        lock = try_lock(folder / str(port))
        if lock is None:
            continue
        if _is_free(port):
            return Lease(port, lock)
        os.close(lock)
    raise ServiceError(
        f"no port from {RANGE[0]} to {RANGE[-1]} is free", hint="end what listens there"
    )


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("", port))
        except OSError:
            return False
    return True
