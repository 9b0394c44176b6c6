"""The processes of one task: who they are, how much memory they use, and their end.

A process belongs to the task when it descends from the one that was started for it, or was orphaned
and so handed to this worker (a child subreaper), or carries the task's marker in its environment.
One of the three holds for daemons, too, whatever they do to their session, parent or variables.
"""

from __future__ import annotations

import ctypes
import os
import signal
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from testfleet.execution.host import MARKER

PR_SET_CHILD_SUBREAPER: Final = 36
TERM_GRACE_S: Final = 1.0
"""Seconds between SIGTERM and SIGKILL."""
KILL_GRACE_S: Final = 3.0
"""Seconds after which a process that survives SIGKILL (in the kernel, on a dead disk) is left."""
PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")
TICK_S: Final = 1 / os.sysconf("SC_CLK_TCK")
PROC: Final = Path("/proc")
_SOCKET: Final = "socket:["
_LISTENS: Final = "0A"
"""State of a socket in /proc/net/tcp."""


def become_subreaper() -> None:
    """Let orphans among our descendants become our children, not init's, so that none is lost."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


@dataclass(frozen=True)
class Ended:
    """A process that had to be ended."""

    name: str
    started_at: float
    """Seconds since the machine started, rounded down to a tick."""
    ports: tuple[int, ...] = ()
    """On which it listened."""


@dataclass
class Family:
    """All processes of one task. `strangers` are our children that were there before it."""

    marker: str
    root: int | None = None
    """The process that was started for the task."""
    leader: int | None = None
    """The one below it that matters. Whoever supervises the two waits for them."""
    strangers: frozenset[int] = field(default_factory=lambda: frozenset(children_of(os.getpid())))

    def leave_out_children(self) -> None:
        """What this worker has started until now is none of the task's, such as its services."""
        self.strangers |= frozenset(children_of(os.getpid()))

    def members(self) -> set[int]:
        """Found along the tree: quick, and right but for daemons whose parents are not ours."""
        roots = {pid for pid in children_of(os.getpid()) if self._is_adopted(pid)}
        if self.root is not None:
            roots.add(self.root)
        return set(_with_descendants(roots))

    def all_members(self) -> set[int]:
        """Found along the tree and by the marker among all processes. The dead don't count."""
        self.reap_orphans()
        found = self.members() | set(_with_descendants(carriers_of(self.marker)))
        found.discard(os.getpid())
        return {pid for pid in found if _state_of(pid) not in ("Z", "X", "")}

    def reap_orphans(self) -> None:
        """Do for adopted processes that have died what init would have done."""
        for pid in list(children_of(os.getpid())):
            is_ours = pid not in self.strangers and pid not in (self.root, self.leader)
            if is_ours and _state_of(pid) == "Z":
                with suppress(ChildProcessError):
                    os.waitpid(pid, os.WNOHANG)

    def memory_mb(self) -> float:
        """Memory in use, pages shared by several of them counted once if that matters."""
        return sum(_resident_bytes(pid) for pid in self.members()) / 2**20

    def exact_memory_mb(self) -> float:
        """As `memory_mb`, with shared pages divided among those that share them. Slower."""
        return sum(_proportional_bytes(pid) for pid in self.members()) / 2**20

    def kill(self) -> None:
        """End all at once. For what must not get a chance to act."""
        self._end(frozenset(), 0.0)

    def end(self, expected: frozenset[int] = frozenset()) -> list[Ended]:
        """SIGTERM, then SIGKILL, until nobody is left; those ended that were not expected."""
        return self._end(expected, TERM_GRACE_S)

    def _end(self, expected: frozenset[int], grace_s: float) -> list[Ended]:
        began = time.monotonic()
        ended: dict[int, Ended] = {}
        while members := self.all_members():
            elapsed = time.monotonic() - began
            if elapsed > grace_s + KILL_GRACE_S:
                break
            for pid in members:
                is_new = pid not in ended
                if is_new:
                    ports = () if pid in expected else listening_ports(pid)
                    ended[pid] = Ended(_name_of(pid), _started_at(pid), ports)
                if elapsed >= grace_s or pid in expected:
                    _signal(pid, signal.SIGKILL)
                elif is_new:
                    _signal(pid, signal.SIGTERM)
            time.sleep(min(0.05, 0.005 + elapsed / 10))
        return [process for pid, process in ended.items() if pid not in expected]

    def _is_adopted(self, pid: int) -> bool:
        if pid in self.strangers:
            return False
        environment = _environment_of(pid)
        # Another task of this very worker would show its own marker.
        return f"{MARKER}=".encode() not in environment or self._tag() in environment.split(b"\0")

    def _tag(self) -> bytes:
        return f"{MARKER}={self.marker}".encode()


def children_of(pid: int) -> Iterator[int]:
    """Direct children, of all threads."""
    try:
        threads = list((PROC / str(pid) / "task").iterdir())
    except OSError:
        return
    for thread in threads:
        with suppress(OSError):
            yield from map(int, (thread / "children").read_text().split())


def carriers_of(marker: str) -> Iterator[int]:
    """Processes with the task's marker in the environment that they were started with."""
    tag = f"{MARKER}={marker}".encode()
    with os.scandir(PROC) as entries:
        pids = [int(entry.name) for entry in entries if entry.name.isdigit()]
    for pid in pids:
        environment = _environment_of(pid)
        if tag in environment and tag in environment.split(b"\0"):
            yield pid


def _with_descendants(roots: Iterable[int]) -> Iterator[int]:
    waiting, seen = list(roots), set[int]()
    while waiting:
        pid = waiting.pop()
        if pid not in seen:
            seen.add(pid)
            yield pid
            waiting.extend(children_of(pid))


def _environment_of(pid: int) -> bytes:
    try:
        return (PROC / str(pid) / "environ").read_bytes()
    except OSError:
        return b""


def _stat_of(pid: int) -> list[str]:
    """Fields of /proc/<pid>/stat from the third on; empty when the process is gone."""
    try:
        return (PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return []


def _state_of(pid: int) -> str:
    return (_stat_of(pid) or [""])[0]


def _name_of(pid: int) -> str:
    try:
        return (PROC / str(pid) / "comm").read_text(errors="replace").strip()
    except OSError:
        return "a process"


def _started_at(pid: int) -> float:
    fields = _stat_of(pid)
    if not fields:
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return int(fields[19]) * TICK_S


def _resident_bytes(pid: int) -> int:
    try:
        return int((PROC / str(pid) / "statm").read_text().split()[1]) * PAGE_BYTES
    except (OSError, IndexError):
        return 0


def _proportional_bytes(pid: int) -> int:
    try:
        lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    except OSError:
        return _resident_bytes(pid)
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def listening_ports(pid: int) -> tuple[int, ...]:
    """TCP ports on which the process takes connections, those of its own network included."""
    try:
        held = {str(entry.readlink()) for entry in (PROC / str(pid) / "fd").iterdir()}
    except OSError:
        return ()
    sockets = {name[len(_SOCKET) : -1] for name in held if name.startswith(_SOCKET)}
    if not sockets:
        return ()
    ports = set[int]()
    for table in ("tcp", "tcp6"):
        try:
            lines = (PROC / str(pid) / "net" / table).read_text().splitlines()[1:]
        except OSError:
            continue
        for fields in map(str.split, lines):
            if fields[3] == _LISTENS and fields[9] in sockets:
                ports.add(int(fields[1].rpartition(":")[2], 16))
    return tuple(sorted(ports))


def _signal(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)
