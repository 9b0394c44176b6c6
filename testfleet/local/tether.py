"""Ties a process to the one that starts it, so that killing the latter leaves nothing running.

Linux only (PR_SET_PDEATHSIG); elsewhere such a process ends with its work, or when its pipe closes.
The signal comes when the starting *thread* ends: start tied processes from one that stays.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from typing import Final

PARENT_VARIABLE: Final = "TESTFLEET_PARENT_PID"

TETHER: Final = f"""
import ctypes, os, signal, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    if os.getppid() != int(os.environ["{PARENT_VARIABLE}"]):
        os._exit(1)
"""
"""Python for the first lines of a program that shall be tied."""

_THEN_RUN = f"{TETHER}\nos.execvp(sys.argv[1], sys.argv[1:])\n"


def tied(command: Sequence[str]) -> list[str]:
    """The command, tied to this process; start it with `tied_environment`."""
    return [sys.executable, "-c", _THEN_RUN, *command]


def tied_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment with what a tied process has to know of its parent."""
    return {**environment, PARENT_VARIABLE: str(os.getpid())}
