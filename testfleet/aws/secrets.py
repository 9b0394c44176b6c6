"""Secrets, read when they are needed and kept for a few minutes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from testfleet.errors import FleetError

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

KEPT_S = 300.0


@dataclass
class SecretReader:
    """Texts in Secrets Manager. A changed one is seen after five minutes."""

    client: SecretsManagerClient
    clock: Callable[[], float]
    """Seconds that only go forward, like `time.monotonic`."""
    _kept: dict[str, tuple[float, str]] = field(default_factory=dict, repr=False)

    def read(self, secret_id: str) -> str:
        """The secret's text, by its name or ARN. Raises FleetError that does not hold it."""
        kept = self._kept.get(secret_id)
        if kept is None or self.clock() - kept[0] > KEPT_S:
            kept = (self.clock(), self._fetch(secret_id))
            self._kept[secret_id] = kept
        return kept[1]

    def _fetch(self, secret_id: str) -> str:
        hint = f"store it: aws secretsmanager put-secret-value --secret-id {secret_id} ..."
        try:
            answer = self.client.get_secret_value(SecretId=secret_id)
        except (ClientError, BotoCoreError) as exc:
            raise FleetError(f"cannot read the secret {secret_id}: {exc}", hint=hint) from exc
        if "SecretString" not in answer:
            raise FleetError(f"the secret {secret_id} is binary, expected text", hint=hint)
        return answer["SecretString"]
