"""Whether a service is ready."""

from __future__ import annotations

import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from testfleet.contracts.services import Service
from testfleet.execution.services.template import filled, filled_all

PROBE_S: Final = 5.0
"""Seconds that one look may take."""
_BAD_STATUS: Final = 400


def make_check(
    service: Service, values: Mapping[str, str], variables: Mapping[str, str], cwd: Path
) -> Callable[[], bool]:
    """A function that looks once, and never raises."""
    if isinstance(service.ready, tuple):
        command = filled_all(service.ready, values)
        return lambda: runs_well(command, variables, cwd)
    if service.ready == "tcp":
        return lambda: _connects(int(values["port"]))
    address = filled(service.ready, values)
    return lambda: _answers(address)


def runs_well(
    command: tuple[str, ...], variables: Mapping[str, str], cwd: Path, limit_s: float = PROBE_S
) -> bool:
    """Whether the command ends with 0 in time."""
    try:
        done = subprocess.run(
            command,
            env=dict(variables),
            cwd=cwd,
            check=False,
            timeout=limit_s,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _connects(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), PROBE_S):
            return True
    except OSError:
        return False


def _answers(address: str) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(address, timeout=PROBE_S) as answer:  # `http://` only, by the contract
            return int(answer.status) < _BAD_STATUS
    except (OSError, ValueError, urllib.error.URLError):
        return False
