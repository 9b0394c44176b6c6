"""The daemon: the embedded AWS in one process. `python -m testfleet.local.launcher --state DIR`.

It ends on SIGTERM with everything that it has started, and takes SIGUSR1 as the news that the
application was deployed.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from testfleet.errors import FleetError, TestfleetError
from testfleet.local.environment import MODELS_VARIABLE, use_emulator
from testfleet.local.fingerprint import program_fingerprint
from testfleet.local.home import FleetHome
from testfleet.local.info import DaemonInfo, FleetInfo
from testfleet.local.locks import FileLock
from testfleet.local.network import HOST, bind, bind_preferred, url_of, wait_until
from testfleet.local.orphans import adopt_orphans
from testfleet.local.processes import ProcessId, descendants, kill
from testfleet.local.tether import tied_environment

if TYPE_CHECKING:
    from testfleet.local.emulator import Emulator

_log = logging.getLogger("testfleet")

_LOCK_LIMIT_S = 10.0
_WARM_WORKER_S = 24 * 3600
"""Seconds that ministack keeps idle workers: longer than `warm.end_idle_workers`, which decides."""


@dataclass
class Daemon:
    """One daemon, from its lock to its end."""

    home: FleetHome
    region: str
    port: int = 0
    _ended: threading.Event = field(default_factory=threading.Event, init=False)

    def run(self) -> int:
        """Serve until SIGTERM; the exit code. Raises FleetError when it cannot begin."""
        lock = FileLock(self.home.daemon_lock)
        wait_until(lock.acquire, _LOCK_LIMIT_S, self._taken(lock))
        with lock:
            self.home.empty_tmp()
            listener = bind(self.port) if self.port else bind_preferred(self._last_port())
            self._prepare_process(listener)
            # Ministack reads its settings when it is imported.
            from testfleet.local.emulator import Emulator  # noqa: PLC0415

            self._serve_models()
            emulator = Emulator(self.home, listener)
            emulator.start()
            self._listen_to_signals(emulator)
            self._announce(url_of(listener))
            self._ended.wait()
            return self._stop(emulator)

    def _taken(self, lock: FileLock) -> str:
        return f"another daemon (pid {lock.holder()}) holds the fleet's lock and did not end"

    def _last_port(self) -> int | None:
        # The same port again keeps addresses valid that the application was deployed with.
        last = FleetInfo.load(self.home.info)
        return urlsplit(last.endpoint_url).port if last else None

    def _prepare_process(self, listener: socket.socket) -> None:
        use_emulator(os.environ, url_of(listener), self.region)
        configure(self.home, listener.getsockname()[1], os.environ)
        tempfile.tempdir = os.environ["TMPDIR"] = str(self.home.tmp)
        os.environ.setdefault("TESTFLEET_WORK_ROOT", str(self.home.work_root))
        os.environ["TESTFLEET_PULLS"] = str(self.home.pulls)
        os.environ.update(tied_environment({}))
        adopt_orphans()

    def _serve_models(self) -> None:
        """Before the first worker is started, which is told the address."""
        if not os.environ.get(MODELS_VARIABLE):
            return
        from testfleet.local.models import SERVER_VARIABLE, model_server  # noqa: PLC0415

        server = model_server(self.home, os.environ)
        if server is not None:
            server.start()
            os.environ[SERVER_VARIABLE] = server.url

    def _listen_to_signals(self, emulator: Emulator) -> None:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGUSR1, lambda *_: emulator.deployed())
        signal.signal(signal.SIGTERM, lambda *_: self._ended.set())

    def _announce(self, endpoint_url: str) -> None:
        process = ProcessId.of(os.getpid())
        if process is None:
            raise FleetError("this machine does not tell when a process was started")
        info = DaemonInfo(process=process, endpoint_url=endpoint_url, program=program_fingerprint())
        info.save(self.home.daemon)
        _log.warning("the fleet answers at %s", endpoint_url)

    def _stop(self, emulator: Emulator) -> int:
        self.home.daemon.unlink(missing_ok=True)
        saved = emulator.stop()
        # Twice: what is started while the first round goes on is caught by the second.
        for _ in range(2):
            kill(descendants(os.getpid()))
            time.sleep(0.02)
        self.home.empty_tmp()
        _log.warning("the fleet has ended%s", "" if saved else "; its last state was not saved")
        return 0 if saved else 1


def configure(home: FleetHome, port: int, environ: MutableMapping[str, str]) -> None:
    """Set ministack's settings. It reads them when it is imported: call this first."""
    environ.update(
        {
            "BIND_HOST": HOST,
            "GATEWAY_PORT": str(port),
            "IOT_MTLS_ENABLED": "0",
            "LAMBDA_WARM_TTL_SECONDS": str(_WARM_WORKER_S),
            "LOG_LEVEL": "WARNING",
            "PERSIST_STATE": "1",
            "S3_DATA_DIR": str(home.objects),
            "S3_PERSIST": "1",
            "SFTP_ENABLED": "0",
            "STATE_DIR": str(home.services),
        }
    )


def main() -> int:
    """Run the daemon that the command line names; the exit code."""
    parser = argparse.ArgumentParser(prog="testfleet.local.launcher")
    parser.add_argument("--state", type=Path, required=True, help="folder of the fleet's state")
    parser.add_argument("--region", default="us-east-1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    options = parser.parse_args()
    home = FleetHome(options.state.absolute())
    try:
        home.prepare()
        return Daemon(home, options.region, options.port).run()
    except TestfleetError as exc:
        print(exc, exc.hint, sep="\n", file=sys.stderr)  # noqa: T201 - the parent reads it
        return exc.exit_code


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # Threads of executions may sleep for a minute; nothing that they would do is wanted any more.
    os._exit(code)
