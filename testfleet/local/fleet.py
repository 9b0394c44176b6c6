"""The fleet on this machine: start it, deploy onto it, ask for it, stop it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from testfleet.config import load_environment
from testfleet.local.daemon import DaemonControl
from testfleet.local.deploy import deploy, synthesise
from testfleet.local.environment import client_environment, use_emulator
from testfleet.local.fingerprint import application_fingerprint
from testfleet.local.gateway import Gateway
from testfleet.local.home import FleetHome, explained, fleet_home
from testfleet.local.info import DaemonInfo, FleetInfo, FleetStatus
from testfleet.local.locks import exclusive
from testfleet.local.processes import memory_mb

__all__ = [
    "Fleet",
    "FleetHome",
    "FleetInfo",
    "FleetStatus",
    "emulator_environment",
    "point_to_fleet",
]

Progress = Callable[[str], None]

_OPERATION_LIMIT_S = 180.0


def emulator_environment(info: FleetInfo) -> dict[str, str]:
    """Variables that make boto3 talk to the fleet."""
    return client_environment(info.endpoint_url, info.region)


def point_to_fleet(info: FleetInfo) -> None:
    """Make boto3 in this process talk to the fleet and to nothing else, whatever AWS settings the
    user's shell has."""
    use_emulator(os.environ, info.endpoint_url, info.region)


class Fleet:
    """The fleet whose state lies in `home`; by default the checkout's, or TESTFLEET_HOME's."""

    def __init__(self, home: FleetHome | Path | None = None) -> None:
        self.home = FleetHome(home.absolute()) if isinstance(home, Path) else home or fleet_home()
        self._daemon = DaemonControl(self.home)

    def up(self, progress: Progress = lambda _: None) -> FleetInfo:
        """Start the fleet and deploy what the checkout holds; nothing happens when it is so.

        Raises FleetError. Then no daemon is left that was not there before.
        """
        info = self._current()
        if info:
            return info
        self.home.prepare()
        with (
            exclusive(self.home.operation_lock, _OPERATION_LIMIT_S, progress),
            explained("the fleet could not be brought up"),
        ):
            return self._current() or self._bring_up(progress)

    ensure_up = up

    def down(self) -> bool:
        """Stop the daemon and all its workers, keep the state; says whether there was one."""
        if not self.home.root.exists():
            return False
        with exclusive(self.home.operation_lock, _OPERATION_LIMIT_S, lambda _: None):
            return self._daemon.stop()

    def status(self) -> FleetStatus:
        """The fleet now; starts nothing."""
        daemon, info = self._daemon.running(), FleetInfo.load(self.home.info)
        if daemon is None:
            return FleetStatus(home=str(self.home.root), is_up=False)
        return FleetStatus(
            home=str(self.home.root),
            is_up=True,
            pid=daemon.process.pid,
            endpoint_url=daemon.endpoint_url,
            region=info.region if info else None,
            uptime_s=time.time() - psutil.Process(daemon.process.pid).create_time(),
            memory_mb=memory_mb(daemon.process.pid),
            stacks=info.stacks if info else (),
            outputs=info.outputs if info else {},
        )

    def _current(self) -> FleetInfo | None:
        """The fleet as it is, when nothing has to be done."""
        daemon, info = self._daemon.running(), FleetInfo.load(self.home.info)
        if daemon is None or info is None or not self._daemon.is_fresh(daemon):
            return None
        fits = info.endpoint_url == daemon.endpoint_url and info.pid == daemon.process.pid
        if fits and info.application == application_fingerprint() and self._daemon.answers(daemon):
            return info
        return None

    def _bring_up(self, progress: Progress) -> FleetInfo:
        fingerprint = application_fingerprint()
        known = FleetInfo.load(self.home.info)
        was_up = self._daemon.running() is not None
        try:
            with ThreadPoolExecutor(1) as pool:
                # Synthesis needs no AWS, so it and the start of the daemon share the time. It is
                # the longer of the two, so it stays here, where Ctrl-C ends it.
                starting = pool.submit(self._daemon.ensure, self._region(), progress)
                self._synthesise_if_changed(known, fingerprint, progress)
            return self._deploy_if_missing(starting.result(), known, fingerprint, progress)
        except BaseException:
            if not was_up:
                self._daemon.stop()
            raise

    def _synthesise_if_changed(
        self, known: FleetInfo | None, fingerprint: str, progress: Progress
    ) -> None:
        if known is None or known.application != fingerprint:
            progress("synthesising the application")
            synthesise(self.home, fingerprint)

    def _deploy_if_missing(
        self, daemon: DaemonInfo, known: FleetInfo | None, fingerprint: str, progress: Progress
    ) -> FleetInfo:
        gateway = Gateway(daemon.endpoint_url, self._region())
        if known and known.application == fingerprint and _has_all(gateway, known):
            info = _moved(known, daemon)
            info.save(self.home.info)
            return info
        assembly = synthesise(self.home, fingerprint)
        progress("deploying the application")
        made = deploy(self.home, assembly, gateway)
        info = FleetInfo(
            endpoint_url=daemon.endpoint_url,
            region=gateway.region,
            pid=daemon.process.pid,
            outputs=made.outputs,
            stacks=made.stacks,
            application=fingerprint,
        )
        info.save(self.home.info)
        os.kill(daemon.process.pid, signal.SIGUSR1)
        return info

    @staticmethod
    def _region() -> str:
        return load_environment("local").region


def _has_all(gateway: Gateway, info: FleetInfo) -> bool:
    return bool(info.stacks) and all(gateway.has_stack(name) for name in info.stacks)


def _moved(info: FleetInfo, daemon: DaemonInfo) -> FleetInfo:
    old, new = (urlsplit(url).port for url in (info.endpoint_url, daemon.endpoint_url))
    outputs = {
        name: value.replace(f"localhost:{old}", f"localhost:{new}")
        for name, value in info.outputs.items()
    }
    place = {"endpoint_url": daemon.endpoint_url, "pid": daemon.process.pid, "outputs": outputs}
    return info.model_copy(update=place)
