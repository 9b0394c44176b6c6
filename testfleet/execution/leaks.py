"""What a shard's tests have left behind, found by its clean-up, with the file that has left it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from testfleet.contracts.leak import Leak, LeakKind
from testfleet.execution.journal import clean
from testfleet.execution.processes import TICK_S, Ended
from testfleet.execution.supervisor import Ending, Stop

_TEXT_LIMIT: Final = 300
_MOST: Final = 10
"""Findings of one kind that a shard reports."""
_KEPT_BY_TOOLS: Final = (
    ".",
    "pytest-of-",
    "jest",
    "haste-map",
    "vite",
    "playwright",
    "v8-compile-cache",
    "node-compile-cache",
    "npm-",
    "tsx-",
)
"""Beginnings of names: caches, and what pytest keeps of the last three runs' `tmp_path`."""

UnitsBetween = Callable[[float, float], set[str]]
"""Which units ran between two moments, in seconds since the machine started."""


def left_running(ending: Ending, units_of: Callable[[Ended], set[str]]) -> Iterator[Leak]:
    """Findings about the processes that had to be ended, and the ports that they listened on.

    What is left of a process that was killed is no fault of its tests.
    """
    if ending.stop not in (None, Stop.HUNG) or not ending.left_behind:
        return
    left = ending.left_behind
    units = sorted({unit for process in left for unit in units_of(process)})
    names = ", ".join(sorted({clean(process.name) for process in left}))
    count = f"{len(left)} process" if len(left) == 1 else f"{len(left)} processes"
    yield _leak(LeakKind.PROCESS, units, f"ended {count} that {_who(units)} left behind: {names}")
    for process in [process for process in left if process.ports][:_MOST]:
        whose = sorted(units_of(process)) or units
        ports = ", ".join(map(str, process.ports))
        text = f"{clean(process.name)}, which {_who(whose)} left behind, listened on port {ports}"
        yield _leak(LeakKind.PORT, whose, text)


def units_of_process(between: UnitsBetween) -> Callable[[Ended], set[str]]:
    """The units in whose time a process was started."""
    return lambda process: between(process.started_at, process.started_at + TICK_S)


@dataclass(frozen=True)
class Belongings:
    """What the tests of one shard can leave beside processes. Look before they begin."""

    temporary: Path
    tree: Path
    known: frozenset[str]
    """What lay in the temporary folder before."""

    @classmethod
    def before(cls, temporary: Path, tree: Path) -> Belongings:
        """What there is now: set-up commands and services have made it."""
        return cls(temporary, tree, frozenset(entry.name for entry in _entries(temporary)))

    def left(self, between: UnitsBetween, units: Sequence[str]) -> Iterator[Leak]:
        """Findings once they have ended. `units`: all that have run."""
        yield from self._temporary(between, units)
        yield from self._open_files(units)

    def _temporary(self, between: UnitsBetween, units: Sequence[str]) -> Iterator[Leak]:
        by_units: dict[tuple[str, ...], list[str]] = {}
        for entry in _entries(self.temporary):
            if entry.name in self.known:
                continue
            moment = _made_at(entry)
            whose = sorted(between(moment, moment + TICK_S)) if moment else []
            key = tuple(whose or (units if len(units) == 1 else ()))
            by_units.setdefault(key, []).append(clean(entry.name))
        for key, names in list(by_units.items())[:_MOST]:
            shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if names[3:] else "")
            text = f"{_who(key)} left {len(names)} in the temporary folder: {shown}"
            yield _leak(LeakKind.TEMPORARY, key, text)

    def _open_files(self, units: Sequence[str]) -> Iterator[Leak]:
        """Files of the tests that this very process holds: they would keep a disk full."""
        held = [name for name in _held() if self._is_theirs(name)]
        if held:
            whose = tuple(units) if len(units) == 1 else ()
            text = f"the worker held {len(held)} files of the tests open: {clean(held[0])}"
            yield _leak(LeakKind.OPEN_FILE, whose, text)

    def _is_theirs(self, name: str) -> bool:
        return name.startswith((f"{self.temporary}/", f"{self.tree}/"))


def _leak(kind: LeakKind, units: Iterable[str], text: str) -> Leak:
    # Names of files and processes are the tests' own: no terminal is to take orders from them.
    told = "".join(char if char.isprintable() else "?" for char in text[:_TEXT_LIMIT])
    return Leak(kind=kind, units=tuple(map(clean, units)), text=told)


def _who(units: Sequence[str]) -> str:
    return " or ".join(map(clean, units)) if units else "the tests"


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            named = [entry for entry in found if not entry.name.startswith(_KEPT_BY_TOOLS)]
    except OSError:
        return []
    return sorted(named, key=lambda entry: entry.name)


def _made_at(entry: os.DirEntry[str]) -> float | None:
    """When it was last changed, in seconds since the machine started, rounded down by up to a tick:
    a test that leaves something has mostly just made it."""
    try:
        changed_at = entry.stat(follow_symlinks=False).st_mtime
    except OSError:
        return None
    return time.clock_gettime(time.CLOCK_BOOTTIME) - (time.time() - changed_at)


def _held() -> Iterator[str]:
    for entry in Path("/proc/self/fd").iterdir():
        try:
            yield str(entry.readlink())
        except OSError:
            continue
