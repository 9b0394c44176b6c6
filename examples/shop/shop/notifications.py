"""Mails to customers, sent in the background."""

from __future__ import annotations

import queue
import random
import threading
import time


class Outbox:
    """Sends mails one after the other, so that a customer need not wait for the mail server."""

    def __init__(self, slowest_s: float = 0.12) -> None:
        self._slowest_s = slowest_s
        self._waiting: queue.Queue[str | None] = queue.Queue()
        self._sent: list[str] = []
        self._thread = threading.Thread(target=self._send_all, daemon=True)
        self._thread.start()

    def send(self, mail: str) -> None:
        """Put a mail into the queue."""
        self._waiting.put(mail)

    def was_sent(self, mail: str, within_s: float) -> bool:
        """Wait until a mail has left, but no longer than that."""
        end = time.monotonic() + within_s
        while time.monotonic() < end:
            if mail in self._sent:
                return True
            time.sleep(0.005)
        return mail in self._sent

    def close(self) -> None:
        """Send what is waiting, then stop."""
        self._waiting.put(None)
        self._thread.join()

    def _send_all(self) -> None:
        while (mail := self._waiting.get()) is not None:
            time.sleep(random.uniform(self._slowest_s / 6, self._slowest_s))
            self._sent.append(mail)
