"""Which services a suite needs, in the order in which they start."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter

from testfleet.contracts.services import NAME_PATTERN, Service, ServiceConfig
from testfleet.errors import UsageError


def services_of(known: Mapping[str, ServiceConfig], names: Iterable[str]) -> tuple[Service, ...]:
    """Those of the names and all that they need, each after what it needs itself.

    Raises UsageError for unknown names and for services that need each other.
    """
    wanted: dict[str, tuple[str, ...]] = {}
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name in wanted:
            continue
        if name not in known or not NAME_PATTERN.match(name):
            has = ", ".join(sorted(known)) or "none"
            raise UsageError(
                f"no service {name!r}: testfleet.toml has {has}",
                hint=f"add a table [services.{name}], in small letters, digits and `-`",
            )
        wanted[name] = known[name].needs
        waiting += known[name].needs
    try:
        order = list(TopologicalSorter(dict(sorted(wanted.items()))).static_order())
    except CycleError as exc:
        circle = " needs ".join(reversed(exc.args[1]))
        raise UsageError(
            f"services wait for each other: {circle}", hint="mend `needs` of one of them"
        ) from exc
    return tuple(Service(name=name, **dict(known[name])) for name in order)
