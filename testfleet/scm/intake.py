"""A webhook request from arrival to answer: examine, remember, start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from testfleet.contracts.run import RunRequest
from testfleet.errors import FleetError
from testfleet.scm.webhook import Accepted, Answer, Delivery, WebhookPolicy, examine


class Deliveries(Protocol):
    """The memory of accepted events."""

    def claim(self, delivery: Delivery) -> bool:
        """Remember all keys, or nothing when one of them belongs to a run that has started.

        A claim that was never confirmed is no obstacle: its run did not start, or starts under
        the same name. Raises FleetError.
        """
        ...

    def confirm(self, delivery: Delivery) -> None:
        """Note that the run has started. Raises FleetError."""
        ...


class Launcher(Protocol):
    """Whoever starts runs."""

    def launch(self, request: RunRequest) -> None:
        """Store the request and start its execution, once per run id. Raises FleetError."""
        ...


@dataclass(frozen=True)
class Intake:
    """All that receives webhooks."""

    deliveries: Deliveries
    launcher: Launcher
    policy: WebhookPolicy

    def receive(self, event: Mapping[str, object], key: bytes, now: datetime) -> Answer:
        """Answer one HTTP request; start a run when it rightly asks for one. Raises nothing.

        The order lets every crash be mended by sending the delivery again: the claim counts only
        once it is confirmed, and the execution's name makes a second start the same as the first.
        """
        verdict = examine(event, key, self.policy, now)
        if isinstance(verdict, Answer):
            return verdict
        try:
            return self._start(verdict)
        except FleetError as exc:
            return Answer(
                503, "the run could not be started; redeliver to try again", detail=str(exc)
            )

    def _start(self, accepted: Accepted) -> Answer:
        delivery = accepted.delivery
        if not self.deliveries.claim(delivery):
            return Answer(200, "duplicate: this event has started its run already")
        self.launcher.launch(accepted.request)
        self.deliveries.confirm(delivery)
        return Answer(202, "accepted", run_id=delivery.run_id)
