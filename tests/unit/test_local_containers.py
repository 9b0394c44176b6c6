"""Fargate tasks as processes of this machine."""

import os
import signal
import subprocess

import pytest

from testfleet.config import ROOT
from testfleet.local.containers import ProcessContainers
from testfleet.local.processes import ProcessId, descendants, wait_for_end


class Processes:
    """Starts processes and counts the ends that it is told of."""

    def __init__(self):
        self.ended = 0

    def popen(self, *args, **options):
        return subprocess.Popen(*args, start_new_session=True, **options)

    def worker_ended(self):
        self.ended += 1


@pytest.fixture
def processes():
    return Processes()


@pytest.fixture
def containers(processes):
    made = ProcessContainers(processes, {"PATH": os.environ["PATH"], "TMPDIR": "/base"})
    yield made
    made.stop_all()


def run_python(containers, code, **environment):
    return containers.run("image", command=["python", "-c", code], environment=environment)


@pytest.mark.parametrize(("code", "status"), [("", 0), ("import sys; sys.exit(3)", 3)])
def test_a_task_ends_with_its_commands_exit_code(containers, code, status):
    container = run_python(containers, code)
    assert container.wait() == {"StatusCode": status}
    assert container.status == "exited"


def test_a_killed_task_ends_as_docker_tells_it(containers):
    container = run_python(containers, "import os; os.kill(os.getpid(), 9)")
    assert container.wait() == {"StatusCode": 128 + signal.SIGKILL}


def test_a_task_runs_our_package_in_the_checkout_under_the_fleets_interpreter(containers):
    code = "import os, sys, testfleet; print(os.getcwd(), sys.prefix, testfleet.__file__)"
    container = run_python(containers, code)
    container.wait()
    text = container.logs().decode()
    assert text.startswith(f"{ROOT} ")
    assert str(ROOT / "testfleet") in text


def test_a_task_sees_its_environment_and_nothing_of_the_daemons(containers, monkeypatch):
    monkeypatch.setenv("OF_THE_DAEMON", "secret")
    code = (
        "import os; print(os.environ.get('OF_THE_DAEMON'), os.environ['X'], os.environ['TMPDIR'])"
    )
    container = run_python(containers, code, X="http://host.docker.internal:1/")
    container.wait()
    assert container.logs() == b"None http://127.0.0.1:1/ /base\n"


def test_the_output_is_followed_to_its_end(containers):
    code = "import time\nfor n in range(3): print(n, flush=True); time.sleep(0.1)"
    container = run_python(containers, code)
    assert b"".join(container.logs(stream=True, follow=True)) == b"0\n1\n2\n"
    assert container.logs() == b"0\n1\n2\n"


def test_only_the_last_ended_tasks_are_remembered(containers, monkeypatch):
    monkeypatch.setattr("testfleet.local.containers._KEPT", 1)
    made = [run_python(containers, "") for _ in range(3)]
    for container in made:
        container.wait()
    last = run_python(containers, "")
    assert containers.containers.get(made[2].id) is made[2]
    assert containers.get(last.id) is last
    with pytest.raises(KeyError):
        containers.get(made[0].id)


def test_stopping_a_task_leaves_nothing_of_it(containers, processes):
    code = (
        "import subprocess; p = subprocess.Popen(['sleep', '60']); print('x', flush=True); p.wait()"
    )
    container = run_python(containers, code)
    next(iter(container.logs(stream=True, follow=True)))
    (child,) = [ProcessId.of(one.pid) for one in descendants(container._process.pid)]
    assert containers.list() == [container]
    container.stop()
    assert wait_for_end(child, 20)
    assert containers.list() == []
    assert processes.ended == 1


def test_a_task_without_a_command_is_refused(containers):
    with pytest.raises(ValueError, match="without a command"):
        containers.run("image")


def test_a_container_is_found_by_its_id(containers):
    container = run_python(containers, "")
    assert containers.containers.get(container.id) is container
    with pytest.raises(KeyError):
        containers.get("another")


ENGINE = """#!/bin/sh
echo "$@" >> "$0.log"
[ "$1" = rm ] && exit 0
echo "value $GIVEN"
exec sleep 60
"""


@pytest.fixture
def engine(tmp_path):
    """A program that says what it was told, in place of a container engine."""
    program = tmp_path / "engine"
    program.write_text(ENGINE)
    program.chmod(0o755)
    return program


def test_an_engine_runs_the_image_with_the_values_out_of_sight(processes, engine):
    containers = ProcessContainers(processes, {}, str(engine))
    container = containers.run("worker", command=["python", "-m", "x"], environment={"GIVEN": "v"})
    while b"value" not in container.logs():
        pass
    container.stop()
    run, remove = engine.with_name("engine.log").read_text().splitlines()
    name = run.split("--name=")[1].split()[0]
    assert run.endswith("--env GIVEN worker python -m x")
    assert container.logs() == b"value v\n"
    assert remove == f"rm --force {name}"
    assert container.status == "exited"
