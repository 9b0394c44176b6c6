"""Services that run, from the first to the last of one worker."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from testfleet.contracts.services import Service
from testfleet.execution.environments import EnvironmentStoppedError
from testfleet.execution.files import remove_quietly
from testfleet.execution.host import MARKER, temporary_folder
from testfleet.execution.processes import Family
from testfleet.execution.services.container import container_commands
from testfleet.execution.services.errors import ServiceError
from testfleet.execution.services.ports import Lease, lease_port
from testfleet.execution.services.process import how_ended, start_process, tail
from testfleet.execution.services.ready import make_check, runs_well
from testfleet.execution.services.template import filled_all, filled_values
from testfleet.execution.supervisor import Stop

PREFIX: Final = "tf-s-"
LOOK_S: Final = 0.03
"""Seconds between two looks whether a service is ready, at first; later more."""
RESET_S: Final = 30.0
_REMOVE_S: Final = 4.0


@dataclass(frozen=True)
class Setting:
    """Where services run, and under what."""

    services: tuple[Service, ...]
    """In the order in which they start."""
    cwd: Path
    """The suite's folder in the working copy."""
    variables: Mapping[str, str]
    """Of the tests."""
    marker: str
    """Carried by all processes of these services."""
    order: Callable[[], Stop | None]
    """Asked often: whether the shard must end."""


@dataclass
class _Running:
    service: Service
    process: subprocess.Popen[bytes]
    variables: dict[str, str]
    log: Path
    container: tuple[str, ...] = ()
    """What removes its container."""


@dataclass
class ServiceSet:
    """All services of one worker. `start` may raise: `stop` is due all the same."""

    setting: Setting
    gives: dict[str, str] = field(default_factory=dict)
    """Variables for the tests."""
    _running: list[_Running] = field(default_factory=list)
    _leases: list[Lease] = field(default_factory=list)
    _values: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._family = Family(self.setting.marker)
        remove_forgotten()
        prefix = f"{PREFIX}{os.getpid()}-"
        self._folder = Path(tempfile.mkdtemp(prefix=prefix, dir=temporary_folder()))

    @property
    def is_alive(self) -> bool:
        """Whether none of them has ended."""
        return all(one.process.poll() is None for one in self._running)

    @property
    def can_be_kept(self) -> bool:
        """Whether each can be made fresh for the next shard."""
        return all(one.service.reset for one in self._running)

    def start(self) -> None:
        """Start one after the other, each when those before it are ready.

        Raises ServiceError, EnvironmentStoppedError.
        """
        for service in self.setting.services:
            self._start(service)

    def reset(self) -> bool:
        """Make the state of each fresh; whether that went well."""
        return all(
            runs_well(
                filled_all(one.service.reset, self._values_of(one.service)),
                one.variables,
                self.setting.cwd,
                RESET_S,
            )
            for one in self._running
        )

    def ended(self) -> list[str]:
        """What is to be said of services that have ended by themselves."""
        return [
            f"service {one.service.name} ended by itself, with {how_ended(one.process)}, while"
            f" tests ran:\n{tail(one.log)}"
            for one in self._running
            if one.process.poll() is not None
        ]

    def stop(self) -> None:
        """End all of them, the last first, and remove what they have left."""
        for one in reversed(self._running):
            if one.container:
                runs_well(one.container, one.variables, Path("/"), _REMOVE_S)
        self._family.end()
        for one in self._running:
            one.process.poll()
        for lease in self._leases:
            lease.release()
        remove_quietly(self._folder)

    def _start(self, service: Service) -> None:
        folder = self._folder / service.name
        folder.mkdir()
        lease = lease_port()
        self._leases.append(lease)
        own = {"port": str(lease.port), "folder": str(folder)}
        self._values |= {f"{service.name}.{key}": value for key, value in own.items()}
        values = self._values_of(service)
        variables = {
            **self.setting.variables,
            **self.gives,
            **filled_values(service.env, values),
            "TMPDIR": str(folder),
            MARKER: self.setting.marker,
        }
        give_up = time.monotonic() + service.start_s
        for command in service.prepare:
            self._prepare(service, filled_all(command, values), variables, give_up)
        running = self._launch(service, values, variables)
        self._running.append(running)
        self._wait(running, values, give_up)
        self.gives |= {
            f"{service.name.upper().replace('-', '_')}_PORT": str(lease.port),
            **filled_values(service.gives, values),
        }

    def _values_of(self, service: Service) -> dict[str, str]:
        own = {key: self._values[f"{service.name}.{key}"] for key in ("port", "folder")}
        return {**self._values, **own}

    def _prepare(
        self,
        service: Service,
        command: tuple[str, ...],
        variables: dict[str, str],
        give_up: float,
    ) -> None:
        log = self._log(service)
        process = start_process(service, command, (self.setting.cwd, log), variables)
        while process.poll() is None:
            self._check_order()
            if time.monotonic() > give_up:
                break
            time.sleep(LOOK_S)
        if process.poll() != 0:
            raise ServiceError(
                f"service {service.name}: `{' '.join(command)}` of `prepare` ended with"
                f" {how_ended(process)}:\n{tail(log)}",
                hint=f"mend it in [services.{service.name}] of testfleet.toml",
            )

    def _launch(
        self, service: Service, values: Mapping[str, str], variables: dict[str, str]
    ) -> _Running:
        command, removal = filled_all(service.command, values), tuple[str, ...]()
        if service.image:
            command, removal = container_commands(service, values, variables)
        log = self._log(service)
        process = start_process(service, command, (self.setting.cwd, log), variables)
        return _Running(service, process, variables, log, removal)

    def _log(self, service: Service) -> Path:
        return self._folder / f"{service.name}.log"

    def _wait(self, running: _Running, values: Mapping[str, str], give_up: float) -> None:
        service = running.service
        check = make_check(service, values, running.variables, self.setting.cwd)
        pause = LOOK_S
        while True:
            self._check_order()
            has_ended = running.process.poll() is not None
            if not has_ended and check():
                return
            if has_ended or time.monotonic() > give_up:
                break
            time.sleep(pause)
            pause = min(2 * pause, 0.5)
        what = f"was not ready within {service.start_s:g} s"
        if has_ended:
            what = f"ended with {how_ended(running.process)} before it was ready"
        raise ServiceError(
            f"service {service.name} {what}. End of its output:\n{tail(running.log)}",
            hint=f"run it by hand, and mend [services.{service.name}] of testfleet.toml",
        )

    def _check_order(self) -> None:
        stop = self.setting.order()
        if stop is not None:
            raise EnvironmentStoppedError(stop)


def remove_forgotten() -> None:
    """Remove folders of workers that were killed and could not do it."""
    for folder in temporary_folder().glob(f"{PREFIX}*-*"):
        owner = folder.name.removeprefix(PREFIX).partition("-")[0]
        with suppress(OSError):  # another worker may just remove it
            is_ours = not folder.is_symlink() and folder.stat().st_uid == os.getuid()
            if owner.isdecimal() and is_ours and not Path(f"/proc/{owner}").exists():
                remove_quietly(folder)
