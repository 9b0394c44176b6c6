"""The few requests that the fleet itself makes to the emulator, without boto3 and its second."""

from __future__ import annotations

import re
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass

from testfleet.errors import FleetError

_DONE = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE"})
_TIMEOUT_S = 10.0


@dataclass(frozen=True)
class Gateway:
    """One emulator's address, and the region that is meant."""

    endpoint_url: str
    region: str

    def create_bucket(self, name: str) -> None:
        """Make a bucket; nothing changes when it exists."""
        self._send("s3", "PUT", f"/{name}")

    def has_stack(self, name: str) -> bool:
        """Whether the stack is deployed and its last deployment went well."""
        form = {"Action": "DescribeStacks", "Version": "2010-05-15", "StackName": name}
        body = urllib.parse.urlencode(form).encode()
        answer = self._send("cloudformation", "POST", "/", body)
        status = re.search(r"<StackStatus>(\w+)</StackStatus>", answer)
        return bool(status and status[1] in _DONE)

    def _send(self, service: str, method: str, path: str, body: bytes | None = None) -> str:
        url = f"{self.endpoint_url}{path}"
        request = urllib.request.Request(url, body, method=method)  # noqa: S310 - always http
        # The emulator finds service and region by the scope, and does not check the signature.
        scope = f"test/20000101/{self.region}/{service}/aws4_request"
        request.add_header(
            "Authorization",
            f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=none",
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=_TIMEOUT_S) as answer:
                return str(answer.read().decode())
        except urllib.error.HTTPError as exc:
            return exc.read().decode("utf-8", "replace")
        except OSError as exc:
            raise FleetError(
                f"the embedded AWS at {self.endpoint_url} did not answer: {exc}",
                hint="stop and start it: testfleet down, testfleet up",
            ) from exc
