"""Calls made up from recorded ones, and what a candidate answers to all of them."""

from __future__ import annotations

import io
import pickle
import random
import signal
import sys
import time
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from .neighbours import MOST_TRIES, Neighbours, is_instance
from .recording import Call, resolve
from .shapes import fits, shapes_of
from .values import TooLargeError, digest

MADE_UP = 120
"""Calls of one function."""
MOST_MADE_UP = 360
MAKING_S = 2.0
CALL_S = 0.25
MOST_HANGS = 4
DEEPEST = 4
WIDEST = 20
MOST_VALUES = 400


class CallTimeoutError(BaseException):
    """A call has used up its time."""


def keep(calls: list[Call], path: str) -> int:
    """Write the calls and their neighbours to a file; how many there are."""
    deadline = time.monotonic() + MAKING_S
    # What tests call tells more than what is called on the way, with values that nobody promised.
    calls = [call for call in calls if call.direct] or calls
    by_place: dict[tuple[str, str], list[Call]] = {}
    for call in calls:
        by_place.setdefault(call.place, []).append(call)
    kept = [(call.place, call.arguments, call.direct) for call in calls]
    for place, alike in sorted(by_place.items()):
        room = min(MADE_UP, MOST_MADE_UP // len(by_place))
        kept += [(place, data, False) for data in _neighbours(alike, room, deadline)]
    Path(path).write_bytes(pickle.dumps(kept, protocol=4))
    return len(kept)


def _neighbours(calls: list[Call], room: int, deadline: float) -> list[bytes]:
    known = [pickle.loads(call.arguments) for call in calls]  # noqa: S301  this process wrote it
    shapes = shapes_of([positional for positional, _ in known])
    seen = {call.arguments for call in calls}
    made: list[bytes] = []
    pool = [value for positional, _ in known for value in _flat(positional)]
    maker = Neighbours(len(calls), pool)
    for at in range(room * MOST_TRIES):
        if len(made) >= room or time.monotonic() > deadline:
            break
        positional, named = known[at % len(known)]
        try:
            data = pickle.dumps((maker.near(positional), named), protocol=4)
            fit = data not in seen and fits(pickle.loads(data)[0], shapes)  # noqa: S301
        except Exception:  # noqa: BLE001, S112  values may refuse any of it
            continue
        if fit:
            seen.add(data)
            made.append(data)
    return made


def _flat(values: Any, depth: int = 0) -> list[Any]:
    """Plain values and instances, at any depth up to `DEEPEST`."""
    found: list[Any] = []
    for value in list(values)[:WIDEST]:
        if isinstance(value, (int, float, str)):
            found.append(value)
        elif is_instance(value):
            found.append(value)
            found += _flat(vars(value).values(), depth + 1) if depth < DEEPEST else []
        elif isinstance(value, (list, tuple)) and depth < DEEPEST:
            found += _flat(value, depth + 1)
        elif isinstance(value, dict) and depth < DEEPEST:
            found += _flat(value.values(), depth + 1)
    return found[:MOST_VALUES]


def answers(path: str, limit_s: float) -> list[list[Any]]:
    """For each call in the file: how it ended (`ok`, `raised`, `hung`, `skipped`), what came of
    it, of which kind that is, and whether a test makes that very call."""
    signal.signal(signal.SIGALRM, _interrupt)
    deadline = time.monotonic() + limit_s
    hangs = 0
    found = []
    for place, arguments, direct in pickle.loads(Path(path).read_bytes()):  # noqa: S301
        if time.monotonic() > deadline or hangs >= MOST_HANGS:
            found.append(["skipped", "", "", direct])
            continue
        how, what, kind = _answer(place, arguments)
        hangs += how == "hung"
        found.append([how, what, kind, direct])
    return found


def _answer(place: tuple[str, str], arguments: bytes) -> tuple[str, str, str]:
    printed = io.StringIO()
    random.seed(0)
    try:
        signal.setitimer(signal.ITIMER_REAL, CALL_S, CALL_S)
        with redirect_stdout(printed):
            positional, named = pickle.loads(arguments)  # noqa: S301
            function, is_bound = resolve(place)
            result = function(*positional[1 if is_bound else 0 :], **named)
            what = digest((result, _changed(result, positional, named), printed.getvalue()))
        signal.setitimer(signal.ITIMER_REAL, 0)
    except CallTimeoutError:
        return "hung", "", ""
    except TooLargeError:
        return "ok", "large", ""
    except BaseException as error:  # noqa: BLE001  a candidate may raise anything, exits included
        return "raised", type(error).__name__, ""
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return "ok", what, _kind(result)


def _kind(value: Any) -> str:
    """Type of a value as a reader of code sees it: 0 and 0.5 are numbers, False is none."""
    return "number" if type(value) in (int, float) else type(value).__name__


def _changed(result: Any, positional: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """What else a caller looks at: the object whose method it is; all arguments of a procedure."""
    if result is None:
        return positional, named
    first = positional[0] if positional else None
    return first if is_instance(first) else None


def _interrupt(_signal: int, _frame: Any) -> None:
    sys.setprofile(None)
    raise CallTimeoutError
