"""Environments that set-up commands make: built once, archived, restored, or explained."""

import os
import sys
import tarfile
import threading
from pathlib import Path

import pytest

from testfleet.contracts.result import WorkerErrorType
from testfleet.contracts.task import BuiltEnvironment, Limits
from testfleet.execution.environments import (
    KEPT_ENVIRONMENTS,
    READY,
    EnvironmentStoppedError,
    _prune,
    _wait_for_another,
)
from testfleet.execution.files import try_lock
from testfleet.execution.supervisor import Stop
from tests.execution_samples import bench, outcomes

OURS = Path(pytest.__file__).parent.parent
INSTALL = (
    "python -c \"import site, pathlib; pathlib.Path(site.getsitepackages()[0], 'ours.pth')"
    f".write_text('{OURS}')\""
)
GENERATE = "echo 'made = True' > generated.py"
FILES = {
    "test_env.py": (
        "import sys, os, generated\n"
        "def test_env():\n"
        "    assert sys.prefix == os.environ['VIRTUAL_ENV']\n"
        "    assert os.environ['PATH'].startswith(sys.prefix)\n"
    )
}


@pytest.fixture(scope="module")
def worker(tmp_path_factory):
    with bench(tmp_path_factory.mktemp("environments")) as made:
        yield made


def built(worker, key, setup, python="python3"):
    address = f"{worker.store.url}/environments/{key}"
    return BuiltEnvironment(key=key, python=python, setup=setup, get_url=address, put_url=address)


@pytest.fixture(scope="module")
def prepared(worker):
    """An environment that one worker has made."""
    # The interpreter that the venv comes from must be the one whose packages are lent.
    environment = built(worker, "good", (INSTALL, GENERATE), python=sys.executable)
    result = worker.run(FILES, kind="prepare", units=(), environment=environment)
    assert not result.errors
    assert result.tests == ()
    return environment


def test_tests_run_in_the_environment_with_what_its_setup_generated(worker, prepared):
    result = worker.run(FILES, environment=prepared)
    assert outcomes(result) == {"test_env.py::test_env": "passed"}


def test_an_environment_is_restored_on_a_host_that_lacks_it(worker, prepared, tmp_path):
    (worker.folder / "work" / "environments" / "good").rename(tmp_path / "away")
    before = worker.store.objects["/environments/good"]
    result = worker.run(FILES, environment=prepared)
    assert outcomes(result) == {"test_env.py::test_env": "passed"}
    assert worker.store.objects["/environments/good"] is before


def test_a_setup_command_that_fails_is_shown_with_its_output(worker):
    environment = built(worker, "bad", ("echo fetching >&2; echo no such package; exit 4",))
    result = worker.run(FILES, kind="prepare", units=(), environment=environment)
    assert [error.type for error in result.errors] == [WorkerErrorType.ENVIRONMENT]
    message = result.errors[0].message
    assert "failed (exit status 4)" in message
    assert "fetching\nno such package" in message
    assert not (worker.folder / "work" / "environments" / "bad").exists()
    assert "/environments/bad" not in worker.store.objects


def test_a_setup_that_takes_too_long_ends_with_the_shard(worker):
    environment = built(worker, "slow", ("sleep 60",))
    limits = Limits(time_s=1.5)
    result = worker.run(FILES, environment=environment, limits=limits)
    assert [error.type for error in result.errors] == [WorkerErrorType.TIMED_OUT]
    assert worker.left_over(result) == []


def test_a_missing_interpreter_is_named(worker):
    result = worker.run(FILES, environment=built(worker, "none", (), python="python9"))
    assert "interpreter python9 is not on PATH" in result.errors[0].message


def test_an_archive_that_leads_out_of_its_folder_is_refused(worker, tmp_path):
    archive = tmp_path / "evil.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.addfile(tarfile.TarInfo("../../evil"))
    worker.store.objects["/environments/evil"] = archive.read_bytes()
    result = worker.run(FILES, environment=built(worker, "evil", ()))
    assert result.errors
    assert not list(worker.folder.rglob("evil"))[1:]


def test_old_environments_are_removed(tmp_path):
    for number in range(KEPT_ENVIRONMENTS + 2):
        folder = tmp_path / f"e{number}"
        folder.mkdir()
        (folder / READY).write_text("")
    _prune(tmp_path)
    assert len([path for path in tmp_path.iterdir() if path.is_dir()]) == KEPT_ENVIRONMENTS


def test_who_comes_second_waits_for_the_first(tmp_path):
    folder = tmp_path / "env"
    folder.mkdir()
    first = try_lock(folder.with_suffix(".lock"))
    second = os.open(folder.with_suffix(".lock"), os.O_RDWR)

    def finish():
        (folder / READY).write_text("")
        os.close(first)

    timer = threading.Timer(0.3, finish)
    timer.start()
    assert _wait_for_another(second, folder, lambda: None) is True
    timer.join()
    os.close(second)


def test_who_waits_can_be_stopped(tmp_path):
    folder = tmp_path / "env"
    first = try_lock(folder.with_suffix(".lock"))
    second = os.open(folder.with_suffix(".lock"), os.O_RDWR)
    with pytest.raises(EnvironmentStoppedError):
        _wait_for_another(second, folder, lambda: Stop.CANCELLED)
    os.close(first)
    os.close(second)
