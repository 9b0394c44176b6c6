"""Reads and writes presigned addresses. What is transient is tried again, with back-off."""

from __future__ import annotations

import hashlib
import http.client
import random
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import IO, Final, TypeVar

from testfleet.errors import FleetError

ATTEMPTS: Final = 5
FIRST_DELAY_S: Final = 0.2
TIMEOUT_S: Final = 30.0
CHUNK_BYTES: Final = 1024 * 1024
LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")

_Result = TypeVar("_Result")


class TransferError(FleetError):
    """An address could not be read or written, also after several attempts."""


class _StatusError(Exception):
    """The server has answered, and no further attempt will change the answer."""

    def __init__(self, status: int) -> None:
        super().__init__(f"HTTP status {status}")
        self.status = status


def fetch(url: str) -> bytes:
    """The body. Raises TransferError when there is none."""

    def read() -> bytes:
        with _open(urllib.request.Request(url)) as response:  # noqa: S310  presigned by the control plane
            return bytes(response.read())

    return _persist("read", url, read)


def download(url: str, path: Path) -> str | None:
    """Write the body to the file; its SHA-256, or None when there is no such object."""

    def copy() -> str | None:
        digest = hashlib.sha256()
        with _open(urllib.request.Request(url)) as response, path.open("wb") as file:  # noqa: S310
            while chunk := response.read(CHUNK_BYTES):
                digest.update(chunk)
                file.write(chunk)
        return digest.hexdigest()

    try:
        return _persist("read", url, copy)
    except TransferError as error:
        cause = error.__cause__
        # S3 answers 403 for a missing object to those who may not list the bucket.
        if isinstance(cause, _StatusError) and cause.status in (403, 404):
            return None
        raise


def exists(url: str) -> bool:
    """Whether there is an object now. One quick attempt: no answer counts as no."""
    try:
        with _open(urllib.request.Request(url), timeout_s=5.0):  # noqa: S310
            return True
    except (_StatusError, OSError, http.client.HTTPException):
        return False


def upload(url: str, body: bytes | Path, *, attempts: int = ATTEMPTS) -> None:
    """PUT the bytes or the file. Raises TransferError."""

    def write() -> None:
        if isinstance(body, bytes):
            _put(url, body, len(body))
            return
        with body.open("rb") as file:
            _put(url, file, body.stat().st_size)

    _persist("write", url, write, attempts=attempts)


def _put(url: str, data: bytes | IO[bytes], size: int) -> None:
    # An empty type, for one that is set must be part of the signature.
    headers = {"Content-Type": "", "Content-Length": str(size)}
    with _open(urllib.request.Request(url, data=data, method="PUT", headers=headers)):  # noqa: S310
        pass


def _open(
    request: urllib.request.Request, timeout_s: float = TIMEOUT_S
) -> http.client.HTTPResponse:
    try:
        response: http.client.HTTPResponse = _opener(request.full_url).open(
            request, timeout=timeout_s
        )
    except urllib.error.HTTPError as error:
        with error:
            if error.code in (408, 429) or error.code >= 500:  # noqa: PLR2004
                raise ConnectionError(f"HTTP status {error.code}") from error
            raise _StatusError(error.code) from error
    return response


def _opener(url: str) -> urllib.request.OpenerDirector:
    """A proxy of the user's environment is not asked for what is on this very machine."""
    host = urllib.parse.urlsplit(url).hostname or ""
    if host in LOOPBACK or host.endswith(".localhost"):
        return urllib.request.build_opener(urllib.request.ProxyHandler({}))
    return urllib.request.build_opener()


def _persist(
    verb: str, url: str, action: Callable[[], _Result], *, attempts: int = ATTEMPTS
) -> _Result:
    for attempt in range(1, attempts + 1):
        try:
            return action()
        except _StatusError as error:
            raise TransferError(_message(verb, url, error)) from error
        except (
            ConnectionError,
            TimeoutError,
            urllib.error.URLError,
            http.client.HTTPException,
        ) as error:
            if attempt == attempts:
                raise TransferError(_message(verb, url, error)) from error
            time.sleep(FIRST_DELAY_S * 2 ** (attempt - 1) * random.uniform(0.5, 1.0))  # noqa: S311
    raise AssertionError("unreachable: the last attempt returns or raises")


def _message(verb: str, url: str, error: Exception) -> str:
    bare = urllib.parse.urlsplit(url)._replace(query="", fragment="").geturl()
    return (
        f"cannot {verb} {bare}: {error}; check that the fleet runs and the address has not expired"
    )
