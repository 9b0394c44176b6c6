"""The tools that workers know, by the word for them in `testfleet.toml`. pytest has a path of its
own, see `testfleet.execution.shard`."""

from __future__ import annotations

from typing import Final

from testfleet.execution.environments import EnvironmentUnusableError
from testfleet.execution.frameworks.command import CommandAdapter
from testfleet.execution.frameworks.eslint import EslintAdapter
from testfleet.execution.frameworks.framework import Adapter
from testfleet.execution.frameworks.jest import JestAdapter
from testfleet.execution.frameworks.playwright import PlaywrightAdapter
from testfleet.execution.frameworks.tsc import TscAdapter
from testfleet.execution.frameworks.vitest import VitestAdapter

ADAPTERS: Final[tuple[Adapter, ...]] = (
    CommandAdapter(),
    EslintAdapter(),
    JestAdapter(),
    PlaywrightAdapter(),
    TscAdapter(),
    VitestAdapter(),
)


def adapter_named(name: str) -> Adapter:
    """The adapter of that name. Raises EnvironmentUnusableError."""
    for adapter in ADAPTERS:
        if adapter.name == name:
            return adapter
    known = ", ".join(["pytest", *(adapter.name for adapter in ADAPTERS)])
    raise EnvironmentUnusableError(f"framework {name!r} is not known", hint=f"use one of: {known}")
