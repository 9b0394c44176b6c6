"""Lends services to one shard after the other.

Services that can be made fresh stay for a moment after their shard: the next one of this worker may
want them. All others end with their shard.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from testfleet.execution.services.running import ServiceSet, Setting

LINGER_S: Final = 3.0
"""Seconds that services wait for the next shard."""


@dataclass
class Lent:
    """Services of one shard."""

    gives: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    """Known at the end: what became of services while tests ran."""


class Keeper:
    """The services of one worker process."""

    def __init__(self, guard: Callable[[str], None], release: Callable[[str], None]) -> None:
        self._guard = guard
        self._release = release
        self._lock = threading.Lock()
        self._kept: ServiceSet | None = None
        self._timer: threading.Timer | None = None

    @contextmanager
    def lend(self, setting: Setting) -> Iterator[Lent]:
        """Services, ready and fresh, for the time of the context.

        Raises ServiceError, EnvironmentStoppedError.
        """
        if not setting.services:
            yield Lent()
            return
        services = self._take(setting) or self._start(setting)
        lent = Lent(dict(services.gives))
        try:
            yield lent
        finally:
            lent.notes.extend(services.ended())
            self._give_back(services)

    def close(self) -> None:
        """End what waits for another shard."""
        with self._lock:
            services, self._kept = self._kept, None
            if self._timer is not None:
                self._timer.cancel()
        if services is not None:
            self._stop(services)

    def _take(self, setting: Setting) -> ServiceSet | None:
        """Those of the shard before, when they are the same and could be made fresh."""
        with self._lock:
            services, self._kept = self._kept, None
            if self._timer is not None:
                self._timer.cancel()
        if services is None:
            return None
        if _key(services.setting) == _key(setting) and services.is_alive and services.reset():
            return services
        self._stop(services)
        return None

    def _start(self, setting: Setting) -> ServiceSet:
        self._guard(setting.marker)
        services = ServiceSet(setting)
        try:
            services.start()
        except BaseException:
            self._stop(services)
            raise
        return services

    def _give_back(self, services: ServiceSet) -> None:
        with self._lock:
            is_kept = services.can_be_kept and services.is_alive and self._kept is None
            if is_kept:
                self._kept = services
                self._timer = threading.Timer(LINGER_S, self.close)
                self._timer.daemon = True
                self._timer.start()
        if not is_kept:
            self._stop(services)

    def _stop(self, services: ServiceSet) -> None:
        services.stop()
        self._release(services.setting.marker)


def _key(setting: Setting) -> tuple[object, ...]:
    return (setting.services, setting.cwd, setting.marker)
