"""Starts, finds and ends the daemon of a home."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from testfleet.config import ROOT
from testfleet.errors import FleetError, UsageError
from testfleet.local.deploy import telling_lines
from testfleet.local.environment import plain_environment
from testfleet.local.fingerprint import program_fingerprint
from testfleet.local.home import FleetHome, explained
from testfleet.local.info import DaemonInfo
from testfleet.local.locks import FileLock
from testfleet.local.network import is_ready
from testfleet.local.processes import ProcessId, descendants, kill, kill_tree, wait_for_end

PORT_VARIABLE = "TESTFLEET_PORT"
_LEAN_HEAP = {"MALLOC_ARENA_MAX": "1", "MALLOC_TRIM_THRESHOLD_": "65536"}
"""glibc: one heap for all threads, given back soon. The fleet idles most of its life."""
_START_LIMIT_S = 30.0
_APPEAR_LIMIT_S = 10.0
_STOP_LIMIT_S = 10.0
_POLL_S = 0.02


@dataclass(frozen=True)
class DaemonControl:
    """The daemon of one home, seen from outside."""

    home: FleetHome

    def running(self) -> DaemonInfo | None:
        """The daemon that lives. A file that a killed one has left counts for nothing."""
        info = DaemonInfo.load(self.home.daemon)
        if info is None or not info.process.is_alive():
            return None
        return info if FileLock(self.home.daemon_lock).is_held() else None

    @staticmethod
    def is_fresh(daemon: DaemonInfo) -> bool:
        """Whether it runs the code of this checkout."""
        return daemon.program == program_fingerprint()

    @staticmethod
    def answers(daemon: DaemonInfo) -> bool:
        """Whether it takes requests. A machine under load is given a second chance."""
        return is_ready(daemon.endpoint_url) or is_ready(daemon.endpoint_url, 10.0)

    def ensure(self, region: str, progress: Callable[[str], None]) -> DaemonInfo:
        """A daemon that answers and runs this checkout's code: the one there is, or a new one.

        Call it with the operation lock held. Raises FleetError.
        """
        daemon = self._settled()
        if daemon and self.is_fresh(daemon) and self.answers(daemon):
            return daemon
        if daemon:
            progress("stopping the embedded AWS, which runs older code or does not answer")
        self.stop()
        progress("starting the embedded AWS")
        return self._start(region)

    def stop(self) -> bool:
        """End the daemon and everything below it; says whether there was one."""
        lock = FileLock(self.home.daemon_lock)
        if not lock.is_held():
            self.home.daemon.unlink(missing_ok=True)
            return False
        holder = lock.holder()
        process = ProcessId.of(int(holder)) if holder.isdigit() else None
        if process is None:
            raise FleetError(
                f"the fleet of {self.home.root} is locked by a process that cannot be found",
                hint=f"end what holds {self.home.daemon_lock}",
            )
        _end(process)
        self.home.daemon.unlink(missing_ok=True)
        return True

    def _settled(self) -> DaemonInfo | None:
        """The running daemon; one that was just started by a killed `up` is waited for."""
        lock = FileLock(self.home.daemon_lock)
        deadline = time.monotonic() + _APPEAR_LIMIT_S
        while lock.is_held() and time.monotonic() < deadline:
            daemon = self.running()
            if daemon:
                return daemon
            time.sleep(_POLL_S)
        return None

    def _start(self, region: str) -> DaemonInfo:
        command = [sys.executable, "-m", "testfleet.local.launcher", "--state", str(self.home.root)]
        command += ["--region", region, "--port", str(_wanted_port())]
        with explained("cannot start the embedded AWS"), self.home.log.open("ab") as log:
            started_at = log.tell()
            process = subprocess.Popen(
                command, cwd=ROOT, env=plain_environment(os.environ) | _LEAN_HEAP,
                start_new_session=True, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        try:
            return self._wait_for(process, started_at)
        except BaseException:
            if process.poll() is None:
                kill_tree(process.pid)
                process.wait()
            raise

    def _wait_for(self, process: subprocess.Popen[bytes], started_at: int) -> DaemonInfo:
        deadline = time.monotonic() + _START_LIMIT_S
        while time.monotonic() < deadline:
            daemon = self.running()
            if daemon and daemon.process.pid == process.pid:
                return daemon
            if process.poll() is not None:
                said = self.home.log.read_bytes()[started_at:].decode("utf-8", "replace")
                raise FleetError(
                    f"the embedded AWS ended at once:\n{telling_lines(said)}",
                    hint=f"all of its output: {self.home.log}",
                )
            time.sleep(_POLL_S)
        raise FleetError(
            f"the embedded AWS did not answer within {_START_LIMIT_S:.0f} s",
            hint=f"its log: {self.home.log}",
        )


def _end(process: ProcessId) -> None:
    """SIGTERM, then SIGKILL; what was below it is ended too, whatever became of its parents."""
    below = descendants(process.pid)
    os.kill(process.pid, 15)
    if not wait_for_end(process, _STOP_LIMIT_S):
        below += descendants(process.pid)
        kill_tree(process.pid)
        wait_for_end(process, _STOP_LIMIT_S)
    kill(below)


def _wanted_port() -> int:
    text = os.environ.get(PORT_VARIABLE, "0")
    if text.isdigit() and int(text) < 2**16:
        return int(text)
    raise UsageError(
        f"{PORT_VARIABLE} is {text!r}: expected a port, 1 to 65535",
        hint="unset it, and the fleet takes a free port",
    )
