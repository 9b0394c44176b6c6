"""A commit's tar.gz from a code host, as the fleet's source archive.

Downloads go over HTTPS to known hosts only. A code host answers with a redirect to a storage
host; each hop is checked like the first, and the token goes to the first host alone.
"""

from __future__ import annotations

import http.client
import io
import re
import tempfile
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import BinaryIO, Final
from urllib.parse import SplitResult, urljoin, urlsplit

from testfleet.errors import FleetError, UsageError
from testfleet.scm.source_archive import ArchiveLimits, SourceArchive, rewrite

GITHUB_HOSTS: Final = frozenset({"api.github.com", "codeload.github.com"})
"""Where tarballs come from: the API answers with a redirect to the second."""

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 5
_LEFT = "X-RateLimit-Remaining"
_PRINTABLE = re.compile(r"[!-~]{1,2000}")
_PIECE = 64 * 1024


@dataclass(frozen=True)
class FetchPolicy:
    """From where, how much and how long."""

    hosts: frozenset[str]
    token: str | None = field(default=None, repr=False)
    """Sent as a bearer token to the host of the first address only."""
    limits: ArchiveLimits = field(default_factory=ArchiveLimits)
    read_timeout_s: float = 20.0
    """Seconds without a byte."""
    total_timeout_s: float = 240.0
    """Seconds for all hops together; below the time limit of the workflow's step."""
    allow_loopback_http: bool = False
    """True only in the embedded AWS, where a server on this machine stands in for a code host."""
    clock: Callable[[], float] = time.monotonic


def fetch_source(url: str, policy: FetchPolicy) -> SourceArchive:
    """Fetch a tarball and make a source archive of it.

    Raises UsageError for what trying again does not change, FleetError for what it may.
    """
    with tempfile.TemporaryFile() as packed:
        _download(url, policy, packed)
        packed.seek(0)
        return rewrite(packed, policy.limits)


def fetch_document(url: str, policy: FetchPolicy) -> bytes:
    """Fetch something small by the same rules. Raises UsageError or FleetError like a source."""
    document = io.BytesIO()
    _download(url, policy, document)
    return document.getvalue()


def _download(url: str, policy: FetchPolicy, target: BinaryIO) -> None:
    deadline = policy.clock() + policy.total_timeout_s
    origin = address = _check_address("", url, policy)
    for _ in range(_MOST_REDIRECTS + 1):
        token = policy.token if _same_host(address, origin) else None
        with _open(address, token, policy) as answer:
            if answer.status not in _REDIRECTS:
                _check_status(answer, address)
                _copy(answer, target, policy, deadline)
                return
            location = answer.headers.get("Location", "")
        address = _check_address(address.geturl(), location, policy)
    raise FleetError(f"{_show(origin)} redirects more than {_MOST_REDIRECTS} times")


def _check_address(base: str, location: str, policy: FetchPolicy) -> SplitResult:
    """The parts of an address that may be relative to `base`, if the policy lets it be fetched."""
    try:
        if not _PRINTABLE.fullmatch(location):
            raise ValueError("blanks or control characters, which urlsplit would drop")
        parts = urlsplit(urljoin(base, location))
        allowed = "@" not in parts.netloc and (
            _is_remote(parts, policy) or _is_local(parts, policy)
        )
    except ValueError:
        allowed = False
    if not allowed:
        raise UsageError(
            f"refused to fetch the source from {location[:200]!r}",
            hint=f"expected https:// and one of the hosts {', '.join(sorted(policy.hosts))}",
        )
    return parts


def _is_remote(parts: SplitResult, policy: FetchPolicy) -> bool:
    standard = parts.port in (None, http.client.HTTPS_PORT)
    return parts.scheme == "https" and parts.hostname in policy.hosts and standard


def _is_local(parts: SplitResult, policy: FetchPolicy) -> bool:
    return policy.allow_loopback_http and parts.scheme == "http" and parts.hostname in _LOOPBACK


def _same_host(one: SplitResult, other: SplitResult) -> bool:
    return (one.scheme, one.hostname, one.port) == (other.scheme, other.hostname, other.port)


class _EveryAnswer(urllib.request.HTTPErrorProcessor):
    """Hands over each answer as it is: urllib would follow redirects with the token in hand."""

    def http_response(
        self, request: urllib.request.Request, response: http.client.HTTPResponse
    ) -> http.client.HTTPResponse:
        del request
        return response

    https_response = http_response


def _open(address: SplitResult, token: str | None, policy: FetchPolicy) -> http.client.HTTPResponse:
    headers = {"User-Agent": "testfleet", "Accept": "application/vnd.github+json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    request = urllib.request.Request(address.geturl(), headers=headers)  # noqa: S310  checked
    try:
        opener = urllib.request.build_opener(_EveryAnswer)
        answer: http.client.HTTPResponse = opener.open(request, timeout=policy.read_timeout_s)
    except (OSError, http.client.HTTPException) as exc:
        raise FleetError(f"cannot reach {_show(address)}: {exc}") from exc
    return answer


def _check_status(answer: http.client.HTTPResponse, address: SplitResult) -> None:
    status, where = answer.status, _show(address)
    if status == HTTPStatus.OK:
        return
    # GitHub says 403 also to who has asked too often.
    throttled = "Retry-After" in answer.headers or answer.headers.get(_LEFT) == "0"
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.TOO_MANY_REQUESTS:
        raise FleetError(f"{where} answered {status}: try again later")
    if throttled:
        raise FleetError(f"{where} answered {status}: asked too often, try again later")
    raise UsageError(
        f"{where} answered {status}, expected 200 and a tar.gz: no such repository or commit, "
        "or no right to read it",
        hint="check the name; a private repository needs a token that may read its contents",
    )


def _copy(
    answer: http.client.HTTPResponse, target: BinaryIO, policy: FetchPolicy, deadline: float
) -> None:
    most, announced = policy.limits.packed_bytes, answer.length
    if announced is not None and announced > most:
        raise _too_large(most)
    size = 0
    try:
        # read1 returns what has arrived, so that a slow sender cannot outstay the deadline.
        while piece := answer.read1(_PIECE):
            size += len(piece)
            if size > most:
                raise _too_large(most)
            if policy.clock() > deadline:
                raise FleetError(f"the source did not arrive within {policy.total_timeout_s:g} s")
            target.write(piece)
    except (OSError, http.client.HTTPException) as exc:
        raise FleetError(f"the source's transfer broke off after {size} bytes: {exc}") from exc
    if announced is not None and size != announced:
        raise FleetError(f"the source's transfer broke off after {size} of {announced} bytes")


def _too_large(most: int) -> UsageError:
    return UsageError(
        f"the source's tarball is larger than the limit of {most} bytes",
        hint="keep large files out of the repository, e.g. with Git LFS",
    )


def _show(address: SplitResult) -> str:
    """Without the query: storage hosts put tokens there."""
    return f"{address.scheme}://{address.netloc}{address.path}"
