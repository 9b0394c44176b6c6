"""What localisation sees, without pytest: a bug's visible cases traced in a child process."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import sys
from collections.abc import Sequence
from types import FrameType, ModuleType
from typing import Any, NoReturn

from benchmarks.repair_bugs.layouts import Case
from benchmarks.repair_bugs.trials import Made
from testfleet.repair.engine import FailingTest, Fault, Frame
from testfleet.repair.localise.rank import Evidence, rank_lines
from testfleet.repair.validate.messages import TestRun

VISIBLE = 10
_LIMIT_S = 1.0


def quick_fault(bug: Made) -> Fault:
    """The fault as the search would describe it to engines, near enough to compare orders."""
    runs = [
        _test_run(bug, number, case, found)
        for number, (case, found) in enumerate(
            zip(bug.cases[:VISIBLE], _traced(bug, bug.cases[:VISIBLE]), strict=True)
        )
    ]
    failing = [run for run in runs if run.outcome != "passed"]
    sources = {bug.program: bug.faulty}
    passing = [run for run in runs if run.outcome == "passed"]
    lines = rank_lines(Evidence(failing, passing, {}, sources))
    tests = [
        FailingTest(
            id=run.id,
            file="test_program.py",
            exception="Timeout" if run.outcome == "timeout" else run.exception,
            message=run.message,
            frames=run.frames,
        )
        for run in failing
    ]
    return Fault(tests, lines, sources)


def _test_run(bug: Made, number: int, case: Case, found: dict[str, Any]) -> TestRun:
    answer = str(found["answer"])
    wrong = case.differs(answer)
    outcome = "timeout" if answer == "?" else "failed" if wrong else "passed"
    name, _, message = answer.removeprefix("!").partition("|")
    if wrong and not answer.startswith("!"):
        name, message = "AssertionError", f"assert {answer} == {case.answer}"
    frames = [Frame(bug.program, line, function) for line, function in found["frames"]]
    return TestRun(
        id=f"test_program.py::test[{number}]",
        outcome=outcome,
        exception=name if wrong else "",
        message=message if wrong else "",
        lines={bug.program: found["lines"]},
        frames=tuple(frames),
    )


def _traced(bug: Made, cases: Sequence[Case]) -> list[dict[str, Any]]:
    return [_in_child(bug, case) for case in cases]


def _in_child(bug: Made, case: Case) -> dict[str, Any]:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _child(bug, case, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    try:
        found: dict[str, Any] = json.loads(text)
    except ValueError:
        found = {"answer": "?", "lines": [], "frames": []}
    return found


def _child(bug: Made, case: Case, writing: int) -> NoReturn:
    resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    sys.setrecursionlimit(400)
    lines: set[int] = set()
    answer, frames = "?", []
    module = sys.modules["program"] = ModuleType("program")

    def trace(frame: FrameType, event: str, _value: object) -> Any:
        if frame.f_code.co_filename != "program":
            return None
        if event == "line":
            lines.add(frame.f_lineno)
        return trace

    with contextlib.suppress(BaseException):
        exec(compile(bug.faulty, "program", "exec"), vars(module))
        exec(bug.test.harness, vars(module))
        signal.signal(signal.SIGPROF, signal.default_int_handler)
        signal.setitimer(signal.ITIMER_PROF, _LIMIT_S)
        sys.settrace(trace)
        try:
            answer = repr(eval(f"run(*{case.arguments})", vars(module)))
        except Exception as error:  # noqa: BLE001 - an outcome like any other
            sys.settrace(None)
            answer = f"!{type(error).__name__}|{error}"[:500]
            frames = _frames(error)
    sys.settrace(None)
    signal.setitimer(signal.ITIMER_PROF, 0)
    found = {"answer": answer, "lines": sorted(lines), "frames": frames}
    with contextlib.suppress(OSError):
        os.write(writing, json.dumps(found).encode())
    os._exit(0)


def _frames(error: BaseException) -> list[tuple[int, str]]:
    found = []
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "program":
            found.append((trace.tb_lineno, trace.tb_frame.f_code.co_name))
        trace = trace.tb_next
    return found[-20:]
