"""Ministack in this process: changed, served, and saved while it runs.

Ministack reads its settings when it is imported, so `configure` comes before the import of this
module.
"""

from __future__ import annotations

import asyncio
import os
import socket
import threading
import time

from hypercorn.asyncio import serve
from hypercorn.config import Config
from ministack.app import app

from testfleet.local import shims
from testfleet.local.checkpoint import Checkpointer, save_state, trim_history, trim_log
from testfleet.local.containers import ENGINE_VARIABLE, ProcessContainers
from testfleet.local.environment import plain_environment
from testfleet.local.home import FleetHome
from testfleet.local.info import FleetInfo
from testfleet.local.network import is_ready, url_of, wait_until
from testfleet.local.orphans import ChildProcesses
from testfleet.local.warm import end_idle_workers, warm_in_background

_START_LIMIT_S = 20.0
_STOP_LIMIT_S = 5.0
_IDLE_LOOK_S = 1.0


class Emulator:
    """The embedded AWS of one home. One a process: ministack's state is global."""

    def __init__(self, home: FleetHome, listener: socket.socket) -> None:
        self._home = home
        self._listener = listener
        self._loop = asyncio.new_event_loop()
        self._end = asyncio.Event()
        self._server = threading.Thread(target=self._serve, name="server", daemon=True)
        self._checkpointer = Checkpointer(self._checkpoint)
        processes = ChildProcesses()
        self._containers = ProcessContainers(
            processes, plain_environment(os.environ), os.environ.get(ENGINE_VARIABLE)
        )
        shims.apply_all(processes, self._containers)
        shims.on_execution_end(self._checkpointer.request)

    def start(self) -> None:
        """Restore the state and return once requests are answered. Raises FleetError."""
        self._server.start()
        url = url_of(self._listener)
        wait_until(lambda: is_ready(url), _START_LIMIT_S, "the embedded AWS did not start")
        self._checkpointer.start()
        threading.Thread(target=self._end_idle_workers, name="idle", daemon=True).start()
        self._warm()

    def deployed(self) -> None:
        """Take note that the application was deployed: save it, and start its workers."""
        self._checkpointer.request()
        self._warm()

    def stop(self) -> bool:
        """Take no more requests, save the state, end all tasks; says whether it was saved."""
        self._loop.call_soon_threadsafe(self._end.set)
        self._server.join(_STOP_LIMIT_S)
        self._containers.stop_all()
        return not self._server.is_alive()

    def _serve(self) -> None:
        config = Config()
        config.bind = [f"fd://{self._listener.fileno()}"]
        config.keep_alive_timeout = 75
        config.graceful_timeout = 1
        config.errorlog = None
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(serve(app, config, shutdown_trigger=self._end.wait))

    def _checkpoint(self) -> None:
        trim_history()
        save_state(self._home.services)
        trim_log(self._home.log)

    def _end_idle_workers(self) -> None:
        while True:
            time.sleep(_IDLE_LOOK_S)
            end_idle_workers(FleetInfo.load(self._home.info))

    def _warm(self) -> None:
        info = FleetInfo.load(self._home.info)
        if info:
            warm_in_background(info)
