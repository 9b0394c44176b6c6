"""A client of the payment provider's HTTP service."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from dataclasses import dataclass

from shop.money import Money


class PaymentDeclined(Exception):
    """The provider has said no: trying again is of no use."""


class ProviderDown(Exception):
    """The provider did not answer, again and again."""


@dataclass(frozen=True)
class PaymentClient:
    """Charges cards. A provider that is down is asked again after a growing pause."""

    base_url: str
    attempts: int = 3
    pause_s: float = 0.1

    def charge(self, card: str, amount: Money) -> str:
        """Take the money and return the receipt number."""
        for attempt in range(self.attempts):
            if attempt:
                time.sleep(self.pause_s * 2 ** (attempt - 1))
            try:
                return str(self._post({"card": card, "cents": amount.cents})["receipt"])
            except urllib.error.HTTPError as exc:
                if exc.code == 402:
                    raise PaymentDeclined(f"card {card[-4:]} was declined") from exc
        raise ProviderDown(f"no answer in {self.attempts} attempts")

    def _post(self, body: dict[str, object]) -> dict[str, object]:
        request = urllib.request.Request(
            f"{self.base_url}/charges",
            json.dumps(body).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=5) as response:
            return json.loads(response.read())
