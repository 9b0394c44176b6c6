"""Strategies by name: those of Testfleet, and plugins from the entry point `testfleet.strategies`.

A plugin's entry point names an object with `name`, `summary` and `assign`: see `Strategy` in
`testfleet.planning.work`. The names of Testfleet's own strategies are taken: a plugin cannot
replace them.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Final, cast

from testfleet.errors import UsageError
from testfleet.planning.strategies.checks import assign
from testfleet.planning.work import Strategy

__all__ = ["DEFAULT", "GROUP", "OWN_STRATEGIES", "assign", "strategy_named", "strategy_names"]

GROUP: Final = "testfleet.strategies"
"""Entry points of this group are strategies."""
DEFAULT: Final = "balanced"
"""The strategy when none is named."""

OWN_STRATEGIES: Final = {
    "balanced": "testfleet.planning.strategies.balanced:BALANCED",
    "deadline": "testfleet.planning.strategies.deadline:DEADLINE",
    "fair-share": "testfleet.planning.strategies.fair_share:FAIR_SHARE",
    "hybrid": "testfleet.planning.strategies.hybrid:HYBRID",
    "learned": "testfleet.planning.strategies.learned:LEARNED",
    "priority": "testfleet.planning.strategies.priority:PRIORITY",
    "resource-aware": "testfleet.planning.strategies.resource_aware:RESOURCE_AWARE",
    "simple": "testfleet.planning.strategies.simple:SIMPLE",
    "test-type": "testfleet.planning.strategies.by_kind:BY_KIND",
}
"""Testfleet's own strategies by name, and where they are. The same as in pyproject.toml: the bundle
of a Lambda function has no package metadata."""


def strategy_names() -> list[str]:
    """Every name that `strategy_named` knows, in alphabetical order."""
    return sorted(OWN_STRATEGIES.keys() | {entry.name for entry in entry_points(group=GROUP)})


def strategy_named(name: str) -> Strategy:
    """The strategy of that name.

    Raises UsageError for an unknown name and for a plugin that cannot be loaded.
    """
    if name in OWN_STRATEGIES:
        module, _, attribute = OWN_STRATEGIES[name].partition(":")
        return cast(Strategy, getattr(import_module(module), attribute))
    plugins = list(entry_points(group=GROUP, name=name))
    if not plugins:
        raise UsageError(f"no strategy {name!r}: there are {', '.join(strategy_names())}")
    if len({plugin.value for plugin in plugins}) > 1:
        where = " and ".join(sorted(_origin(plugin) for plugin in plugins))
        raise UsageError(
            f"strategy {name!r} is registered by {where}", hint="uninstall one of the packages"
        )
    return _load(plugins[0])


def is_ordered(name: str) -> bool:
    """Whether the order of a shard's units is part of the strategy, and so holds when they run.

    Raises UsageError as `strategy_named` does.
    """
    return bool(getattr(strategy_named(name), "ordered", False))


def _load(plugin: EntryPoint) -> Strategy:
    try:
        loaded = plugin.load()
    except Exception as exc:  # someone else's module may raise anything while it is imported
        raise UsageError(
            f"strategy {plugin.name!r} of {_origin(plugin)} cannot be loaded from"
            f" {plugin.value!r}: {type(exc).__name__}: {exc}",
            hint="mend or uninstall the package, or choose another strategy",
        ) from exc
    missing = [
        word for word in ("name", "summary") if not isinstance(getattr(loaded, word, None), str)
    ]
    if isinstance(loaded, type) or not callable(getattr(loaded, "assign", None)):
        missing.append("assign")
    if missing:
        raise UsageError(
            f"strategy {plugin.name!r} of {_origin(plugin)}: {plugin.value!r} is"
            f" {type(loaded).__name__} without a usable {', '.join(missing)}",
            hint="name an instance with `name`, `summary` and `assign(job)`, not a class",
        )
    return cast(Strategy, loaded)


def _origin(plugin: EntryPoint) -> str:
    return plugin.dist.name if plugin.dist is not None else "an unnamed package"
