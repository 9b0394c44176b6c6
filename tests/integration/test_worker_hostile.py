"""Tests that do the worst, run by the real worker: it says what happened and loses nothing else."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

from testfleet.contracts.result import UnitStatus, WorkerErrorType
from testfleet.contracts.task import Limits
from testfleet.execution.processes import carriers_of
from testfleet.execution.worker import run_task
from testfleet.execution.workspace import workspace
from tests.execution_samples import bench, hostile, outcomes

INNOCENT = {
    "test_innocent.py::test_first": "passed",
    "test_innocent.py::test_second": "passed",
}
PLAIN = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
MEMORY = Limits(time_s=60, test_timeout_s=20, memory_mb=300)
SHORT = Limits(time_s=60, test_timeout_s=1.5, memory_mb=2048)
SMALL_FILES = Limits(time_s=60, test_timeout_s=20, memory_mb=2048, file_mb=20)
SMALL_OUTPUT = Limits(time_s=60, test_timeout_s=20, memory_mb=2048, output_mb=1)


@pytest.fixture(scope="module")
def worker(tmp_path_factory):
    with bench(tmp_path_factory.mktemp("worker")) as made:
        yield made


@pytest.fixture
def run(worker):
    """Run a hostile project; afterwards nothing may be left, and the slot must be as new."""

    def run(name, **changes):
        result = worker.run(hostile(name), **changes)
        assert worker.left_over(result) == []
        assert not list(Path(tempfile.gettempdir()).glob("tf-*/locked"))
        assert_slot_can_be_reused(worker)
        return result

    return run


def assert_slot_can_be_reused(worker):
    with workspace(worker.task({"fresh.py": "x = 1"}), worker.folder / "work") as place:
        assert place.tree.parent.name == "slot-0"
        assert [path.name for path in place.tree.iterdir()] == ["fresh.py"]
        assert (place.tree / "fresh.py").read_text() == "x = 1"


def messages(result):
    return {test.id.rpartition("::")[2]: test.message for test in result.tests}


def test_a_syntax_error_costs_only_its_own_file(run):
    result = run("syntax_error")
    assert outcomes(result) == {**INNOCENT, "test_broken.py": "error"}
    assert "SyntaxError" in messages(result)["test_broken.py"]
    assert result.attempts == 1


def test_a_conftest_that_raises_is_told_for_every_unit(run):
    result = run("conftest_raises")
    assert outcomes(result) == {"test_innocent.py": "error", "test_one.py": "error"}
    assert "the database of the conftest is not there" in messages(result)["test_one.py"]
    assert "conftest.py" in messages(result)["test_one.py"]
    assert not result.errors


def test_os_exit_fails_the_test_that_called_it_whatever_the_status(run):
    result = run("os_exit")
    assert outcomes(result) == {
        **INNOCENT,
        "test_exit.py::test_before": "passed",
        "test_exit.py::test_exits_with_three": "failed",
        "test_exit.py::test_between": "passed",
        "test_exit.py::test_exits_with_zero": "failed",
        "test_exit.py::test_after": "passed",
    }
    assert messages(result)["test_exits_with_three"].endswith(
        "the process ended with os._exit(3) while this test ran"
    )
    assert "os._exit(0)" in messages(result)["test_exits_with_zero"]
    assert {unit.status for unit in result.units} == {UnitStatus.FINISHED}


def test_a_forked_child_that_hangs_is_ended(run):
    result = run("fork_hangs")
    assert outcomes(result) == {
        **INNOCENT,
        "test_fork.py::test_forks_a_child_that_hangs": "passed",
        "test_fork.py::test_after": "passed",
    }
    assert any("1 process that test_fork.py left" in leak.text for leak in result.leaks)


def test_a_forked_child_that_runs_on_reports_nothing(run):
    result = run("fork_returns")
    assert outcomes(result) == {
        **INNOCENT,
        "test_fork.py::test_forks_a_child_that_returns_into_pytest": "passed",
        "test_fork.py::test_after": "passed",
    }


def test_endless_output_is_cut_and_fails_nobody(run, worker):
    result = run("prints_much", limits=SMALL_OUTPUT, env={**PLAIN, "HOSTILE_MB": "200"})
    assert set(outcomes(result).values()) == {"passed"}
    assert len(outcomes(result)) == 5
    assert any("output was cut to 1 MB" in note for note in result.notes)
    log = worker.store.objects[f"/shards/{worker.shards - 1}/log"]
    assert len(log) < 1.1 * 2**20
    assert log.startswith(b"=====") and b"bytes cut" in log and b"passed in" in log


def test_a_huge_file_fails_the_test_that_writes_it(run):
    result = run("huge_file", limits=SMALL_FILES)
    found = outcomes(result)
    assert found.pop("test_file.py::test_writes_a_huge_file") == "failed"
    assert found == {**INNOCENT, "test_file.py::test_after": "passed"}
    assert "File too large" in messages(result)["test_writes_a_huge_file"]


def test_a_test_that_fills_the_memory_fails_and_is_not_run_again(run):
    result = run("fills_memory", limits=MEMORY)
    found = outcomes(result)
    assert found.pop("test_memory.py::test_fills_the_memory") == "failed"
    assert set(found.values()) == {"passed"}
    assert len(found) == 4
    assert messages(result)["test_fills_the_memory"] == (
        "the process used more than 300 MB of memory while this test ran"
    )
    assert result.attempts == 2


def test_a_test_may_kill_its_parent(run):
    result = run("kills_parent")
    assert outcomes(result) == {
        **INNOCENT,
        "test_kill.py::test_kills_its_parent": "passed",
        "test_kill.py::test_after": "passed",
    }
    assert result.attempts == 1


def test_a_test_that_kills_its_process_fails_or_is_flaky(run):
    result = run("kills_itself")
    assert outcomes(result) == {
        **INNOCENT,
        "test_kill.py::test_before": "passed",
        "test_kill.py::test_always_kills_itself": "failed",
        "test_kill.py::test_kills_itself_once": "flaky",
        "test_kill.py::test_after": "passed",
    }
    assert "killed by SIGKILL while this test ran" in messages(result)["test_always_kills_itself"]
    assert "killed by SIGSEGV while this test ran" in messages(result)["test_kills_itself_once"]
    flaky = next(test for test in result.tests if test.outcome == "flaky")
    assert flaky.attempts == 2
    assert "Segmentation fault" in flaky.longrepr


def test_daemons_are_found_and_ended(run):
    before = sleepers()
    result = run("daemons")
    assert set(outcomes(result).values()) == {"passed"}
    told = "ended 2 processes that test_daemon.py left behind: sleep"
    assert any(told in leak.text for leak in result.leaks)
    assert sleepers() == before


def sleepers():
    found = set()
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if entry.read_bytes() == b"sleep\x003600\x00":
                found.add(entry.parent.name)
    return found


def test_what_is_not_utf8_arrives_escaped(run):
    result = run("not_utf8")
    found = outcomes(result)
    assert len(found) == 7
    assert found["test_bytes.py::test_fails_with_a_surrogate"] == "failed"
    failed = next(test for test in result.tests if test.outcome == "failed")
    assert r"\udcff" in failed.longrepr
    assert json.loads(result.model_dump_json())


def test_ids_of_a_hundred_kilobytes_are_kept(run):
    result = run("long_id")
    assert outcomes(result) == {
        **INNOCENT,
        f"test_id.py::test_parameter[{'x' * 100_000}]": "passed",
        f"test_id.py::test_parameter[{'y' * 100_000}]": "failed",
    }


def test_a_test_that_hangs_fails_and_shows_where(run):
    result = run("hangs", limits=SHORT)
    found = outcomes(result)
    assert found.pop("test_hang.py::test_hangs") == "failed"
    assert set(found.values()) == {"passed"}
    hung = next(test for test in result.tests if test.outcome == "failed")
    assert hung.message == "the process did not finish within 1.5 s while this test ran"
    assert "test_hang.py" in hung.longrepr
    assert result.attempts == 2


def test_threads_that_never_end_do_not_hold_up_the_shard(run):
    result = run("threads")
    assert set(outcomes(result).values()) == {"passed"}
    assert "the test process did not end after its last test and was ended" in result.notes


def test_a_deleted_tree_is_restored(run):
    result = run("deletes_tree")
    found = outcomes(result)
    assert len(found) == 5
    assert found["test_delete.py::test_deletes_its_own_working_tree"] == "passed"
    assert found["test_delete.py::test_before"] == "passed"


def test_closed_descriptors_break_only_the_test_that_closed_them(run):
    result = run("closes_descriptors")
    found = outcomes(result)
    assert len(found) == 5
    found.pop("test_close.py::test_closes_descriptors")
    assert set(found.values()) == {"passed"}


def test_a_removed_working_folder_is_survived(run):
    result = run("removes_folder")
    found = outcomes(result)
    assert len(found) == 4
    assert found["test_folder.py::test_changes_the_folder_and_removes_it"] == "passed"


def test_sys_exit_in_a_test_is_a_failure(run):
    result = run("sys_exit")
    found = outcomes(result)
    assert found.pop("test_exit.py::test_exits") == "failed"
    assert set(found.values()) == {"passed"}
    assert messages(result)["test_exits"] == "SystemExit: 7"


def test_patched_standard_functions_do_not_silence_the_worker(run):
    result = run("patches")
    found = outcomes(result)
    assert len(found) == 4
    assert found["test_patch.py::test_patches_for_good"] in ("passed", "failed", "error")
    assert found["test_innocent.py::test_first"] == "passed"


def test_locked_folders_are_removed(run):
    result = run("locked_folder")
    assert set(outcomes(result).values()) == {"passed"}
    assert not any("could not remove" in note for note in result.notes)
    assert Path("/etc").exists()


SLOW = """
import pathlib, time
def test_before(): pass
def test_slow(request):
    memo = pathlib.Path(request.config.rootpath, "running")
    if not memo.exists():
        memo.touch()
        time.sleep(30)
def test_after(): pass
"""


def slow_task(worker):
    return worker.task({**hostile("innocent"), "test_slow.py": SLOW})


def wait_for(condition, patience_s=20.0):
    give_up = time.monotonic() + patience_s
    while not (found := condition()):
        assert time.monotonic() < give_up, "waited in vain"
        time.sleep(0.02)
    return found


def running(worker):
    return list((worker.folder / "work").glob("*/slot-0/*/running"))


def pytest_processes(marker):
    found = []
    for pid in carriers_of(marker):
        with contextlib.suppress(OSError):
            if b"pytest_bootstrap.py" in Path(f"/proc/{pid}/cmdline").read_bytes():
                found.append(pid)
    return found


def test_a_test_process_killed_from_outside_costs_no_result(worker):
    task = slow_task(worker)
    results = []
    thread = threading.Thread(target=lambda: results.append(run_task(task, worker.options)))
    thread.start()
    wait_for(lambda: running(worker))
    (pid,) = pytest_processes(f"{task.run_id}/{task.shard_id}")
    os.kill(pid, signal.SIGKILL)
    thread.join()
    found = outcomes(results[0])
    assert found.pop("test_slow.py::test_slow") == "flaky"
    assert set(found.values()) == {"passed"}
    assert len(found) == 4


def test_a_killed_worker_leaves_no_process_and_a_usable_slot(worker):
    task = slow_task(worker)
    worker.store.objects["/task"] = task.model_dump_json().encode()
    environment = {
        **os.environ,
        "TESTFLEET_TASK_URL": f"{worker.store.url}/task",
        "TESTFLEET_WORK_ROOT": str(worker.folder / "work"),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "testfleet.execution.worker"], env=environment
    )
    marker = f"{task.run_id}/{task.shard_id}"
    wait_for(lambda: running(worker))
    process.kill()
    process.wait()
    wait_for(lambda: not list(carriers_of(marker)))
    assert_slot_can_be_reused(worker)


def test_a_shard_out_of_time_delivers_what_it_has(worker):
    task = slow_task(worker).model_copy(update={"limits": Limits(time_s=3.0)})
    result = run_task(task, worker.options)
    assert outcomes(result) == {**INNOCENT, "test_slow.py::test_before": "passed"}
    assert [error.type for error in result.errors] == [WorkerErrorType.TIMED_OUT]
    statuses = {unit.id: unit.status for unit in result.units}
    assert statuses == {
        "test_innocent.py": UnitStatus.FINISHED,
        "test_slow.py": UnitStatus.UNFINISHED,
    }
    assert_slot_can_be_reused(worker)


def test_a_cancelled_run_stops_its_shards(worker):
    task = slow_task(worker)
    worker.store.objects["/cancel"] = b"{}"
    try:
        result = run_task(task, worker.options)
    finally:
        del worker.store.objects["/cancel"]
    assert [error.type for error in result.errors] == [WorkerErrorType.CANCELLED]
    assert UnitStatus.STOPPED in {unit.status for unit in result.units}
    assert worker.left_over(result) == []
