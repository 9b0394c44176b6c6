"""A service that is an image: how its container is started and removed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from typing import Final

from testfleet.contracts.services import Service
from testfleet.execution.services.errors import ServiceError
from testfleet.execution.services.template import filled_all

ENGINES: Final = ("podman", "docker")


def container_commands(
    service: Service, values: Mapping[str, str], variables: Mapping[str, str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What starts its container, and what removes it. Raises ServiceError without an engine."""
    engine = _engine(service, variables)
    name = f"tf-{values['port']}-{os.getpid()}"
    # By name only: the engine has the values in its own environment, where `ps` shows none.
    options = [f"--env={key}" for key in service.env]
    port = f"127.0.0.1:{values['port']}:{service.port_inside}"
    start = (engine, "run", "--rm", "--name", name, "--publish", port, *options)
    command = filled_all(service.command, values)
    return (*start, service.image, *command), (engine, "rm", "--force", name)


def _engine(service: Service, variables: Mapping[str, str]) -> str:
    path = variables.get("PATH", os.defpath)
    for name in ENGINES:
        found = shutil.which(name, path=path)
        if found:
            return found
    raise ServiceError(
        f"service {service.name} is an image, and neither {' nor '.join(ENGINES)} is on PATH",
        hint="install one of them, or give the service a `command`",
    )
