"""Ends what outlives the worker that made it.

The daemon adopts orphans (it is a child subreaper), so that whatever a killed worker leaves behind
becomes a child of the daemon instead of vanishing among the machine's processes.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psutil

from testfleet.local.processes import kill

_PR_SET_CHILD_SUBREAPER = 36
_SETTLING_S = (0.05, 0.3, 1.0)
"""Seconds to look again after a worker's end: a process tree dies one level at a time."""

_CONTAINER_MONITOR = "conmon"
"""Podman's parent of a container detaches itself; it ends with the container, and tidies up."""


class ChildProcesses:
    """Every process that the daemon starts, and the orphans that it did not."""

    def __init__(self) -> None:
        # PR_SET_PDEATHSIG fires when the thread that started the child ends, not the process,
        # so all children are started by one thread that lives as long as the daemon.
        self._starter = ThreadPoolExecutor(1, "starter")
        self._started: list[subprocess.Popen[Any]] = []
        self._changed = threading.Event()
        threading.Thread(target=self._watch, name="orphans", daemon=True).start()

    def popen(self, *args: Any, **options: Any) -> subprocess.Popen[Any]:
        """`subprocess.Popen` in a session of its own, remembered."""
        return self._starter.submit(self._popen, *args, **options).result()

    def worker_ended(self) -> None:
        """Tell that a worker has died or was killed: its orphans are looked for."""
        self._changed.set()

    def kill_orphans(self) -> int:
        """SIGKILL and reap the daemon's children that it has not started; says how many."""
        known = {process.pid for process in list(self._started)}
        orphans = [
            child
            for child in psutil.Process().children()
            if child.pid not in known and _name_of(child) != _CONTAINER_MONITOR
        ]
        kill([child for orphan in orphans for child in _with_descendants(orphan)])
        for orphan in orphans:
            _reap(orphan.pid)
        return len(orphans)

    def _popen(self, *args: Any, **options: Any) -> subprocess.Popen[Any]:
        self._started = [process for process in self._started if process.poll() is None]
        process: subprocess.Popen[Any] = subprocess.Popen(
            *args, **{"start_new_session": True, **options}
        )
        self._started.append(process)
        return process

    def _watch(self) -> None:
        while True:
            self._changed.wait()
            self._changed.clear()
            for pause_s in _SETTLING_S:
                threading.Event().wait(pause_s)
                # Started processes are registered by the starter's thread: asking there leaves
                # no moment in which a new child is not known yet.
                self._starter.submit(self.kill_orphans).result()


def adopt_orphans() -> None:
    """Make this process the one that orphans of its descendants fall to. Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)


def _with_descendants(process: psutil.Process) -> list[psutil.Process]:
    try:
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _name_of(process: psutil.Process) -> str:
    try:
        return process.name()
    except psutil.NoSuchProcess:
        return ""


def _reap(pid: int) -> None:
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return
