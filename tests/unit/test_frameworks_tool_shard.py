"""A tool's processes die, hang and lie: what its shard makes of it, with real processes."""

import sys

import pytest

from testfleet.contracts.dependencies import Dependency
from testfleet.contracts.result import Outcome, UnitStatus
from testfleet.contracts.task import Limits
from testfleet.execution.frameworks import adapters
from testfleet.execution.frameworks.framework import Exit, Job, Launch, Reading, result
from testfleet.execution.frameworks.tool_journal import ToolJournal
from tests.execution_samples import bench, outcomes

TOOL = """
import json, os, signal, sys, time
events, units, only = sys.argv[1], sys.argv[2].split(), sys.argv[3]
def tell(kind, **more):
    with open(events, "w") as fifo:
        at = time.clock_gettime(time.CLOCK_BOOTTIME)
        fifo.write(json.dumps(dict(more, kind=kind, at=at)) + "\\n")
for unit in units:
    words = open(unit).read().split()
    tell("items", unit=unit, ids=[f"{unit} > {at}" for at in range(len(words))])
    for at, word in enumerate(words):
        test = f"{unit} > {at}"
        if only not in ("", test, unit):
            continue
        tell("start", id=test, unit=unit)
        mark = f"{os.environ['TMPDIR']}/{unit}"
        if word == "kill" or (word == "once" and not os.path.exists(mark)):
            open(mark, "w").close()
            os.kill(os.getpid(), signal.SIGKILL)
        if word == "hang":
            time.sleep(60)
        if word == "leave":
            import subprocess
            time.sleep(0.05)
            subprocess.Popen(["sleep", "60"], start_new_session=True)
            time.sleep(0.05)
        if word == "silent":
            continue
        tell("result", id=test, unit=unit, outcome="failed" if word == "fail" else "passed")
sys.exit(3 if "odd" in sys.argv[2] else 0)
"""


class Words:
    """A tool whose test files hold a word for each test."""

    name, is_live, collects_rest, one_at_a_time = "words", True, False, False

    def launch(self, job: Job) -> Launch:
        script = job.scratch / "tool.py"
        script.write_text(TOOL)
        units = " ".join(job.units)
        argv = (sys.executable, str(script), str(job.events), units, job.only or "")
        return Launch(argv)

    def read(self, job: Job, exit_: Exit) -> Reading:
        problem = "exit status 3 though no test failed" if exit_.status == 3 else ""
        return Reading(is_whole=exit_.is_own, problem=problem)


@pytest.fixture(scope="module")
def worker(tmp_path_factory):
    with bench(tmp_path_factory.mktemp("tool")) as made, pytest.MonkeyPatch.context() as patch:
        patch.setattr(adapters, "ADAPTERS", (Words(),))
        yield made


def run(worker, files, **changes):
    return worker.run(files, framework="words", env={}, **{"units": tuple(files), **changes})


def test_each_test_of_each_unit_is_reported_live(worker):
    found = run(worker, {"a": "pass fail", "b": "pass"})
    assert outcomes(found) == {"a > 0": "passed", "a > 1": "failed", "b > 0": "passed"}
    assert found.finished == {"a", "b"}
    assert found.attempts == 1


def test_only_the_unit_that_kills_its_process_twice_is_given_up(worker):
    found = run(worker, {"a": "pass", "bad": "pass kill pass", "c": "pass"})
    assert outcomes(found) == {
        "a > 0": "passed",
        "bad > 0": "passed",
        "bad > 1": "failed",
        "bad > 2": "error",
        "c > 0": "passed",
    }
    assert "killed by SIGKILL while this test ran" in found.tests[-3].message
    assert found.finished == {"a", "bad", "c"}


def test_a_test_whose_process_died_once_is_flaky(worker):
    found = run(worker, {"a": "once pass", "b": "pass"})
    assert outcomes(found) == {"a > 0": "flaky", "a > 1": "passed", "b > 0": "passed"}


def test_a_test_that_hangs_fails_and_costs_its_time_once(worker):
    limits = Limits(time_s=30, test_timeout_s=1, memory_mb=512)
    found = run(worker, {"a": "hang pass", "b": "pass"}, limits=limits)
    assert outcomes(found) == {"a > 0": "failed", "a > 1": "error", "b > 0": "passed"}
    assert found.attempts == 2


def test_a_test_that_was_announced_and_has_no_outcome_is_lost(worker):
    found = run(worker, {"a": "pass silent"})
    assert outcomes(found) == {"a > 0": "passed", "a > 1": "lost"}


def test_an_exit_status_that_no_test_explains_is_an_error(worker):
    found = run(worker, {"odd": "pass"})
    assert outcomes(found) == {"odd > 0": "passed", "odd": "error"}
    assert found.units[0].status is UnitStatus.FINISHED


def test_confirming_runs_each_test_alone_and_misses_none(worker):
    tests = ("a > 1", "a > 7", "b > 0")
    files = {"a": "kill fail", "b": "pass"}
    found = run(worker, files, kind="confirm", tests=tests)
    assert outcomes(found) == {"a > 1": "failed", "a > 7": "lost", "b > 0": "passed"}


def test_a_tool_that_never_starts_is_given_up_after_a_few_processes(worker, monkeypatch):
    class Broken(Words):
        def launch(self, job: Job) -> Launch:
            return Launch(("/bin/sh", "-c", "kill -9 $$"))

    monkeypatch.setattr(adapters, "ADAPTERS", (Broken(),))
    found = run(worker, {f"u{at:02}": "pass" for at in range(40)})
    assert {test.outcome for test in found.tests} == {Outcome.ERROR}
    assert len(found.tests) == 40
    assert found.attempts < 20


def test_what_needs_a_file_that_failed_is_skipped_with_the_reason(worker):
    rules = (Dependency(units=("b",), providers=("a",)), Dependency(units=("c",), providers=("b",)))
    files = {"a": "pass fail", "b": "pass", "c": "pass", "d": "pass"}
    found = run(worker, files, dependencies=rules)
    assert outcomes(found) == {
        "a > 0": "passed",
        "a > 1": "failed",
        "b": "skipped",
        "c": "skipped",
        "d > 0": "passed",
    }
    assert {test.message for test in found.tests if test.outcome == "skipped"} == {
        "Skipped: blocked by a (failed)"
    }


def test_what_is_left_running_is_ended_and_its_file_named(worker):
    found = run(worker, {"a": "pass", "b": "leave pass", "c": "pass"})
    [leak] = found.leaks
    assert (leak.kind, leak.units) == ("process", ("b",))
    assert leak.text == "ended 1 process that b left behind: sleep"
    assert worker.left_over(found) == []


def test_an_event_that_makes_no_sense_is_passed_over():
    journal = ToolJournal()
    journal.begin_session(None)
    nonsense = [{"kind": "result"}, {"kind": "result", "id": 3, "unit": "a"}, {"kind": "items"}]
    journal.take([*nonsense, result("a", "a > 0", Outcome.PASSED, duration="soon")])
    journal.take([{"kind": "start", "id": [], "unit": {}}])
    assert journal.results == {}
