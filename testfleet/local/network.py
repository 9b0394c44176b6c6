"""A port of this machine, and whether an emulator answers at it."""

from __future__ import annotations

import errno
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from http import HTTPStatus

from testfleet.errors import FleetError

HOST = "127.0.0.1"


def bind(port: int) -> socket.socket:
    """A listening socket on the loopback address; port 0 takes any that is free.

    Raises FleetError when the port is taken.
    """
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as exc:
        listener.close()
        if exc.errno not in (errno.EADDRINUSE, errno.EACCES):
            raise
        raise FleetError(
            f"port {port} cannot be taken: {exc.strerror}",
            hint="unset TESTFLEET_PORT, and the fleet takes a free port",
        ) from exc
    listener.listen(128)
    return listener


def bind_preferred(port: int | None) -> socket.socket:
    """A listening socket on the port if it is free, else on any that is."""
    if port is None:
        return bind(0)
    try:
        return bind(port)
    except FleetError:
        return bind(0)


def url_of(listener: socket.socket) -> str:
    """Address of what listens there."""
    return f"http://{HOST}:{listener.getsockname()[1]}"


def is_ready(endpoint_url: str, timeout_s: float = 2.0) -> bool:
    """Whether an emulator answers there."""
    # A proxy of the user's must not stand between two processes of one machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{endpoint_url}/_ministack/ready", timeout=timeout_s) as answer:
            return bool(answer.status == HTTPStatus.OK)
    except (OSError, urllib.error.URLError):
        return False


def wait_until(condition: Callable[[], bool], limit_s: float, failure: str) -> None:
    """Poll until the condition holds. Raises FleetError with `failure` after `limit_s` seconds."""
    deadline = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > deadline:
            raise FleetError(f"{failure} within {limit_s:.0f} s")
        time.sleep(0.02)
