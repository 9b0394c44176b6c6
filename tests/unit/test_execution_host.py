from pathlib import Path

import pytest

from testfleet.execution import host as module
from testfleet.execution.host import (
    WorkerOptions,
    base_environment,
    memory_for_tests_mb,
    temporary_folder,
    this_host,
)

VARIABLES = ("AWS_LAMBDA_RUNTIME_API", "ECS_CONTAINER_METADATA_URI_V4", "TESTFLEET_WORK_ROOT")


@pytest.fixture(autouse=True)
def bare(monkeypatch):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


def test_a_laptop_is_local_also_under_the_emulator(monkeypatch):
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "worker")
    host = this_host()
    assert host.kind == "local"
    assert host.cpu_count >= 1
    assert host.memory_mb > 100


def test_lambda_says_what_it_has(monkeypatch):
    monkeypatch.setenv("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001")
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "2048")
    monkeypatch.setenv("AWS_LAMBDA_LOG_STREAM_NAME", "stream")
    host = this_host()
    assert (host.kind, host.name, host.memory_mb) == ("lambda", "stream", 2048)
    assert memory_for_tests_mb(host, 4096) == 2048 - module.RUNTIME_MEMORY_MB
    assert memory_for_tests_mb(host, 500) == 500


def test_a_container_task_is_fargate(monkeypatch):
    monkeypatch.setenv("ECS_CONTAINER_METADATA_URI_V4", "http://169.254.170.2/v4")
    host = this_host()
    assert host.kind == "fargate"
    assert memory_for_tests_mb(host, 4096) == 4096


def test_in_the_cloud_tests_inherit_a_few_names_only():
    host = this_host().model_copy(update={"kind": "lambda"})
    environ = {"PATH": "/bin", "LANG": "C", "TOKEN": "x", "AWS_REGION": "y", "PYTHONPATH": "z"}
    assert base_environment(host, environ) == {"PATH": "/bin", "LANG": "C"}


def test_at_home_tests_inherit_all_but_what_is_the_fleets():
    environ = {"PATH": "/bin", "MY_SETTING": "x", "AWS_PROFILE": "y", "_LAMBDA_TIMEOUT": "3"}
    assert base_environment(this_host(), environ) == {"PATH": "/bin", "MY_SETTING": "x"}


def test_the_work_folder_is_named_or_the_users_own(monkeypatch, tmp_path):
    assert WorkerOptions(work_root=tmp_path).resolved_root() == tmp_path.resolve()
    assert WorkerOptions().resolved_root().parent == temporary_folder().resolve()
    monkeypatch.setenv("TESTFLEET_WORK_ROOT", str(tmp_path / "named"))
    assert WorkerOptions().resolved_root() == (tmp_path / "named").resolve()


def test_the_temporary_folder_is_the_machines_not_the_daemons(monkeypatch, tmp_path):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    assert temporary_folder() == Path("/tmp")
