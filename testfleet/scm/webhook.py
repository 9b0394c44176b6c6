"""From an HTTP request that anybody may send to a run that only the code host can ask for.

The order is the defence: size, signature over the raw bytes, and only then parsing.

The replay window. GitHub signs the body, and neither a time nor the header `X-GitHub-Delivery`.
Whoever caught one delivery could send it again under a new delivery id, so two things are
remembered for each accepted event, its delivery id and the digest of its body, for as long as the
window. Nothing can be remembered for ever, so an event whose own signed time (`pushed_at` of the
repository, else `head_commit.timestamp`; `pull_request.updated_at`) is older than the window is
refused. The memory outlives the window by the clock skew that is tolerated: at every moment a
repeated event is either remembered or too old.

The window is three days because GitHub offers the redelivery of failed deliveries for that long;
a longer one costs rows in a table, a shorter one costs redeliveries, neither changes the safety.

    200  ping; or a duplicate: what it asks for was done, so a redelivery shall look successful
    202  accepted, with the run's id; or ignored, with the reason
    400  not a webhook request, or a body that its event does not explain
    401  no signature, or a wrong one
    403  rightly signed, outside the replay window
    413  larger than the limit
    503  the run could not be started: the same delivery may be sent again
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from testfleet.contracts.run import RepositorySource, RunRequest, Trigger
from testfleet.scm.events import Change, Ignored, PayloadError, read_pull_request, read_push
from testfleet.scm.github import GITHUB_API, tarball_url
from testfleet.scm.signature import is_signed

_DELIVERY = re.compile(r"[A-Za-z0-9-]{8,64}")


@dataclass(frozen=True)
class WebhookPolicy:
    """What is let in."""

    max_body_bytes: int = 1024 * 1024
    replay_window: timedelta = timedelta(days=3)
    clock_skew: timedelta = timedelta(minutes=5)
    tags: bool = False
    """Whether the push of a tag starts a run."""
    api: str = GITHUB_API


@dataclass(frozen=True)
class Answer:
    """What the sender hears."""

    status: int
    message: str
    run_id: str | None = None
    detail: str = ""
    """For the log: names of our own things, which are no business of the sender."""


@dataclass(frozen=True)
class Delivery:
    """What is remembered of an accepted event, to know it again."""

    keys: tuple[str, ...]
    run_id: str
    expires_at: datetime


@dataclass(frozen=True)
class Accepted:
    """A run that shall start, unless its delivery is known."""

    delivery: Delivery
    request: RunRequest


class _HttpEvent(BaseModel):
    """The part of API Gateway's payload format 2.0 that matters here."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    headers: dict[str, str] = Field(default_factory=dict)
    body: str | None = None
    isBase64Encoded: bool = False  # noqa: N815  the name is API Gateway's


def examine(
    event: Mapping[str, object], key: bytes, policy: WebhookPolicy, now: datetime
) -> Answer | Accepted:
    """Judge one HTTP request in API Gateway's payload format 2.0. Raises nothing."""
    try:
        http = _HttpEvent.model_validate(event)
    except ValidationError:
        return Answer(400, "not a request in API Gateway's payload format 2.0")
    body = _raw_body(http, policy.max_body_bytes)
    if isinstance(body, Answer):
        return body
    headers = {name.lower(): value for name, value in http.headers.items()}
    if not is_signed(key, body, headers.get("x-hub-signature-256", "")):
        return Answer(401, _UNSIGNED)
    return _read_signed(headers, body, policy, now)


_UNSIGNED = (
    "the header X-Hub-Signature-256 is missing or not the signature of the body; "
    "set the webhook's secret to the one that this application holds"
)


def _raw_body(http: _HttpEvent, limit: int) -> bytes | Answer:
    """The bytes that were signed, or a refusal of what is too large before it is decoded."""
    text = http.body or ""
    too_large = Answer(413, f"the body is larger than the limit of {limit} bytes")
    # Four characters of base64 hold three bytes; a character of text is at least one byte.
    if len(text) > ((limit + 2) // 3 * 4 if http.isBase64Encoded else limit):
        return too_large
    try:
        body = base64.b64decode(text, validate=True) if http.isBase64Encoded else text.encode()
    except (binascii.Error, ValueError):
        return Answer(400, "the body is not the base64 that the request says it is")
    return too_large if len(body) > limit else body


def _read_signed(
    headers: Mapping[str, str], body: bytes, policy: WebhookPolicy, now: datetime
) -> Answer | Accepted:
    content_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "application/json":
        return Answer(400, "expected the content type application/json; choose it in the webhook")
    delivery = headers.get("x-github-delivery", "")
    if not _DELIVERY.fullmatch(delivery):
        return Answer(400, "expected the header X-GitHub-Delivery with the id of the delivery")
    try:
        change = _read_change(headers.get("x-github-event", ""), body, tags=policy.tags)
    except PayloadError as exc:
        return Answer(400, f"the body does not describe its event: {exc}")
    if isinstance(change, Answer):
        return change
    return _refuse_stale(change, policy, now) or _accept(change, (delivery, body), policy, now)


def _read_change(kind: str, body: bytes, *, tags: bool) -> Change | Answer:
    if kind == "ping":
        return Answer(200, "pong: the secret is right, pushes and pull requests start runs")
    if kind == "push":
        change = read_push(body, tags=tags)
    elif kind == "pull_request":
        change = read_pull_request(body)
    else:
        change = Ignored("only the events push and pull_request start runs")
    return Answer(202, f"ignored: {change.reason}") if isinstance(change, Ignored) else change


def _refuse_stale(change: Change, policy: WebhookPolicy, now: datetime) -> Answer | None:
    age = now - change.occurred_at
    if -policy.clock_skew <= age <= policy.replay_window:
        return None
    where = "older than the replay window" if age > policy.replay_window else "in the future"
    return Answer(
        403,
        f"the event of {change.occurred_at.isoformat()} is {where} "
        f"({int(policy.replay_window.total_seconds())} s); push again to start a run",
    )


def _accept(
    change: Change, origin: tuple[str, bytes], policy: WebhookPolicy, now: datetime
) -> Accepted:
    delivery, body = origin
    digest = hashlib.sha256(body).hexdigest()
    # Made from the event alone, so whoever starts it again starts the same execution.
    run_id = f"{change.occurred_at:%Y%m%d-%H%M%S}-{digest[:6]}"
    request = RunRequest(
        run_id=run_id,
        repository=change.repository,
        commit=change.commit,
        trigger=Trigger.WEBHOOK,
        requested_at=now,
        source=RepositorySource(
            tarball_url=tarball_url(policy.api, change.repository, change.commit),
            trusted=change.trusted,
            base_tarball_url=(
                tarball_url(policy.api, change.repository, change.base) if change.base else None
            ),
        ),
    )
    keys = (f"delivery#{delivery.lower()}", f"body#{digest}")
    expires_at = now + policy.replay_window + policy.clock_skew
    return Accepted(Delivery(keys, run_id, expires_at), request)
