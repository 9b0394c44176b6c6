"""Saves the emulator's state while it runs: by itself it does so only at a clean stop."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ministack import app
from ministack.core import persistence
from ministack.services import cloudwatch_logs, stepfunctions

_log = logging.getLogger(__name__)

_ATTEMPTS = 4
_KEPT_EXECUTIONS = 500
_KEPT_STREAMS = 500
_LOG_LIMIT_BYTES = 5_000_000
_LOG_KEPT_BYTES = 1_000_000


@dataclass
class Checkpointer:
    """Runs `save` a moment after it is asked for, and at least every `interval_s`."""

    save: Callable[[], None]
    interval_s: float = 60.0
    settle_s: float = 1.0
    """Seconds after a request: the end of a run belongs to whoever waits for it."""
    _due: threading.Event = field(default_factory=threading.Event, init=False)

    def start(self) -> None:
        """Start the thread."""
        threading.Thread(target=self._run, name="checkpoints", daemon=True).start()

    def request(self) -> None:
        """Ask for a checkpoint."""
        self._due.set()

    def _run(self) -> None:
        while True:
            if self._due.wait(self.interval_s):
                time.sleep(self.settle_s)
            self._due.clear()
            try:
                self.save()
            except Exception:  # noqa: BLE001 - a thread's edge: the next checkpoint may succeed
                _log.exception("the checkpoint failed")


def save_state(folder: Path) -> None:
    """Write each service's state to its file in `folder`, whole or not at all.

    State changes while it is written, which fails a write now and then: it is tried again, and
    logged when it never works.
    """
    for name, get_state in app._build_persistence_save_dict().items():
        if not _save_service(folder / f"{name}.json", name, get_state):
            _log.error("the state of %s could not be saved", name)


def _save_service(file: Path, name: str, get_state: Callable[[], Any]) -> bool:
    for attempt in range(_ATTEMPTS):
        before = _written_at(file)
        try:
            state = get_state()
        except RuntimeError:  # a dictionary changed while it was copied
            time.sleep(0.05 * (attempt + 1))
            continue
        if state is None:
            return True
        persistence.save_state(name, state)
        if _written_at(file) != before:
            return True
        time.sleep(0.05 * (attempt + 1))
    return False


def _written_at(file: Path) -> int:
    return file.stat().st_mtime_ns if file.exists() else 0


def trim_history() -> None:
    """Forget old executions and old log streams: the emulator keeps all of them for ever."""
    finished = sorted(
        (execution["stopDate"], key)
        for key, execution in list(stepfunctions._executions._data.items())
        if execution["stopDate"]
    )
    for _, key in finished[:-_KEPT_EXECUTIONS]:
        stepfunctions._executions._data.pop(key, None)
    _forget_map_runs()
    for group in cloudwatch_logs._log_groups.all_values():
        for name in list(group["streams"])[:-_KEPT_STREAMS]:
            group["streams"].pop(name, None)


def _forget_map_runs() -> None:
    known = {key[-1] for key in list(stepfunctions._executions._data)}
    for key, run in list(stepfunctions._map_runs._data.items()):
        if run["executionArn"] not in known:
            stepfunctions._map_runs._data.pop(key, None)


def trim_log(path: Path) -> None:
    """Cut a log that is too long to its last part, in place: open descriptors stay valid."""
    if not path.exists() or path.stat().st_size <= _LOG_LIMIT_BYTES:
        return
    with path.open("r+b") as file:
        file.seek(-_LOG_KEPT_BYTES, os.SEEK_END)
        kept = file.read()
        file.seek(0)
        file.write(kept)
        file.truncate()
