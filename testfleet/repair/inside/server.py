"""The fork server: pytest is imported and set up once, each candidate is a child of this process.

The moment of the fork is just before pytest collects: plugins and the first conftest files are
loaded by then, but no module of the project, which a candidate may change. Where a conftest has
imported one, or a plugin has started a thread, the fork is earlier: before pytest starts.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import importlib.util
import os
import sys
from pathlib import Path
from typing import Any

from .limits import processes_allowed
from .modules import has_threads, own_modules
from .pipes import Lines, send
from .tree import Tree
from .watch import watch

PR_SET_CHILD_SUBREAPER = 36


class Server:
    """Reads requests, forks, answers. `serve` returns in children only."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.settings = settings
        self._requests = Lines(settings["requests_fd"])
        self._answers = settings["answers_fd"]
        self._tree = Tree(settings["root"], settings["pristine"])
        self._processes = processes_allowed()

    def serve(self) -> dict[str, Any]:
        """The request that this process, a child now, is to fulfil; its pipe is `answers_fd`."""
        gc.collect()
        gc.freeze()
        send(self._answers, {"kind": "ready", "python": sys.version.split()[0]})
        while True:
            request = self._requests.next()
            if request is None or request["kind"] == "quit":
                os._exit(0)
            if request["kind"] == "preload":
                send(self._answers, self._preload(request["modules"]))
                continue
            child = self._fork(request)
            if child is not None:
                return child

    def refuse(self, reason: str, modules: list[str]) -> None:
        """Say that this is no place to fork at."""
        send(self._answers, {"kind": "unsafe", "reason": reason, "modules": modules})
        os._exit(0)

    def _fork(self, request: dict[str, Any]) -> dict[str, Any] | None:
        if request["fresh"]:
            self._tree.restore(thorough=True)
        self._tree.write(request["files"])
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(reading)
            os.setsid()
            writable = self.settings["writable"]
            return dict(request, answers_fd=writing, processes=self._processes, writable=writable)
        os.close(writing)
        answer = watch(pid, reading, request)
        os.close(reading)
        answer["restored"] = self._tree.restore(thorough=answer["outcome"] != "ended")
        send(self._answers, answer)
        return None

    def _preload(self, modules: list[str]) -> dict[str, Any]:
        """Import what children would import each for itself. None of them is the project's own."""
        loaded = 0
        for name in modules:
            try:
                importlib.import_module(name)
            except BaseException:  # noqa: BLE001, S112  what it raises, children will see
                continue
            loaded += 1
        gc.collect()
        gc.freeze()
        own = own_modules(self.settings["root"])
        return {"kind": "preloaded", "count": loaded, "unsafe": bool(own) or has_threads()}


def main(settings: dict[str, Any]) -> None:
    """Set up, serve, and in each child run pytest."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    _find_as_at_home(settings)
    import pytest  # noqa: PLC0415  not before the search path is right

    from .child import Plugin, prepare  # noqa: PLC0415  needs pytest

    server = Server(settings)
    request = None
    if settings["early"]:
        request = server.serve()
        prepare(request)
    plugin = Plugin(server, request)
    arguments = [*settings["args"], *_unwanted_plugins()]
    try:
        reason = "status %d" % int(pytest.main(arguments, plugins=[plugin]))  # noqa: UP031
    except BaseException as error:  # noqa: BLE001  a process edge: our side is told, whatever it is
        reason = f"{type(error).__name__}: {error}"
    plugin.left(reason)


def _find_as_at_home(settings: dict[str, Any]) -> None:
    here = str(Path(__file__).resolve().parent)
    sys.path[:] = [entry for entry in sys.path if entry != here]
    script = Path(sys.executable).parent / "pytest"
    sys.path.insert(0, settings["cwd"] if settings["as_module"] else str(script.parent))
    sys.argv[:] = [str(script), *settings["args"]]
    path = settings["remap_module"]
    spec = importlib.util.spec_from_file_location("_testfleet_remap", path)
    assert spec is not None and spec.loader is not None  # noqa: S101  for the type checker
    remap = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(remap)
    remap.apply(settings["remap"])


def _unwanted_plugins() -> list[str]:
    """No coverage, which would fight for the tracer, and no order of chance."""
    unwanted = []
    if importlib.util.find_spec("pytest_cov") is not None:
        unwanted.append("--no-cov")
    if importlib.util.find_spec("pytest_randomly") is not None:
        unwanted += ["-p", "no:randomly"]
    return unwanted
