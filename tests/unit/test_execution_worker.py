"""The worker's ways to run, to stop and to fail, with real test processes."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from lambdas.worker.handler import handler
from testfleet.contracts.result import ShardResult, UnitStatus, WorkerErrorType
from testfleet.contracts.task import InterpreterEnvironment, Limits, ShardItem
from testfleet.execution import herald
from testfleet.execution.worker import WorkerOptions, run_task, worker_error
from tests.execution_samples import bench, outcomes

PASSING = {"test_a.py": "def test_a(): pass\n"}


@pytest.fixture(scope="module")
def worker(tmp_path_factory):
    with bench(tmp_path_factory.mktemp("worker")) as made:
        yield made


@pytest.fixture(autouse=True)
def no_orders_left(worker):
    yield
    for order in ("/cancel", "/stop"):
        worker.store.objects.pop(order, None)


def errors(result):
    return [error.type for error in result.errors]


def test_confirming_runs_each_test_alone(worker):
    body = "import os\ndef test_one(): print(os.getpid())\ndef test_two(): assert 0\n"
    tests = ("test_a.py::test_two", "test_a.py::test_one", "test_a.py::test_gone", "test_b.py")
    files = {"test_a.py": body, "test_b.py": "import missing_module"}
    result = worker.run(files, kind="confirm", units=(), tests=tests)
    assert outcomes(result) == {
        "test_a.py::test_two": "failed",
        "test_a.py::test_one": "passed",
        "test_a.py::test_gone": "lost",
        "test_b.py": "error",
    }
    assert result.attempts == 4
    assert result.units == ()


def test_a_file_that_can_be_imported_after_all_is_not_cleared_for_its_tests_never_ran(worker):
    result = worker.run(PASSING, kind="confirm", units=(), tests=("test_a.py",))
    assert outcomes(result) == {"test_a.py": "lost"}


def test_as_at_home_a_file_that_was_an_error_runs_all_of_its_tests(worker):
    files = {
        "test_a.py": "import sys; sys.modules['made_by_a'] = sys\ndef test_a(): pass\n",
        "test_b.py": "import made_by_a\ndef test_one(): pass\ndef test_two(): assert 0\n",
    }
    result = worker.run(files, kind="confirm", units=(), tests=("test_b.py",), together=True)
    assert outcomes(result) == {"test_b.py::test_one": "passed", "test_b.py::test_two": "failed"}
    assert result.finished == {"test_b.py"}


def test_confirming_below_a_root_finds_the_file(worker):
    files = {"backend/tests/test_a.py": "def test_a(): pass", "backend/pytest.ini": "[pytest]\n"}
    test = "tests/test_a.py::test_a"
    result = worker.run(files, kind="confirm", units=(), tests=(test,), root="backend")
    assert outcomes(result) == {test: "passed"}
    assert result.tests[0].file == "backend/tests/test_a.py"


def test_units_are_relative_to_the_tree_and_ids_to_the_root_folder(worker):
    files = {"backend/tests/test_a.py": "def test_a(): pass", "backend/pytest.ini": "[pytest]\n"}
    result = worker.run(files, units=("backend/tests/test_a.py",), root="backend")
    assert outcomes(result) == {"tests/test_a.py::test_a": "passed"}
    assert [(unit.id, unit.tests) for unit in result.units] == [("backend/tests/test_a.py", 1)]


def test_a_missing_root_is_named(worker):
    result = worker.run(PASSING, root="frontend")
    assert errors(result) == [WorkerErrorType.ENVIRONMENT]
    assert "'frontend' of the suite is not in the tree" in result.errors[0].message
    assert [unit.status for unit in result.units] == [UnitStatus.UNFINISHED]


def test_a_file_without_tests_is_finished(worker):
    result = worker.run({"test_none.py": "x = 1\n"})
    assert result.tests == ()
    assert [(unit.status, unit.tests) for unit in result.units] == [(UnitStatus.FINISHED, 0)]


def test_fail_fast_stops_at_the_first_failure_and_tells_the_others(worker):
    files = {"test_a.py": "def test_a(): assert 0\n", "test_b.py": "def test_b(): pass\n"}
    result = worker.run(files, fail_fast=True)
    assert outcomes(result) == {"test_a.py::test_a": "failed"}
    assert worker.store.objects["/stop"] == b"{}"
    assert not result.errors
    statuses = {unit.id: unit.status for unit in result.units}
    assert statuses == {"test_a.py": UnitStatus.FINISHED, "test_b.py": UnitStatus.STOPPED}


def test_another_shards_failure_stops_this_one(worker):
    worker.store.objects["/stop"] = b"{}"
    files = {"test_a.py": "import time\ndef test_a(): time.sleep(30)\n"}
    result = worker.run(files, fail_fast=True, stop_url=f"{worker.store.url}/stop")
    assert result.tests == ()
    assert [unit.status for unit in result.units] == [UnitStatus.STOPPED]


def test_progress_is_told_while_tests_run(worker, tmp_path):
    body = (
        "import pathlib, time\ndef test_a(): assert 0\ndef test_b():\n"
        f"    while not pathlib.Path({str(tmp_path)!r}, 'seen').exists(): time.sleep(0.01)\n"
    )
    task = worker.task({"test_a.py": body})
    thread = threading.Thread(target=run_task, args=(task, worker.options))
    thread.start()
    told = {}
    while told.get("current") != "test_a.py::test_b":
        told = json.loads(worker.store.objects.get(f"/shards/{worker.shards}/progress", b"{}"))
    (tmp_path / "seen").touch()
    thread.join()
    assert told["counts"] == {"failed": 1}
    assert told["failures"] == ["test_a.py::test_a"]


def test_an_option_of_the_user_reaches_pytest(worker):
    body = "def test_a(): pass\ndef test_b(): pass\n"
    result = worker.run({"test_a.py": body}, framework_args=("-k", "test_b"))
    assert outcomes(result) == {"test_a.py::test_b": "passed"}


@pytest.mark.parametrize("option", ["--lf", "--stepwise", "--stepwise-skip"])
def test_what_an_earlier_process_of_the_shard_did_chooses_no_tests(worker, option):
    body = "import os\ndef test_a(): assert 0\ndef test_b(): os._exit(1)\ndef test_c(): pass\n"
    result = worker.run({"test_a.py": body}, framework_args=(option,))
    assert outcomes(result) == {
        "test_a.py::test_a": "failed",
        "test_a.py::test_b": "failed",
        "test_a.py::test_c": "passed",
    }


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--no-such-option",), "would not run: unrecognized arguments: --no-such-option;"),
        (("--color=yes", "test_a.py::test_no"), "would not run: not found: test_a.py::test_no;"),
        (("--rootdir=no",), "would not run: Directory 'no' not found."),
        (("--collect-only",), "it ended well without running a test"),
        (("--version",), "it ended well without running a test"),
    ],
)
def test_wrong_arguments_are_told_once_and_no_test_is_blamed(worker, args, said):
    result = worker.run(PASSING, framework_args=args)
    assert errors(result) == [WorkerErrorType.CONFIGURATION]
    assert said in result.errors[0].message
    assert (result.tests, result.attempts) == ((), 1)
    assert {unit.status for unit in result.units} == {UnitStatus.UNFINISHED}


def test_a_session_that_is_broken_off_goes_on_without_the_test_that_did_it(worker):
    body = (
        "import pytest\ndef test_a(): pass\ndef test_b(): pytest.exit('enough')\n"
        "def test_c(): raise KeyboardInterrupt\ndef test_d(): pass\n"
    )
    result = worker.run({"test_a.py": body})
    assert outcomes(result) == {
        "test_a.py::test_a": "passed",
        "test_a.py::test_b": "failed",
        "test_a.py::test_c": "failed",
        "test_a.py::test_d": "passed",
    }
    assert "pytest broke off the session" in result.tests[1].message
    assert "enough" in result.tests[1].message


def test_a_file_that_kills_the_process_when_imported_costs_only_itself(worker):
    files = {**PASSING, "test_b.py": "import os\nos._exit(5)\n", "test_c.py": "def test_c(): pass"}
    result = worker.run(files)
    assert outcomes(result) == {
        "test_a.py::test_a": "passed",
        "test_b.py": "error",
        "test_c.py::test_c": "passed",
    }
    broken = next(test for test in result.tests if test.outcome == "error")
    assert broken.message == (
        "the process ended with os._exit(5) while this file was being collected"
    )


def test_a_conftest_that_kills_the_process_is_not_tried_for_ever(worker):
    result = worker.run({**PASSING, "conftest.py": "import os\nos._exit(5)\n"})
    assert outcomes(result) == {"test_a.py": "error"}
    assert result.attempts == 2


def test_a_conftest_that_exits_is_told_in_its_own_words(worker):
    result = worker.run({**PASSING, "conftest.py": "import sys\nsys.exit('no database')\n"})
    assert outcomes(result) == {"test_a.py": "error"}
    assert "broke off the session (SystemExit: no database)" in result.tests[0].message


def test_an_import_may_take_longer_than_a_test(worker):
    slow = {"test_b.py": "import time\ntime.sleep(1.2)\ndef test_b(): pass\n"}
    result = worker.run({**PASSING, **slow}, limits=Limits(time_s=60, test_timeout_s=0.5))
    assert outcomes(result) == {"test_a.py::test_a": "passed", "test_b.py::test_b": "passed"}


def test_an_import_that_hangs_is_ended(worker, monkeypatch):
    monkeypatch.setattr("testfleet.execution.session.COLLECTION_LIMIT_S", 3.0)
    hanging = {"test_b.py": "import time\ntime.sleep(60)\n"}
    result = worker.run({**PASSING, **hanging}, limits=Limits(time_s=60, test_timeout_s=1.0))
    assert outcomes(result) == {"test_a.py::test_a": "passed", "test_b.py": "error"}
    (hung,) = (test for test in result.tests if test.outcome == "error")
    assert "did not finish within 3 s while this file was being collected" in hung.message


def test_a_file_whose_name_is_not_utf8_is_tested_too(worker):
    files = {**PASSING, "test_\udcff.py": "import os\ndef test_b(): os._exit(1)\n"}
    broken = {"test_\udcfe.py": "def test_c(:\n"}
    result = worker.run({**files, **broken}, units=("test_a.py",), excluded=())
    assert outcomes(result) == {
        "test_a.py::test_a": "passed",
        r"test_\udcff.py::test_b": "failed",
        r"test_\udcfe.py": "error",
    }
    assert {unit.id: unit.status for unit in result.units} == {
        "test_a.py": UnitStatus.FINISHED,
        r"test_\udcff.py": UnitStatus.FINISHED,
        r"test_\udcfe.py": UnitStatus.FINISHED,
    }
    assert result.model_dump_json()


@pytest.mark.parametrize("name", ["pytest.ini", "setup.py"])
def test_settings_above_the_working_copy_are_refused_before_a_conftest_there_runs(worker, name):
    above = worker.folder / "work"
    above.mkdir(exist_ok=True)
    foreign = [above / name, above / "conftest.py"]
    try:
        for path in foreign:
            path.write_text("[pytest]\n" if path.suffix == ".ini" else "print('foreign code')\n")
        result = worker.run(PASSING)
    finally:
        for path in foreign:
            path.unlink()
    assert errors(result) == [WorkerErrorType.CONFIGURATION]
    assert f"pytest takes {above} for the project's root" in result.errors[0].message
    assert "foreign code" not in worker.log()


DROPS = """
import os, pathlib
def test_drops(request):
    root = pathlib.Path(request.config.rootpath)
    (root / "test_dropped.py").write_text("def test_dropped(): pass")
    outside = root.parent / "outside"
    outside.mkdir(exist_ok=True)
    (outside / "test_a.py").write_text("def test_foreign(): pass")
    (root / "linked").symlink_to(outside)
def test_exits(): os._exit(1)
def test_last(): pass
"""


@pytest.mark.parametrize("excluded", [None, ()])
def test_what_tests_put_into_the_tree_is_not_run(worker, excluded):
    result = worker.run({"test_a.py": DROPS}, excluded=excluded)
    assert outcomes(result) == {
        "test_a.py::test_drops": "passed",
        "test_a.py::test_exits": "failed",
        "test_a.py::test_last": "passed",
    }
    assert [unit.id for unit in result.units] == ["test_a.py"]


def test_a_plugin_that_fails_inside_pytest_is_told(worker):
    body = "def pytest_collection_modifyitems(): raise RuntimeError('plugin is broken')\n"
    result = worker.run({**PASSING, "conftest.py": body})
    assert outcomes(result) == {"test_a.py::test_a": "error"}
    assert "plugin is broken" in result.tests[0].message


def test_an_interpreter_that_is_missing_is_named(worker):
    result = worker.run(PASSING, environment=InterpreterEnvironment(python="/no/python"))
    assert errors(result) == [WorkerErrorType.ENVIRONMENT]
    assert "/no/python is not there" in result.errors[0].message


@pytest.fixture(scope="module")
def fake_python(tmp_path_factory):
    """Programs that are no usable interpreters."""
    folder = tmp_path_factory.mktemp("bin")
    for name, text in {
        "broken": "#!/bin/sh\necho cannot load libpython >&2\nexit 127\n",
        "bare": f'#!/bin/sh\nexec {sys.executable} -S -E "$@"\n',
    }.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    return folder


@pytest.mark.parametrize(
    ("program", "said"),
    [("broken", "cannot load libpython"), ("bare", "cannot import pytest")],
)
def test_an_unusable_interpreter_is_told_with_the_remedy(worker, fake_python, program, said):
    environment = InterpreterEnvironment(python=str(fake_python / program))
    result = worker.run(PASSING, environment=environment)
    assert errors(result) == [WorkerErrorType.ENVIRONMENT]
    assert said in result.errors[0].message
    assert "install pytest 6.2 or newer" in result.errors[0].message
    assert result.tests == ()


def test_an_unknown_framework_is_named(worker):
    result = worker.run(PASSING, framework="nose")
    assert "framework 'nose' is not known; use one of: " in result.errors[0].message


def test_tests_see_no_secret_of_the_worker(worker, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("TESTFLEET_TASK_URL", "secret")
    monkeypatch.setenv("OF_HOME", "kept")
    body = (
        "import os\ndef test_env():\n"
        "    assert 'secret' not in os.environ.values()\n"
        "    ours = [name for name in os.environ if name.startswith('TESTFLEET_')]\n"
        "    assert ours == ['TESTFLEET_TASK_ID']\n"
        "    assert os.environ['OF_HOME'] == 'kept'\n"
        "    assert os.environ['OF_TASK'] == 'given'\n"
    )
    result = worker.run({"test_env.py": body}, env={"OF_TASK": "given"})
    assert outcomes(result) == {"test_env.py::test_env": "passed"}


def test_a_whole_environment_of_home_replaces_the_workers(worker, monkeypatch):
    monkeypatch.setenv("OF_WORKER", "stale")
    body = "import os\ndef test_env(): assert 'OF_WORKER' not in os.environ\n"
    result = worker.run({"test_env.py": body}, env={"PATH": os.environ["PATH"]})
    assert outcomes(result) == {"test_env.py::test_env": "passed"}


def test_the_temporary_folder_is_the_tasks_own_and_goes_with_it(worker, tmp_path):
    body = (
        "import tempfile, pathlib\ndef test_tmp(tmp_path):\n"
        "    folder = pathlib.Path(tempfile.gettempdir())\n"
        f"    pathlib.Path({str(tmp_path)!r}, 'seen').write_text(str(folder))\n"
        "    assert tmp_path.is_relative_to(folder)\n"
    )
    result = worker.run({"test_tmp.py": body}, env={"TMPDIR": str(tmp_path)})
    assert outcomes(result) == {"test_tmp.py::test_tmp": "passed"}
    folder = Path((tmp_path / "seen").read_text())
    assert folder.parent == tmp_path
    assert not folder.exists()


def test_untrusted_code_leaves_no_working_copy(worker):
    task = worker.task(PASSING, repository="stranger/fork")
    task = task.model_copy(update={"source": task.source.model_copy(update={"reuse": False})})
    result = run_task(task, worker.options)
    assert outcomes(result) == {"test_a.py::test_a": "passed"}
    (home,) = (worker.folder / "work").glob("stranger-fork-*")
    assert [path.name for path in home.iterdir()] == ["slot-0.lock"]


def test_the_tree_has_the_name_that_it_has_at_home(worker):
    body = "import os\ndef test_a(): assert os.path.basename(os.getcwd()) == 'my_checkout'\n"
    task = worker.task({"test_a.py": body})
    source = task.source.model_copy(update={"original_root": "/home/user/my_checkout"})
    result = run_task(task.model_copy(update={"source": source}), worker.options)
    assert outcomes(result) == {"test_a.py::test_a": "passed"}


def test_two_shards_at_once_use_two_slots(worker):
    body = "import time\ndef test_a(): time.sleep(1)\n"
    first = worker.task({"test_a.py": body}, repository="two/slots")
    second = worker.task(PASSING, repository="two/slots")
    thread = threading.Thread(target=run_in_new_process, args=(worker, first))
    thread.start()
    home = wait_for_slot(worker)
    result = run_task(second, worker.options)
    thread.join()
    assert outcomes(result) == {"test_a.py::test_a": "passed"}
    assert (home / "slot-1").exists()


def wait_for_slot(worker):
    while True:
        for home in (worker.folder / "work").glob("two-slots-*"):
            if (home / "slot-0.state" / "settings.json").exists():
                return home


def start_worker(worker, task, **variables):
    address = f"/tasks/{task.shard_id}"
    worker.store.objects[address] = task.model_dump_json().encode()
    environment = {
        **os.environ,
        "TESTFLEET_TASK_URL": worker.store.url + address,
        "TESTFLEET_WORK_ROOT": str(worker.folder / "work"),
        **variables,
    }
    return subprocess.Popen([sys.executable, "-m", "testfleet.execution.worker"], env=environment)


def run_in_new_process(worker, task):
    start_worker(worker, task).wait()


def test_what_is_done_is_written_while_the_shard_goes_on(worker, monkeypatch):
    monkeypatch.setattr(herald, "PARTIAL_S", 0.1)
    address = f"/shards/{worker.shards + 1}/partial"
    files = {
        "test_a.py": "def test_a(): pass\n",
        "test_b.py": (
            "import time, urllib.request, urllib.error\n"
            "def test_first(): pass\n"
            "def test_b():\n"
            "    while True:\n"
            "        try: return urllib.request.urlopen(ADDRESS)\n"
            "        except urllib.error.HTTPError: time.sleep(0.05)\n"
        ).replace("ADDRESS", repr(worker.store.url + address)),
    }
    result = worker.run(files)
    assert not result.is_partial
    partial = ShardResult.model_validate_json(worker.store.objects[address])
    assert outcomes(partial) == {"test_a.py::test_a": "passed", "test_b.py::test_first": "passed"}
    assert (partial.is_whole, partial.finished) == (False, {"test_a.py"})


def test_the_program_delivers_its_result(worker):
    task = worker.task(PASSING)
    assert start_worker(worker, task).wait() == 0
    stored = worker.store.objects[f"/shards/{worker.shards}/result"]
    assert outcomes(ShardResult.model_validate_json(stored)) == {"test_a.py::test_a": "passed"}


def test_the_program_ends_early_when_told_to_and_delivers_what_it_has(worker):
    body = "import time\ndef test_a(): pass\ndef test_b(): time.sleep(30)\n"
    task = worker.task({"test_a.py": body})
    process = start_worker(worker, task)
    address = f"/shards/{worker.shards}/progress"
    while b'"done":1' not in worker.store.objects.get(address, b""):
        pass
    process.send_signal(signal.SIGTERM)
    assert process.wait() == 0
    result = ShardResult.model_validate_json(
        worker.store.objects[f"/shards/{worker.shards}/result"]
    )
    assert outcomes(result) == {"test_a.py::test_a": "passed"}
    assert errors(result) == [WorkerErrorType.WORKER_LOST]


def test_the_program_says_that_its_task_is_missing(worker):
    address = {"TESTFLEET_TASK_URL": f"{worker.store.url}/none"}
    command = [sys.executable, "-m", "testfleet.execution.worker"]
    ended = subprocess.run(command, env={**os.environ, **address}, capture_output=True, check=False)
    assert ended.returncode == 3
    assert b"error: cannot read" in ended.stderr
    assert b"Traceback" not in ended.stderr


class Context:
    def get_remaining_time_in_millis(self):
        return 60_000


def test_the_function_answers_with_a_receipt(worker, monkeypatch):
    monkeypatch.setenv("TESTFLEET_WORK_ROOT", str(worker.folder / "work"))
    task = worker.task(PASSING)
    worker.store.objects["/task"] = task.model_dump_json().encode()
    item = ShardItem(
        shard_id=task.shard_id,
        run_id=task.run_id,
        compute="lambda",
        task_url=f"{worker.store.url}/task",
    )
    receipt = handler(item.model_dump(), Context())
    assert receipt == {
        "shard_id": task.shard_id,
        "tests": 1,
        "counts": {"passed": 1},
        "errors": [],
    }


def test_a_host_with_little_time_left_ends_the_shard_before(worker):
    body = "import time\ndef test_a(): time.sleep(30)\n"
    options = WorkerOptions(work_root=worker.options.work_root, time_left_s=11.0)
    result = run_task(worker.task({"test_a.py": body}), options)
    assert errors(result) == [WorkerErrorType.TIMED_OUT]
    assert (result.finished_at - result.started_at).total_seconds() < 10


def test_a_full_disk_is_told_with_the_remedy():
    error = worker_error(OSError(28, "No space left on device"), WorkerOptions())
    assert error.type == WorkerErrorType.DISK_FULL
    assert "TESTFLEET_WORK_ROOT" in error.message


def test_a_folder_that_may_not_be_written_is_told_with_the_remedy(worker):
    options = WorkerOptions(work_root=Path("/proc/nowhere"))
    result = run_task(worker.task(PASSING), options)
    assert len(result.errors) == 1
    assert "/proc/nowhere" in result.errors[0].message


def test_a_fault_of_the_worker_is_a_result_too(worker, monkeypatch):
    monkeypatch.setattr(tempfile, "mkdtemp", lambda **_: 1 / 0)
    result = run_task(worker.task(PASSING), worker.options)
    assert errors(result) == [WorkerErrorType.INTERNAL]
    assert "ZeroDivisionError" in result.errors[0].message


def test_the_peak_of_memory_is_told_of_the_unit_that_needed_it(worker):
    body = "import time\ndef test_a():\n    held = bytearray({mb} << 20)\n    time.sleep(1.5)\n"
    files = {"test_large.py": body.format(mb=300), "test_small.py": body.format(mb=1)}
    peaks = {unit.id: unit.memory_mb for unit in worker.run(files).units}
    assert peaks["test_large.py"] > 300 > peaks["test_small.py"] > 0


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param({"test_a.py": "import sys\nsys.exit(3)\n"}, id="a file that exits"),
        pytest.param(
            {"conftest.py": "def pytest_collection_modifyitems(items): 1 / 0\n", **PASSING},
            id="a hook that raises",
        ),
        pytest.param({"test_a.py": "raise KeyboardInterrupt\n"}, id="a file that interrupts"),
    ],
)
def test_a_collection_that_breaks_off_at_once_is_no_end(worker, broken):
    result = worker.run({**broken, "test_b.py": "def test_b(): pass\n"})
    found = outcomes(result)
    assert "error" in found.values()
    assert {name.partition("::")[0] for name in found} == {"test_a.py", "test_b.py"}
