"""Which calls the tests make into the project: functions with their arguments, as they came in."""

from __future__ import annotations

import inspect
import os
import pickle
import sys
from collections.abc import Callable
from typing import Any

MOST_CALLS = 240
MOST_OF_ONE = 40
"""Calls of one function."""
MOST_BYTES = 40_000
"""Of one call's pickled arguments."""
MOST_EVENTS = 400_000
"""Calls of any function that are looked at, in all."""


class Call:
    """One call: where its function is found, and its arguments pickled."""

    def __init__(self, place: tuple[str, str], arguments: bytes, *, direct: bool) -> None:
        self.place = place
        """Module and qualified name."""
        self.arguments = arguments
        """Pickled (positional, named)."""
        self.direct = direct
        """Whether a test made it with these very arguments."""


class Recorder:
    """Watches calls by sys.setprofile while tests run."""

    def __init__(self, wanted: dict[str, Any]) -> None:
        root = wanted["root"]
        self._tests = _absolute(root, wanted["tests"])
        self._own = _absolute(root, wanted["own"])
        self._changed = {(f"{root}/{path}", name) for path, name in wanted["functions"]}
        self._files: dict[str, str] = {}
        self._counts: dict[Any, int] = {}
        self._seen: set[tuple[tuple[str, str], bytes]] = set()
        self._events = 0
        self.calls: list[Call] = []

    def start(self) -> None:
        """Begin to watch."""
        if self._events < MOST_EVENTS and len(self.calls) < MOST_CALLS:
            sys.setprofile(self._on_event)

    def stop(self) -> None:
        """Watch no more."""
        sys.setprofile(None)

    def _on_event(self, frame: Any, event: str, _arg: Any) -> None:
        if event != "call":
            return
        self._events += 1
        if self._events > MOST_EVENTS:
            sys.setprofile(None)
            return
        code = frame.f_code
        path = self._path(code.co_filename)
        if path not in self._own or code.co_name.startswith("<"):
            return
        direct = frame.f_back is not None and self._is_test(frame.f_back.f_code.co_filename)
        if direct or (path, code.co_name) in self._changed:
            sys.setprofile(None)
            try:
                self._record(frame, direct=direct)
            finally:
                sys.setprofile(self._on_event)

    def _record(self, frame: Any, *, direct: bool) -> None:
        code = frame.f_code
        count = self._counts.get(code, 0)
        if count >= MOST_OF_ONE or len(self.calls) >= MOST_CALLS:
            return
        arguments = _arguments(frame)
        place = _place_of(frame, arguments[0])
        if place is None:
            return
        try:
            data = pickle.dumps(arguments, protocol=4)
        except Exception:  # noqa: BLE001  a value's own __reduce__ may raise anything
            self._counts[code] = count + 1
            return
        if len(data) <= MOST_BYTES and (place, data) not in self._seen:
            self._seen.add((place, data))
            self._counts[code] = count + 1
            self.calls.append(Call(place, data, direct=direct))

    def _is_test(self, name: str) -> bool:
        return name.startswith("<doctest") or self._path(name) in self._tests

    def _path(self, name: str) -> str:
        path = self._files.get(name)
        if path is None:
            path = self._files[name] = os.path.realpath(name)
        return path


def resolve(place: tuple[str, str]) -> tuple[Callable[..., Any], bool]:
    """The function of that place, and whether it wants its first recorded argument left out.
    Raises LookupError where there is none."""
    owner: Any = sys.modules.get(place[0])
    *outer, name = place[1].split(".")
    for part in outer:
        owner = getattr(owner, part, None)
    found = getattr(owner, name, None)
    if isinstance(found, property):
        found = found.fget
    if not callable(found):
        raise LookupError(".".join(place))
    raw = vars(owner).get(name) if hasattr(owner, "__dict__") else None
    return found, isinstance(raw, classmethod)


def _absolute(root: str, paths: list[str]) -> set[str]:
    return {os.path.realpath(f"{root}/{path}") for path in paths}


def _arguments(frame: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    code, values = frame.f_code, frame.f_locals
    names = code.co_varnames
    count, named = code.co_argcount, code.co_kwonlyargcount
    positional = tuple(values[name] for name in names[:count] if name in values)
    by_name = {name: values[name] for name in names[count : count + named] if name in values}
    at = count + named
    if code.co_flags & inspect.CO_VARARGS:
        positional += tuple(values.get(names[at], ()))
        at += 1
    if code.co_flags & inspect.CO_VARKEYWORDS:
        by_name.update(values.get(names[at], {}))
    return positional, by_name


def _place_of(frame: Any, arguments: tuple[Any, ...]) -> tuple[str, str] | None:
    """Where the function of a frame can be found again; None for one inside another."""
    code, module = frame.f_code, frame.f_globals.get("__name__", "")
    name = getattr(code, "co_qualname", None) or _qualified(frame, arguments)
    if name is None or "<" in name or module not in sys.modules:
        return None
    return module, name


def _qualified(frame: Any, arguments: tuple[Any, ...]) -> str | None:
    """Before Python 3.11, code does not know its qualified name."""
    name = frame.f_code.co_name
    function = frame.f_globals.get(name)
    if getattr(inspect.unwrap(function), "__code__", None) is frame.f_code if function else False:
        return str(name)
    first = arguments[0] if arguments else None
    for owner in type.mro(first if isinstance(first, type) else type(first)):
        if name in vars(owner):
            return f"{owner.__qualname__}.{name}"
    return None
