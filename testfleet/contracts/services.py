"""What tests need beside themselves: databases, queues, servers of their own."""

from __future__ import annotations

import re
from typing import Self

from pydantic import Field, field_validator, model_validator

from testfleet.contracts.base import Contract

NAME_PATTERN = re.compile(r"^[a-z][a-z0-9-]{0,40}$")


class ServiceConfig(Contract):
    """One `[services.NAME]`. In all texts `{port}` is its port on this machine, `{folder}` an empty
    folder of its own, `{NAME.port}` and `{NAME.folder}` those of a service that it needs."""

    command: tuple[str, ...] = ()
    """Program and arguments. With `image`: what runs in the container, if not its own command."""
    image: str = ""
    """Image of a container, run by podman or docker."""
    port_inside: int | None = Field(default=None, gt=0, lt=65536)
    """With `image`: the port in the container that `{port}` leads to."""
    prepare: tuple[tuple[str, ...], ...] = ()
    """Commands that run to their end before it starts, e.g. what makes an empty database."""
    env: dict[str, str] = Field(default_factory=dict)
    """Variables that the service sees, on top of those of the tests."""
    gives: dict[str, str] = Field(default_factory=dict)
    """Variables that the tests see, and services that need it, e.g. an address with `{port}`."""
    ready: str | tuple[str, ...] = "tcp"
    """When it is ready: `tcp` (its port takes connections), an `http://` address that answers with
    a status below 400, or a command that succeeds."""
    reset: tuple[str, ...] = ()
    """Command that makes its state fresh. With it, one instance serves all shards of a worker;
    without, each shard gets a new one."""
    needs: tuple[str, ...] = ()
    """Services that must be ready before it starts."""
    start_s: float = Field(default=30.0, gt=0, le=600)
    """Seconds until it must be ready."""

    @field_validator("ready")
    @classmethod
    def _known_check(cls, value: str | tuple[str, ...]) -> str | tuple[str, ...]:
        if isinstance(value, str) and value != "tcp" and not value.startswith("http://"):
            raise ValueError(
                '`ready` is "tcp", an address like "http://127.0.0.1:{port}/health", or a command'
                ' as a list like ["pg_isready", "-p", "{port}"]'
            )
        return value

    @model_validator(mode="after")
    def _can_be_started(self) -> Self:
        if not self.command and not self.image:
            raise ValueError("a service needs `command` or `image`")
        if bool(self.port_inside) != bool(self.image):
            raise ValueError("`image` and `port_inside`, its port in the container, go together")
        told = (*self.command, *self.env.values(), *(word for one in self.prepare for word in one))
        if self.ready == "tcp" and not self.image and not any("{port}" in one for one in told):
            raise ValueError(
                "nothing tells the service its port: put `{port}` into `command` or `env`, or say"
                " by `ready` when it is ready"
            )
        return self


class Service(ServiceConfig):
    """A service and its name, as a worker is told."""

    name: str
