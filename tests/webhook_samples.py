"""Webhook requests as GitHub sends them, cut down to what is read, and rightly signed."""

import base64
import json
from datetime import UTC, datetime

from testfleet.scm.signature import sign

KEY = b"a secret of the tests"
NOW = datetime(2025, 6, 1, 12, 0, tzinfo=UTC)
SHA = "a1" * 20
DELIVERY = "72d3162e-cc78-11e3-81ab-4c9367dc0958"


def push_payload(**changes):
    payload = {
        "ref": "refs/heads/main",
        "before": "0" * 40,
        "after": SHA,
        "deleted": False,
        "repository": {"full_name": "octo/shop", "pushed_at": int(NOW.timestamp())},
        "head_commit": {"id": SHA, "timestamp": "2019-05-15T15:20:33+02:00"},
    }
    return payload | changes


def pull_request_payload(action="opened", head_repo="octo/shop", **changes):
    request = {
        "draft": False,
        "updated_at": NOW.isoformat(),
        "head": {"sha": SHA, "repo": {"full_name": head_repo} if head_repo else None},
        "base": {"repo": {"full_name": "octo/shop", "pushed_at": "2025-05-31T01:02:03Z"}},
    }
    return {"action": action, "pull_request": request | changes}


def http_event(payload, kind="push", *, key=KEY, encoded=False, **headers):
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return {
        "version": "2.0",
        "routeKey": "POST /webhook/github",
        "headers": {
            "content-type": "application/json",
            "x-github-event": kind,
            "x-github-delivery": DELIVERY,
            "x-hub-signature-256": sign(key, body),
        }
        | headers,
        "body": base64.b64encode(body).decode() if encoded else body.decode(),
        "isBase64Encoded": encoded,
    }
