"""Starts pytest as its console script does, with our plugin aboard.

Run by the interpreter of the project under test, as a file: it imports nothing of Testfleet, only
the standard library, and works on Python 3.8 and pytest 6.2 or newer. Its one argument names a JSON
file: `events` (FIFO that events go to), `args`, and for the modules beside it `remap`, `selection`,
`sequence`, `records` (whether coverage is recorded).
"""

import atexit
import fcntl
import importlib.util
import json
import os
import signal
import sys
import threading
import time
from pathlib import Path
from types import ModuleType
from typing import Any

HERE = Path(__file__).resolve().parent
OLDEST_PYTHON = (3, 8)
OLDEST_PYTEST = (6, 2)
UNUSABLE = 70
"""Exit status when pytest could not even be started: EX_SOFTWARE."""


class Channel:
    """Sends events to the worker, one JSON line each, whatever the tests do to this process.

    It keeps its own references to what it calls, since tests replace `os.getpid` and the like;
    sits on a high descriptor, since tests close low ones; and opens the FIFO again when even that
    is gone. A forked child that runs on into pytest stays silent.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._getpid, self._write, self._fstat = os.getpid, os.write, os.fstat
        self._open_raw, self._close, self._fcntl = os.open, os.close, fcntl.fcntl
        self._clock = time.clock_gettime
        self._encode = json.JSONEncoder(ensure_ascii=True).encode
        self._pid = os.getpid()
        self._fd = self._open()
        self._identity = self._identify()

    def send(self, kind: str, **fields: Any) -> None:
        """Write one event. Silent when the worker is gone: tests must not fail of it."""
        if self._getpid() != self._pid:
            return
        # The clock that the kernel dates processes by: it tells which test has started one.
        at = self._clock(time.CLOCK_BOOTTIME)
        data = (self._encode(dict(fields, kind=kind, at=at)) + "\n").encode("ascii")
        try:
            if self._identify() != self._identity:
                self._fd = self._open()
            while data:
                data = data[self._write(self._fd, data) :]
        except OSError:
            return

    def _open(self) -> int:
        low = self._open_raw(self._path, os.O_WRONLY | os.O_NONBLOCK)
        self._fcntl(low, fcntl.F_SETFL, os.O_WRONLY)
        for lowest in (900, 200):
            try:
                high = self._fcntl(low, fcntl.F_DUPFD_CLOEXEC, lowest)
            except OSError:  # the limit on open files is below that
                continue
            self._close(low)
            return int(high)
        return low

    def _identify(self) -> "tuple[int, int]":
        try:
            status = self._fstat(self._fd)
        except OSError:
            return (-1, -1)
        return (status.st_dev, status.st_ino)


def main() -> int:
    """Run pytest; its exit status."""
    settings = json.loads(Path(sys.argv[1]).read_text(encoding="ascii"))
    channel = Channel(settings["events"])
    channel.send("process", pid=os.getpid(), python=sys.version.split()[0])
    _restore_signals()
    _pose_as_console_script(settings["args"])
    problem = _unusable_python()
    if not problem:
        _load("pytest_remap").apply(settings["remap"])
        problem = _unusable_pytest()
    if problem:
        channel.send("unusable", message=problem)
        return UNUSABLE
    return _run(channel, settings)


def _run(channel: Channel, settings: "dict[str, Any]") -> int:
    recorder = None
    if settings["records"]:
        recorder = _load("pytest_coverage").Recorder(settings["selection"]["root"])
        recorder.start()
    import pytest  # noqa: PLC0415  not before the remapping

    selection = _load("pytest_selection").Selection(settings["selection"], pytest.__version__)
    ledger = _load("pytest_reports").Ledger(channel.send)
    sequence = _load("pytest_sequence").Sequence(settings["sequence"])
    plugin = _load("pytest_plugin").make(channel.send, selection, ledger, sequence)
    try:
        status = int(pytest.main(plugins=[plugin]))
    except BaseException as error:  # a conftest that exits, a plugin that is not there
        reason = "%s: %s" % (type(error).__name__, error)  # noqa: UP031
        channel.send("stopped", reason=reason[:1000], text="")
        raise
    sys.stdout.flush()
    if recorder is not None:
        channel.send("coverage", **recorder.finish())
    channel.send("returned", status=status)
    return status


def _restore_signals() -> None:
    """A shell starts what runs in the background with these ignored; at home they are not."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGQUIT) == signal.SIG_IGN:
        signal.signal(signal.SIGQUIT, signal.SIG_DFL)


def _pose_as_console_script(args: "list[str]") -> None:
    script = Path(sys.executable).parent / "pytest"
    sys.argv[:] = [str(script), *args]
    if sys.path and Path(sys.path[0]).resolve() == HERE:
        sys.path[0] = str(script.parent)
    if script.exists():  # what multiprocessing's "spawn" runs in its children
        sys.modules["__main__"].__file__ = str(script)


def _unusable_python() -> str:
    if sys.version_info[:2] >= OLDEST_PYTHON:
        return ""
    return "%s is Python %s; Testfleet needs 3.8 or newer" % (  # noqa: UP031  runs on any Python 3
        sys.executable,
        sys.version.split()[0],
    )


def _unusable_pytest() -> str:
    try:
        import pytest  # noqa: PLC0415  it may be missing
    except Exception as error:  # noqa: BLE001  a process edge: whatever it is, the worker is told
        return f"{sys.executable} cannot import pytest ({type(error).__name__}: {error})"
    numbers = [int("".join(filter(str.isdigit, n)) or 0) for n in pytest.__version__.split(".")[:2]]
    if tuple(numbers) >= OLDEST_PYTEST:
        return ""
    return f"{sys.executable} has pytest {pytest.__version__}; Testfleet needs 6.2 or newer"


def _load(name: str) -> ModuleType:
    """A module beside this file, under a name of its own: Testfleet may be what is tested."""
    path = HERE / (name + ".py")
    spec = importlib.util.spec_from_file_location("_testfleet_" + name, str(path))
    assert spec is not None and spec.loader is not None  # noqa: S101  for the type checker
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _leave(status: int) -> None:
    """End as an interpreter does, short of tearing down every object: after many tests that takes
    seconds, and nobody is left to see it. Threads are waited for, exit handlers run.
    """
    try:
        threading._shutdown()  # type: ignore[attr-defined]  # as Py_Finalize does
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(status)


if __name__ == "__main__":
    _leave(main())
