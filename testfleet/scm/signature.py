"""The signature that a code host puts on a webhook's body: HMAC with SHA-256 (RFC 2104)."""

from __future__ import annotations

import hashlib
import hmac

from testfleet.errors import UsageError

_PREFIX = "sha256="
_SHORTEST_SECRET = 16


def check_secret(secret: str) -> bytes:
    """The key that a stored secret stands for, without the line end that files bring along.

    Raises UsageError for one that could be guessed: with an empty key everybody can sign.
    """
    key = secret.strip().encode()
    if len(key) < _SHORTEST_SECRET:
        raise UsageError(
            f"the webhook's secret has {len(key)} bytes, at least {_SHORTEST_SECRET} are needed",
            hint="store a random one, and give the same to the code host",
        )
    return key


def sign(key: bytes, body: bytes) -> str:
    """The value of the header `X-Hub-Signature-256` for a body."""
    return _PREFIX + hmac.new(key, body, hashlib.sha256).hexdigest()


def is_signed(key: bytes, body: bytes, header: str) -> bool:
    """Whether the header is the body's signature. Takes the same time wherever they differ."""
    given = header.encode("utf-8", "replace")
    return hmac.compare_digest(sign(key, body).encode(), given)
