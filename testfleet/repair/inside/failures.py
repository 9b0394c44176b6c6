"""What is told of an exception: its name, its message, and where in the project it came from."""

from __future__ import annotations

import os
from typing import Any

MESSAGE_LIMIT = 4000
OUTER, INNER = 12, 40
"""Frames that are kept of each end of a deep stack."""
CHAIN = 5


def describe(excinfo: Any, root: str) -> dict[str, Any]:
    """Name, message and frames of the exception and of those that it was raised from."""
    error = excinfo.value
    seen: list[BaseException] = []
    frames: list[list[Any]] = []
    while error is not None and len(seen) < CHAIN and error not in seen:
        seen.append(error)
        frames = _of_traceback(error.__traceback__, root) + _of_syntax(error, root) + frames
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    first = seen[-1] if type(seen[0]).__name__ == "CollectError" else seen[0]
    return {
        "exception": type(first).__name__,
        "message": _message(first),
        "frames": _of_traceback(seen[0].__traceback__, root),
        "chain": _bounded(frames),
    }


def frames_of(frame: Any, root: str) -> list[list[Any]]:
    """Where the project's own code is at this moment, outermost first."""
    found = []
    while frame is not None:
        found.append(_entry(frame, frame.f_lineno, root))
        frame = frame.f_back
    return _bounded([entry for entry in reversed(found) if entry is not None])


def _of_traceback(traceback: Any, root: str) -> list[list[Any]]:
    found = []
    while traceback is not None:
        found.append(_entry(traceback.tb_frame, traceback.tb_lineno, root))
        traceback = traceback.tb_next
    return _bounded([entry for entry in found if entry is not None])


def _of_syntax(error: BaseException, root: str) -> list[list[Any]]:
    if not isinstance(error, SyntaxError) or not error.filename or not error.lineno:
        return []
    path = _relative(error.filename, root)
    return [] if path is None else [[path, error.lineno, "<syntax>"]]


def _entry(frame: Any, line: int | None, root: str) -> list[Any] | None:
    path = _relative(frame.f_code.co_filename, root)
    return None if path is None or line is None else [path, line, frame.f_code.co_name]


def _relative(path: str, root: str) -> str | None:
    absolute = os.path.abspath(path)  # noqa: PTH100  millions of frames in a deep recursion
    if not absolute.startswith(root + os.sep):
        return None
    return absolute[len(root) + 1 :].replace(os.sep, "/")


def _bounded(frames: list[list[Any]]) -> list[list[Any]]:
    return frames if len(frames) <= OUTER + INNER else frames[:OUTER] + frames[-INNER:]


def _message(error: BaseException) -> str:
    try:
        return str(error)[:MESSAGE_LIMIT]
    except Exception:  # noqa: BLE001  someone else's __str__ may raise anything
        return ""
