"""Talks with the control plane while tests run: tells the progress, hears of orders to stop."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress

from testfleet.contracts.result import Progress
from testfleet.contracts.task import WorkerTask
from testfleet.execution.transfer import TransferError, exists, upload

FIRST_S = 0.3
"""Seconds before the first exchange: a shard of a few tests is over by then."""
PERIOD_S = 1.0
PARTIAL_S = 4.0
"""Seconds between two partial results, and so what a lost worker may cost beyond its last test."""
_PATIENCE = 100
"""A partial result is made and written no more often than every so many times the last one took:
the tests need the processor."""


class Herald:
    """A thread of its own, so that a slow network never delays a test."""

    def __init__(self, task: WorkerTask, progress: Callable[[], Progress]) -> None:
        self.is_cancelled = False
        self.is_stopped = False
        self._task = task
        self._progress = progress
        self._partial: bytes | None = None
        self._making_s = 0.0
        self._partial_due = time.monotonic() + PARTIAL_S
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="testfleet-herald", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def finish(self) -> None:
        """End; what is under way may take its time."""
        self._over.set()
        self._thread.join(timeout=PERIOD_S)

    @property
    def wants_partial(self) -> bool:
        """Whether it is time for a partial result."""
        is_asked = self._task.uploads.partial is not None and self._partial is None
        return is_asked and time.monotonic() >= self._partial_due

    def offer_partial(self, make: Callable[[], bytes]) -> None:
        """Make a partial result, and have it written soon."""
        began = time.monotonic()
        self._partial = make()
        self._making_s = time.monotonic() - began

    def announce_failure(self) -> None:
        """Let the other shards of a fail-fast run stop."""
        if self._task.uploads.stop is not None and not self.is_stopped:
            self.is_stopped = True
            with suppress(TransferError):  # the others then go on, which loses nothing
                upload(self._task.uploads.stop, b"{}", attempts=2)

    def _run(self) -> None:
        told: Progress | None = None
        wait_s = FIRST_S
        while not self._over.wait(wait_s):
            wait_s = PERIOD_S
            self._listen()
            now = self._progress()
            if now != told:
                told = now
                with suppress(TransferError):  # the next one is only a second away
                    upload(self._task.uploads.progress, now.model_dump_json().encode(), attempts=1)
            self._write_partial()

    def _write_partial(self) -> None:
        body, address = self._partial, self._task.uploads.partial
        if body is None or address is None:
            return
        began = time.monotonic()
        with suppress(TransferError):  # the worker may well not be lost
            upload(address, body, attempts=1)
        took_s = self._making_s + time.monotonic() - began
        self._partial_due = time.monotonic() + max(PARTIAL_S, _PATIENCE * took_s)
        self._partial = None

    def _listen(self) -> None:
        self.is_cancelled = self.is_cancelled or exists(self._task.cancel_url)
        if self._task.stop_url is not None:
            self.is_stopped = self.is_stopped or exists(self._task.stop_url)
