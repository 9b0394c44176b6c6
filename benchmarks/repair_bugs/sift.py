"""Tries many programs on cases, quickly: one child process goes through them until it dies."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import sys
from collections.abc import Sequence
from types import FrameType, ModuleType
from typing import NoReturn

from benchmarks.repair_bugs.layouts import Case

_MEMORY = 1 << 29


class _TooLongError(BaseException):
    """Not an Exception, so that a program's own handlers let it through."""


def plausible(
    harness: str, programs: Sequence[str], cases: Sequence[Case], limit_s: float = 0.03
) -> list[int]:
    """Positions of the programs that answer every case rightly within a time of the processor."""
    found: list[int] = []
    begin = 0
    while begin < len(programs):
        passed, tried = _go(harness, programs[begin:], cases, limit_s)
        found += [begin + position for position in passed]
        begin += max(tried, 1)
    return found


def _go(
    harness: str, programs: Sequence[str], cases: Sequence[Case], limit_s: float
) -> tuple[list[int], int]:
    """Positions of those that pass, and how many were tried before the child ended."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _child(harness, programs, cases, limit_s, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        signs = pipe.read()
    os.waitpid(child, 0)
    # "b" begins a program, "+" follows when it passes.
    begun = signs.split(b"b")[1:]
    return [at for at, rest in enumerate(begun) if rest == b"+"], len(begun)


def _child(
    harness: str, programs: Sequence[str], cases: Sequence[Case], limit_s: float, writing: int
) -> NoReturn:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    signal.signal(signal.SIGPROF, _raise)
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    sys.setrecursionlimit(400)
    for program in programs:
        os.write(writing, b"b")
        # A program that catches even that, computes without an end inside one operation, or waits,
        # is killed by one of the other alarms, and the next child goes on.
        signal.setitimer(signal.ITIMER_VIRTUAL, 5 * limit_s)
        signal.alarm(10)
        signal.setitimer(signal.ITIMER_PROF, limit_s, 1.0)
        passes = False
        with contextlib.suppress(BaseException):  # whatever a faulty program does
            passes = _passes(harness, program, cases)
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, _raise)
        if passes:
            os.write(writing, b"+")
    os._exit(0)


def _raise(_signal: int, _frame: FrameType | None) -> NoReturn:
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    raise _TooLongError


def _passes(harness: str, program: str, cases: Sequence[Case]) -> bool:
    module = sys.modules["program"] = ModuleType("program")
    exec(compile(program, "program", "exec"), vars(module))
    exec(harness, vars(module))
    return not any(case.differs(_answer(vars(module), case.arguments)) for case in cases)


def _answer(scope: dict[str, object], arguments: str) -> str:
    try:
        return repr(eval(f"run(*{arguments})", scope))
    except Exception as error:  # noqa: BLE001 - an outcome like any other
        return f"!{type(error).__name__}"
