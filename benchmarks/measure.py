"""Wall time of whole processes, and the conditions that it was measured under."""

from __future__ import annotations

import os
import platform
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from testfleet.config import ROOT
from testfleet.errors import TestfleetError, UsageError

TESTFLEET = ROOT / ".venv" / "bin" / "testfleet"
TIME_LIMIT_S = 1800.0
INTERRUPTED = 130


@dataclass(frozen=True)
class Timed:
    """One process from its start to its end."""

    wall_s: float
    code: int


def run_timed(
    command: Sequence[str | Path],
    cwd: Path,
    log: Path,
    env: Mapping[str, str] | None = None,
) -> Timed:
    """Run to the end with all output in `log`. Raises UsageError after half an hour."""
    with log.open("wb") as out:
        start = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=clean_environment() | dict(env or {}),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        # A timer, because `wait` with a limit looks only every 50 ms whether the process has ended.
        limit = threading.Timer(TIME_LIMIT_S, os.killpg, (process.pid, signal.SIGKILL))
        limit.start()
        try:
            code = process.wait()
            wall_s = time.perf_counter() - start
        finally:
            limit.cancel()
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
    if wall_s >= TIME_LIMIT_S:
        raise UsageError(f"{command[0]} ran over {TIME_LIMIT_S:.0f} s: see {log}")
    return Timed(wall_s, code)


def clean_environment() -> dict[str, str]:
    """This process's variables without those that would change what pytest does."""
    foreign = ("PYTEST_", "COV_", "TESTFLEET_", "VIRTUAL_ENV", "PYTHONPATH")
    return {name: value for name, value in os.environ.items() if not name.startswith(foreign)}


def conditions() -> dict[str, str]:
    """What a number depends on beside the programs compared."""
    packages = ("testfleet", "ministack", "pytest", "pytest-xdist")
    return {
        "cores": str(os.cpu_count()),
        "system": platform.platform(),
        "python": platform.python_version(),
        "load before": describe_load(),
    } | {name: version(name) for name in packages}


def describe_load() -> str:
    """Load averages of 1, 5 and 15 minutes."""
    return " ".join(f"{value:.1f}" for value in os.getloadavg())


def describe_conditions() -> str:
    """The conditions in one line."""
    return ", ".join(f"{name} {value}" for name, value in conditions().items())


def verdict(*, met: bool) -> str:
    """How a target is marked in every table."""
    return "met" if met else "MISSED"


def guarded(main: Callable[[], int]) -> int:
    """Run a script's `main`; an error that a person can mend is shown without a traceback."""
    try:
        return main()
    except TestfleetError as exc:
        print(f"error: {exc}", file=sys.stderr)
        if exc.hint:
            print(f"hint: {exc.hint}", file=sys.stderr)
        return exc.exit_code
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
