"""Which lines of the project each test executes: by sys.monitoring, or sys.settrace before 3.12."""

from __future__ import annotations

import os
import sys
from typing import Any

TOOL = 3
"""An id of sys.monitoring that no debugger, profiler or coverage tool reserves."""
ENOUGH_EVENTS = 60_000
"""Line events of one test after which sys.settrace sees only new functions: a loop of millions of
steps would otherwise take minutes, and shows no new lines."""


def tracer(root: str, paths: list[str]) -> Any:
    """What `start`s and `stop`s; `paths` are the files that count, relative to `root`."""
    files = Files(root, paths)
    return Monitor(files) if hasattr(sys, "monitoring") else Trace(files)


class Files:
    """The files that count, by whatever name code objects have for them: a search path may hold
    `tests/../src`."""

    def __init__(self, root: str, paths: list[str]) -> None:
        self._paths = {os.path.realpath(os.path.join(root, path)): path for path in paths}  # noqa: PTH118
        self._known: dict[str, str | None] = {}

    def path_of(self, code: Any) -> str | None:
        """Relative path of the code's file; None when it does not count."""
        name = code.co_filename
        try:
            return self._known[name]
        except KeyError:
            found = self._paths.get(os.path.realpath(name))
            return self._known.setdefault(name, found)


class Trace:
    """By sys.settrace."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._seen: dict[Any, set[int]] = {}
        self._events = 0

    def start(self) -> None:
        """Begin anew."""
        self._seen, self._events = {}, 0
        sys.settrace(self._on_call)

    def pause(self) -> None:
        """Slow nothing down any more, and keep what was seen."""
        sys.settrace(None)

    def stop(self) -> dict[str, list[int]]:
        """Lines by path."""
        sys.settrace(None)
        return _by_path(self._seen, self._files)

    def _on_call(self, frame: Any, _event: str, _arg: Any) -> Any:
        code = frame.f_code
        if self._files.path_of(code) is None:
            return None
        lines = self._seen.setdefault(code, set())
        lines.add(frame.f_lineno)
        if self._events > ENOUGH_EVENTS and len(lines) > 1:
            return None
        return self._on_line

    def _on_line(self, frame: Any, event: str, _arg: Any) -> Any:
        if event == "line":
            self._events += 1
            self._seen.setdefault(frame.f_code, set()).add(frame.f_lineno)
            if self._events > ENOUGH_EVENTS and self._events % 8 == 0:
                frame.f_trace = None
                return None
        return self._on_line


class Monitor:
    """By sys.monitoring: each line reports once a test, so loops cost nothing."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._seen: dict[Any, set[int]] = {}
        monitoring: Any = sys.monitoring  # type: ignore[attr-defined]  # from 3.12 on
        self._monitoring = monitoring
        monitoring.use_tool_id(TOOL, "testfleet")
        monitoring.register_callback(TOOL, monitoring.events.PY_START, self._on_start)
        monitoring.register_callback(TOOL, monitoring.events.LINE, self._on_line)

    def start(self) -> None:
        """Begin anew."""
        self._seen = {}
        self._monitoring.set_events(TOOL, self._monitoring.events.PY_START)
        self._monitoring.restart_events()

    def pause(self) -> None:
        """Nothing to do: it costs nothing."""

    def stop(self) -> dict[str, list[int]]:
        """Lines by path."""
        self._monitoring.set_events(TOOL, 0)
        seen, self._seen = self._seen, {}
        return _by_path(seen, self._files)

    def _on_start(self, code: Any, _offset: int) -> Any:
        if self._files.path_of(code) is not None:
            self._seen.setdefault(code, set()).add(code.co_firstlineno)
            self._monitoring.set_local_events(TOOL, code, self._monitoring.events.LINE)
        return self._monitoring.DISABLE

    def _on_line(self, code: Any, line: int) -> Any:
        self._seen.setdefault(code, set()).add(line)
        return self._monitoring.DISABLE


def _by_path(seen: dict[Any, set[int]], files: Files) -> dict[str, list[int]]:
    found: dict[str, set[int]] = {}
    for code, lines in seen.items():
        path = files.path_of(code)
        if path is not None:
            found.setdefault(path, set()).update(line for line in lines if line)
    return {path: sorted(lines) for path, lines in found.items()}
