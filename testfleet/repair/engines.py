"""Engines by name: those of Testfleet, and plugins from the entry point `testfleet.engines`.

A plugin's entry point names a class without arguments, or an object, with `name` and `candidates`:
see `Engine` in `testfleet.repair.engine`.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final, cast

from testfleet.contracts.repair import Candidate
from testfleet.errors import UsageError
from testfleet.repair.engine import Engine

GROUP: Final = "testfleet.engines"
"""Entry points of this group are engines."""
OWN_ENGINES: Final = {
    "rewrite": "testfleet.repair.rewrite.engine:RewriteEngine",
    "tools": "testfleet.repair.typescript.engine:ToolsEngine",
}
"""Testfleet's own engines by name. The same as in pyproject.toml."""
OPTIONAL: Final = frozenset({"model"})
"""Engines that are there when something is configured for them; without it, the others go on."""


def engine_names() -> list[str]:
    """Every name that `engine_named` knows, in alphabetical order."""
    return sorted(OWN_ENGINES.keys() | {entry.name for entry in entry_points(group=GROUP)})


def engines_named(names: Sequence[str], more: Sequence[Engine] = ()) -> list[Engine]:
    """The engines of these names; of all when there are none. `more` are there already, and known
    by their names as well. Raises UsageError."""
    given = {engine.name: engine for engine in more}
    known = [*(name for name in engine_names() if name not in given), *given]
    wanted = [
        name for name in dict.fromkeys(names or known) if name in known or name not in OPTIONAL
    ]
    if not wanted:
        raise UsageError(
            f"engine {', '.join(names)} is not configured", hint=f"use {', '.join(known)}"
        )
    return [given[name] if name in given else engine_named(name) for name in wanted]


def engine_named(name: str) -> Engine:
    """The engine of that name. Raises UsageError for an unknown one and for a plugin that cannot
    be loaded."""
    if name in OWN_ENGINES:
        module, _, attribute = OWN_ENGINES[name].partition(":")
        return cast(Engine, getattr(import_module(module), attribute)())
    plugins = list(entry_points(group=GROUP, name=name))
    if not plugins:
        raise UsageError(f"no engine {name!r}: there are {', '.join(engine_names())}")
    return _load(plugins[0])


def _load(plugin: EntryPoint) -> Engine:
    try:
        loaded: Any = plugin.load()
        engine = loaded() if isinstance(loaded, type) else loaded
    except Exception as exc:  # someone else's module may raise anything while it is imported
        raise UsageError(
            f"engine {plugin.name!r} cannot be loaded from {plugin.value!r}:"
            f" {type(exc).__name__}: {exc}",
            hint="mend or uninstall the package, or leave the engine out of --engine",
        ) from exc
    if not callable(getattr(engine, "candidates", None)):
        raise UsageError(
            f"engine {plugin.name!r}: {plugin.value!r} has no method `candidates(fault)`",
            hint="name a class without arguments, or an object, that is an Engine",
        )
    return cast(Engine, engine)


def best_first(streams: Sequence[Iterator[Candidate | None]]) -> Iterator[Candidate | None]:
    """One stream of several, each of which has its best first. None while those that are left have
    nothing new yet."""
    heads: list[tuple[float, int, Candidate]] = []
    late = set(range(len(streams)))
    while late or heads:
        for at in sorted(late):
            try:
                candidate = next(streams[at])
            except StopIteration:
                late.discard(at)
                continue
            if candidate is not None:
                late.discard(at)
                rank = -candidate.suspiciousness * candidate.prior
                heapq.heappush(heads, (rank, at, candidate))
        if heads:
            _, at, candidate = heapq.heappop(heads)
            late.add(at)
            yield candidate
        elif late:
            yield None
