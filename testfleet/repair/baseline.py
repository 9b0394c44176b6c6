"""The suite as it is: which tests fail, what each executes, how long they take.

Tests run traced in one process. One that exceeds its time is interrupted where it stands, which
tells where it hangs; whether it hangs or is only slow is found out by giving one of its kind more
time. Failing tests run three times in all: one that passes in between is flaky, and no repair is
proved by it (Luo et al., FSE 2014).
"""

from __future__ import annotations

import re
import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Final

from testfleet.repair.project import Project
from testfleet.repair.validate.messages import Answer, Ask, TestRun
from testfleet.repair.validate.server import ForkServer, ServerLostError

TEST_LIMIT_S: Final = 1.0
"""Processor time of a test in the first run."""
LONG_S: Final = (2.0, 20.0)
"""How much of it tells a slow test from one that hangs, at least and at most."""
LONG_SHARE: Final = 1 / 15
"""Of the budget."""
PLAINLY: Final = 50
"""A test that takes so many times as long as its function does with other parameters hangs."""
RERUNS: Final = 2
MOST_RERUN: Final = 40
"""Failing tests that are run again, at most."""
CLOCK: Final = 10.0
"""A process's limit by the clock is so many times what it needs: the machine may be busy."""
_PASSES: Final = 4
"""Processes that the suite may break before the rest of it is left out."""
_PLACES: Final = 3
"""Where tests hang, that are looked at more closely."""
_TEST_FILE: Final = re.compile(r"(^|/)(test_[^/]*|[^/]*_test|conftest)\.py$")
_TEST_FOLDERS: Final = frozenset({"tests", "test", "testing"})


@dataclass
class Baseline:
    """What the suite does before anything is changed."""

    tests: dict[str, TestRun] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    """File of each test, relative to the tree."""
    broken: dict[str, TestRun] = field(default_factory=dict)
    """Files that cannot be collected."""
    imported: dict[str, set[int]] = field(default_factory=dict)
    flaky: list[str] = field(default_factory=list)
    doctests: set[str] = field(default_factory=set)
    """Files whose only tests stand in docstrings."""
    stopped: str = ""
    modules: Sequence[str] = ()
    long_s: float = LONG_S[0]
    """Processor time after which a test is taken to hang."""
    start_s: float = 0.1
    """Of a child before its first test."""

    @property
    def failing(self) -> list[str]:
        """Tests that fail each time, and files that cannot be collected."""
        bad = {"failed", "timeout", "lost"}
        failed = [test.id for test in self.tests.values() if test.outcome in bad]
        return [*self.broken, *(test for test in failed if test not in self.flaky)]

    @property
    def passing(self) -> list[str]:
        """Tests that pass."""
        return [test.id for test in self.tests.values() if test.passed]

    def slowest_in(self, files: Collection[str]) -> float:
        """Seconds of the slowest test that passes in these files; 0 when none does."""
        return self.slowest_of(test for test in self.passing if self.file_of(test) in files)

    def slowest_of(self, tests: Iterable[str]) -> float:
        """Seconds of the slowest of these tests; 0 without any."""
        return max((self.tests[test].seconds for test in tests), default=0.0)

    def run_of(self, test: str) -> TestRun:
        """The test's, or the broken file's, own run."""
        return self.tests.get(test) or self.broken[test]

    def file_of(self, test: str) -> str:
        """Path of the file that the test is in."""
        return self.files.get(test) or test.partition("::")[0]

    def test_files(self, paths: Sequence[str]) -> frozenset[str]:
        """Those of the paths that are tests or belong to tests: they are never edited."""
        holding = set(self.files.values()) | set(self.broken)
        found = {path for path in paths if _TEST_FILE.search(path)} | holding
        folders = {str(PurePosixPath(path).parent) for path in found}
        found |= {
            path
            for path in paths
            if str(PurePosixPath(path).parent) in folders
            and _TEST_FOLDERS & set(PurePosixPath(path).parts[:-1])
        }
        return frozenset(found - self.doctests)


def find_baseline(server: ForkServer, project: Project, budget_s: float) -> Baseline:
    """Run the suite. Raises ServerLostError, FleetError."""
    found = _first_run(server, project, budget_s)
    if _lacks_folder(found, project):
        server.run_as_module()
        found = _first_run(server, project, budget_s)
    denied = _denied(found)
    if denied:
        server.free()
        freed = _first_run(server, project, budget_s)
        if denied <= _denied(freed):
            server.confine()  # It is what they say anyway: no reason to let candidates go.
        else:
            found = freed
    if found.modules:
        server.preload(found.modules)
    found.long_s = min(LONG_S[1], max(LONG_S[0], budget_s * LONG_SHARE))
    _tell_slow_from_hung(server, found)
    return found


def _first_run(server: ForkServer, project: Project, budget_s: float) -> Baseline:
    began = time.monotonic()
    found = Baseline()
    traced = [path for path in project.files if path.endswith(".py")]
    ask = Ask(
        trace=traced,
        tell_items=True,
        bytecode=True,
        test_limit_s=TEST_LIMIT_S,
        silence_s=TEST_LIMIT_S * CLOCK + 15,
        limit_s=budget_s,
        memory_mb=project.memory_mb,
    )
    for _ in range(_PASSES):
        answer = server.ask(ask)
        _take(found, answer, server)
        missing = [test for test in found.files if test not in found.tests]
        left = budget_s - (time.monotonic() - began)
        if answer.outcome == "ended" or not missing or left <= 0:
            break
        paths = sorted({found.files[test] for test in missing})
        ask = replace(ask, ids=missing, paths=paths, limit_s=left, tell_items=False)
    return found


def _take(found: Baseline, answer: Answer, server: ForkServer) -> None:
    root = f"{server.copy.root}/"
    kinds: dict[str, set[bool]] = {}
    for test, path, kind in answer.items:
        found.files[test] = path.removeprefix(root)
        kinds.setdefault(found.files[test], set()).add(kind == "DoctestItem")
    found.doctests |= {path for path, sorts in kinds.items() if sorts == {True}}
    found.tests |= answer.tests
    found.broken |= answer.broken
    found.stopped = found.stopped or answer.stopped
    for path, lines in answer.imported.items():
        found.imported.setdefault(path, set()).update(lines)
    found.modules = found.modules or answer.modules
    spent = sum(test.seconds for test in answer.tests.values())
    found.start_s = max(0.01, answer.seconds - spent)


def _lacks_folder(found: Baseline, project: Project) -> bool:
    """Whether modules beside the folder's tests were not found, as only `python -m pytest` does."""
    top = {path.split("/")[0].removesuffix(".py") for path in project.files}
    for run in found.broken.values():
        missing = re.search(r"No module named '([^'.]+)", run.message)
        if run.exception == "ModuleNotFoundError" and missing and missing[1] in top:
            return True
    return False


def _denied(found: Baseline) -> set[str]:
    """Tests and files that may fail since they may not write where they want to."""
    return {
        run.id
        for run in [*found.broken.values(), *found.tests.values()]
        if run.exception in ("PermissionError", "OSError") and "ermission" in run.message
    }


def _tell_slow_from_hung(server: ForkServer, found: Baseline) -> None:
    """Give one test of each place where some have used up their time much more of it."""
    hung: dict[tuple[str, str], list[str]] = {}
    for run in found.tests.values():
        if run.outcome == "timeout":
            hung.setdefault(_place(run), []).append(run.id)
    for tests in list(hung.values())[:_PLACES]:
        function = _function(tests[0])
        usual_s = found.slowest_of(test for test in found.passing if _function(test) == function)
        if 0 < usual_s < TEST_LIMIT_S / PLAINLY:
            continue
        again = _alone(server, found, tests[:1], found.long_s)
        if again.get(tests[0], TestRun(tests[0], "lost")).outcome not in ("timeout", "lost"):
            slow = _alone(server, found, tests[:MOST_RERUN], found.long_s)
            for test, run in slow.items():
                found.tests[test] = replace(run, lines=found.tests[test].lines)


def _place(run: TestRun) -> tuple[str, str]:
    """File and function where a test was interrupted; those that hang in one loop share it."""
    inner = run.hung[-1] if run.hung else None
    return (inner.path, inner.function) if inner else ("", _function(run.id))


def _function(test: str) -> str:
    """Id of a test without its parameters."""
    return test.partition("[")[0]


def sort_out_flaky(server: ForkServer, found: Baseline, tests: Sequence[str]) -> None:
    """Run failing tests again; note those that pass, now or when they are run alone."""
    again = [test for test in tests if test in found.tests]
    again = [test for test in again if found.tests[test].outcome == "failed"][:MOST_RERUN]
    for _ in range(RERUNS):
        if not again:
            return
        runs = _alone(server, found, again, found.long_s)
        passed = [test for test in again if test in runs and runs[test].passed]
        found.flaky += passed
        again = [test for test in again if test not in passed]


def _alone(
    server: ForkServer, found: Baseline, tests: Sequence[str], limit_s: float
) -> dict[str, TestRun]:
    paths = sorted({found.file_of(test) for test in tests})
    expected = sum(found.run_of(test).seconds for test in tests)
    ask = Ask(
        ids=tests,
        paths=paths,
        bytecode=True,
        quick=True,
        test_limit_s=limit_s,
        limit_s=CLOCK * (limit_s + expected) + 5,
    )
    try:
        return dict(server.ask(ask).tests)
    except ServerLostError:
        return {}
