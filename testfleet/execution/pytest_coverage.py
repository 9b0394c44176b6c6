"""Records which functions of the tree were entered in this process, and what it cannot vouch for.

Runs in the project's interpreter: standard library only, Python 3.8 or newer. It counts entries of
functions and no lines: `sys.monitoring` from Python 3.12 on, which costs next to nothing, before
that `sys.setprofile`, which makes calls two to three times as long.

What happens in other processes, or where the recorder was switched off, is not seen: then there is
no record at all, and the unit stays selected by what it imports.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import CodeType, FrameType

SPAWNING = frozenset(
    [
        "subprocess.Popen",
        "os.exec",
        "os.fork",
        "os.forkpty",
        "os.posix_spawn",
        "os.spawn",
        "os.system",
        "pty.spawn",
        "cpython.PyInterpreterState_New",
    ]
)
"""Audit events of code that runs where nobody looks."""
HARMLESS = frozenset(
    ["cc", "file", "gcc", "git", "hg", "hostname", "ld", "ldconfig", "lscpu", "uname"]
)
"""Programs that plugins and the standard library ask about the machine or the repository: they run
no Python of the tree. Asked by code of the tree itself, they count like any other."""
_PROFILING = frozenset(["sys.setprofile", "_thread.start_new_thread"])
MOST_FILES = 20000
_IMPORTING = ("<frozen importlib", "<frozen zipimport")
_WRITING = ("w", "a", "x")
_SYSTEM = ("/bin", "/dev", "/etc", "/lib", "/opt", "/proc", "/sys", "/usr")
"""Where no test run leaves anything."""
_ASIDE = ("/_pytest/", "importlib/metadata", "importlib_metadata")
"""Readers of what says nothing of the tree: pytest's own cache, and what is installed."""
_REWRITING = "_pytest/assertion/rewrite.py"


class Recorder:
    """Everything from `start` on, of all threads."""

    def __init__(self, root: str) -> None:
        self._root = os.path.realpath(root) + os.sep
        self._cwd = os.getcwd()  # noqa: PTH109  pathlib may be what is tested
        # By identity: code of equal text in two files is equal.
        self._codes: dict[int, CodeType] = {}
        self._read: set[str] = set()
        self._doubt = ""
        self._tool = -1
        self._is_over = False
        self._began, self._stat = time.time(), os.stat
        # An environment may lie in the tree, and is no part of it.
        self._own = os.path.realpath(sys.prefix) + os.sep
        outside = map(os.path.realpath, [sys.prefix, sys.base_prefix, *filter(None, sys.path)])
        self._fixed = (
            *_SYSTEM,
            self._own,
            *(path for path in outside if not f"{path}/".startswith(self._root)),
        )

    def start(self) -> None:
        """Begin to record. There is no way to take the audit hook back."""
        self._monitoring = getattr(sys, "monitoring", None)
        for module in list(sys.modules.values()):  # what was there before: all of it counts
            self._note_file(getattr(module, "__file__", None))
        if self._monitoring is not None:
            self._monitor()
        else:
            threading.setprofile(self._on_profile)
            sys.setprofile(self._on_profile)
        sys.addaudithook(self._on_audit)

    def finish(self) -> dict[str, Any]:
        """What was entered and read; `doubt` says why that may not be all."""
        self._check()
        self._is_over = True
        if self._monitoring is None:
            sys.setprofile(None)
            threading.setprofile(None)
        elif self._tool >= 0:
            self._monitoring.set_events(self._tool, 0)
        entered: dict[str, list[int]] = {}
        loaded = set()
        for code in list(self._codes.values()):
            name = code.co_filename
            path = self._inside(name) if name.endswith(".py") else ""
            if path:
                entered.setdefault(path, []).append(_last_line(code))
                if code.co_name == "<module>":
                    loaded.add(path)
        for path in entered.keys() - loaded:  # run without having been imported: all of it counts
            self._read.add(path)
        if len(entered) > MOST_FILES:
            return {"entered": {}, "read": [], "doubt": "it loads too many files"}
        return {"entered": entered, "read": sorted(self._read), "doubt": self._doubt}

    def _monitor(self) -> None:
        monitoring: Any = self._monitoring
        free = [tool for tool in (3, 4, 5, 2, 1, 0) if monitoring.get_tool(tool) is None]
        if not free:
            self._doubt = "other tools use all of sys.monitoring"
            return
        self._tool = free[0]
        monitoring.use_tool_id(self._tool, "testfleet")
        monitoring.register_callback(self._tool, monitoring.events.PY_START, self._on_start)
        monitoring.set_events(self._tool, monitoring.events.PY_START)

    def _on_start(self, code: CodeType, _: int) -> Any:
        self._codes[id(code)] = code
        return self._monitoring.DISABLE  # type: ignore[union-attr]  # it is there, or no events are

    def _on_profile(self, frame: FrameType, event: str, _: Any) -> None:
        if event == "call":
            code = frame.f_code
            self._codes[id(code)] = code

    def _on_audit(self, event: str, args: Any) -> None:
        if self._is_over:
            return
        try:
            self._judge(event, args)
        except Exception as error:  # noqa: BLE001  what it raises would be raised in the tests
            self._doubt = self._doubt or f"{event} could not be followed: {type(error).__name__}"

    def _judge(self, event: str, args: Any) -> None:
        if event == "open":
            self._note_open(*args)
        elif event in SPAWNING:
            self._note_start(event, args)
        elif self._monitoring is None and event in _PROFILING:
            # threading starts its threads with the recorder; who else does either undoes it.
            is_own = sys._getframe(2).f_code.co_filename == threading.__file__
            self._doubt = self._doubt or ("" if is_own else "it switches the profiler")

    def _note_open(self, path: Any, mode: Any, flags: int) -> None:
        if not isinstance(path, str) or (mode or "")[:1] in _WRITING or flags & os.O_WRONLY:
            return
        opener = _opener(sys._getframe(3))
        if opener.startswith(_IMPORTING) or opener.endswith(_REWRITING):
            return
        if path.endswith(".py"):
            self._note_file(path)
        elif not any(map(opener.__contains__, _ASIDE)) and self._was_there(path):
            inside = self._inside(path)
            if inside:
                self._read.add(inside)
            elif not os.path.realpath(path).startswith(self._fixed):
                self._doubt = self._doubt or f"it reads what another run may have left: {path}"

    def _was_there(self, path: str) -> bool:
        try:
            return self._stat(os.path.join(self._cwd, path)).st_mtime < self._began  # noqa: PTH118
        except OSError:
            return False

    def _note_file(self, path: Any) -> None:
        inside = self._inside(path) if isinstance(path, str) and path.endswith(".py") else ""
        if inside:
            self._read.add(inside)

    def _note_start(self, event: str, args: Any) -> None:
        program = ""
        if event == "subprocess.Popen" and isinstance(args[0], (str, bytes, os.PathLike)):
            program = os.path.basename(os.fsdecode(args[0]))  # noqa: PTH119
        if program not in HARMLESS or self._is_of_tree(sys._getframe(3)):
            self._doubt = self._doubt or f"it starts {program or event}"

    def _is_of_tree(self, frame: Any) -> bool:
        while frame is not None:
            name = frame.f_code.co_filename
            if name.endswith(".py") and self._inside(name):
                return True
            frame = frame.f_back
        return False

    def _check(self) -> None:
        if self._monitoring is None:
            if sys.getprofile() != self._on_profile:
                self._doubt = self._doubt or "it switches the profiler"
            if "greenlet" in sys.modules:  # each has a profiler of its own
                self._doubt = self._doubt or "greenlets run"
        elif self._tool >= 0 and self._monitoring.get_tool(self._tool) != "testfleet":
            self._doubt = self._doubt or "it takes over sys.monitoring"

    def _inside(self, path: str) -> str:
        """The path in the tree; empty for what lies elsewhere."""
        whole = os.path.join(self._cwd, path)  # noqa: PTH118
        for found in (os.path.normpath(whole), os.path.realpath(whole)):
            if found.startswith(self._root) and not found.startswith(self._own):
                return found[len(self._root) :].replace(os.sep, "/")
        return ""


def _last_line(code: CodeType) -> int:
    """A line of the function's own body: the first ones may belong to what is around it."""
    import dis  # noqa: PLC0415  not before the tests have had their own look at it

    lines = [line for _, line in dis.findlinestarts(code) if line]
    return max(lines, default=code.co_firstlineno)


def _opener(frame: Any) -> str:
    """The file of the code that opens one, or lets pathlib open it, as pytest does."""
    while frame is not None and "pathlib" in frame.f_code.co_filename:
        frame = frame.f_back
    return "" if frame is None else str(frame.f_code.co_filename)
