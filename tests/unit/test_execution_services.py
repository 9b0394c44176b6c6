"""Services for tests: real processes, ready before the tests, fresh for each shard, gone after."""

import os
import subprocess
import sys
import time

import pytest

from testfleet.contracts.result import WorkerErrorType
from testfleet.contracts.services import Service
from testfleet.errors import UsageError
from testfleet.execution import task_run
from testfleet.execution.host import temporary_folder
from testfleet.execution.processes import carriers_of
from testfleet.execution.services import keeper
from testfleet.execution.services.ports import lease_port
from testfleet.execution.services.running import remove_forgotten
from testfleet.execution.services.template import filled
from testfleet.planning.project import parse_project, resolve_suite
from tests.execution_samples import bench, outcomes

SERVER = """
import http.server, os, pathlib, sys, time
port, state = int(sys.argv[1]), pathlib.Path(sys.argv[2], "state")
print("starting", flush=True)
time.sleep(float(os.environ.get("SLOW", "0")))
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/die":
            os._exit(3)
        if self.path.startswith("/set"):
            state.write_text(self.path)
        body = (state.read_text() if state.exists() else "fresh").encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body + f" {os.getpid()}".encode()[:0])
    def log_message(self, *args):
        pass
http.server.HTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""
TEST = """
import os, urllib.request
def ask(path):
    return urllib.request.urlopen(os.environ["SHOP_URL"] + path).read().decode()
def test_fresh(): assert ask("/") == "fresh"
def test_set(): assert ask("/set") == "/set"
"""
FILES = {"server.py": SERVER, "test_shop.py": TEST}


def shop(name="shop", **more):
    values = {
        "command": (sys.executable, "server.py", "{port}", "{folder}"),
        "gives": {"SHOP_URL": "http://127.0.0.1:{port}"},
        "ready": "http://127.0.0.1:{port}/",
    }
    return Service(name=name, **{**values, **more})


@pytest.fixture(scope="module")
def worker(tmp_path_factory):
    with bench(tmp_path_factory.mktemp("services")) as made:
        yield made
    task_run._KEEPER.close()


def services_left(result):
    return list(carriers_of(f"{result.run_id}/services-{os.getpid()}"))


def test_tests_see_services_that_are_ready_and_nothing_is_left_of_them(worker):
    found = worker.run(FILES, services=(shop(env={"SLOW": "0.4"}),))
    assert outcomes(found) == {
        "test_shop.py::test_fresh": "passed",
        "test_shop.py::test_set": "passed",
    }
    assert services_left(found) == []


def test_without_a_reset_each_shard_gets_a_new_one(worker):
    for _ in range(2):
        assert set(outcomes(worker.run(FILES, services=(shop(),))).values()) == {"passed"}


def test_with_a_reset_one_instance_serves_shard_after_shard(worker, monkeypatch):
    monkeypatch.setattr(keeper, "LINGER_S", 60.0)
    reset = ("/bin/sh", "-c", "rm -f {folder}/state; echo reset >> {folder}/resets")
    service = shop(reset=reset, gives={"SHOP_URL": "http://127.0.0.1:{port}", "AT": "{folder}"})
    files = {**FILES, "test_at.py": "import os\ndef test_at(): print(os.environ['AT']); assert 0\n"}
    first, second = (worker.run(files, services=(service,)) for _ in range(2))
    places = {found.tests[0].longrepr.partition("tf-s-")[2].split()[0] for found in (first, second)}
    assert len(places) == 1
    assert outcomes(second)["test_shop.py::test_fresh"] == "passed"
    assert len(services_left(second)) == 1
    task_run._KEEPER.close()
    assert services_left(second) == []


def test_services_that_nobody_wants_again_end_soon(worker, monkeypatch):
    monkeypatch.setattr(keeper, "LINGER_S", 0.05)
    found = worker.run(FILES, services=(shop(reset=("true",)),))
    deadline = time.monotonic() + 10
    while services_left(found) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert services_left(found) == []


def test_one_starts_when_what_it_needs_is_ready_and_is_told_where(worker):
    front = shop(
        "front-end",
        env={"BACK": "{shop.port}"},
        prepare=(("/bin/sh", "-c", 'test -n "$SHOP_PORT" && test "$BACK" = "$SHOP_PORT"'),),
        gives={"FRONT": "{port}", "BACK_PORT": "{shop.port}"},
        needs=("shop",),
    )
    test = (
        "import os\ndef test_it():\n"
        "    assert os.environ['FRONT_END_PORT'] == os.environ['FRONT']\n"
        "    assert os.environ['FRONT'] != os.environ['SHOP_PORT']\n"
        "    assert os.environ['BACK_PORT'] == os.environ['SHOP_PORT']\n"
    )
    found = worker.run(
        {**FILES, "test_it.py": test}, units=("test_it.py",), services=(shop(), front)
    )
    assert outcomes(found) == {"test_it.py::test_it": "passed"}


@pytest.mark.parametrize(
    ("service", "said"),
    [
        (shop(command=("no-such-program",)), "no-such-program cannot be started"),
        (
            shop(command=("/bin/sh", "-c", "echo oh; exit 4 # {port}")),
            "exit status 4 before it was",
        ),
        (shop(env={"SLOW": "9"}, start_s=0.3), "was not ready within 0.3 s"),
        (
            shop(prepare=(("/bin/sh", "-c", "echo oh; exit 5"),)),
            "of `prepare` ended with exit status 5",
        ),
        (shop(image="postgres:16", port_inside=5432), "neither podman nor docker is on PATH"),
    ],
)
def test_a_service_that_does_not_start_is_an_error_of_its_own_and_no_test_runs(
    worker, service, said
):
    env = {"PATH": "/nowhere", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"} if service.image else {}
    found = worker.run(FILES, services=(service,), env=env)
    assert found.errors[0].type is WorkerErrorType.SERVICE
    assert said in found.errors[0].message
    assert found.tests == ()
    assert services_left(found) == []


def test_a_service_that_ends_while_tests_run_is_told(worker):
    test = TEST + "def test_end():\n    try: ask('/die')\n    except OSError: pass\n"
    found = worker.run({**FILES, "test_shop.py": test}, services=(shop(),))
    assert "service shop ended by itself, with exit status 3, while tests ran" in found.notes[0]


def test_an_image_is_run_on_its_port_and_its_container_removed(worker, tmp_path):
    engine = tmp_path / "podman"
    engine.write_text(
        '#!/bin/sh\necho "$@" P=$P >> "$CALLS"\n[ "$1" = run ] && exec sleep 60\nexit 0\n'
    )
    engine.chmod(0o755)
    calls = tmp_path / "calls"
    service = Service(
        name="db", image="postgres:16", port_inside=5432, env={"P": "{port}"}, ready=("true",)
    )
    path = f"{tmp_path}:{os.environ['PATH']}"
    files = {"test_a.py": "def test_a(): pass"}
    found = worker.run(files, services=(service,), env={"PATH": path, "CALLS": str(calls)})
    assert outcomes(found) == {"test_a.py::test_a": "passed"}
    run, removal = calls.read_text().splitlines()
    port = run.partition("--publish 127.0.0.1:")[2].partition(":5432 ")[0]
    assert run.endswith(f"--env=P postgres:16 P={port}")
    assert removal.startswith(f"rm --force {run.split()[3]} ")


def test_the_folder_of_a_killed_worker_is_removed_by_the_next_one():
    ended = subprocess.Popen(["true"])
    ended.wait()
    forgotten, own = (
        temporary_folder() / f"tf-s-{pid}-forgotten" for pid in (ended.pid, os.getpid())
    )
    for folder in (forgotten, own):
        folder.mkdir()
    remove_forgotten()
    assert (forgotten.exists(), own.exists()) == (False, True)
    own.rmdir()


def test_a_leased_port_is_nobody_elses_until_it_is_released():
    leases = [lease_port() for _ in range(20)]
    assert len({lease.port for lease in leases}) == 20
    for lease in leases:
        lease.release()


def test_only_known_places_of_a_text_are_filled():
    values = {"port": "{folder}", "folder": "/f", "db.port": "5"}
    assert filled("{port} {folder} {db.port} {x.port} ${HOME} {{port}}", values) == (
        "{folder} /f 5 {x.port} ${HOME} {{folder}}"
    )


def resolved(text, mode="full"):
    return [one.name for one in resolve_suite(parse_project(text.encode()), None, mode).services]


SUITE = """
[suites.default]
services = ["web"]
[suites.default.modes.lightweight]
services = []
[services.web]
command = ["web", "{port}"]
needs = ["queue", "db"]
[services.queue]
command = ["queue", "{port}"]
needs = ["db"]
[services.db]
command = ["db", "{port}"]
[services.unused]
command = ["x", "{port}"]
"""


def test_services_start_after_what_they_need_and_a_mode_may_do_without():
    assert resolved(SUITE) == ["db", "queue", "web"]
    assert resolved(SUITE, "lightweight") == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('command = ["db", "{port}"]', 'command = ["db"]', "nothing tells the service its port"),
        ('command = ["db", "{port}"]', 'image = "db"', "`image` and `port_inside`"),
        ('command = ["db", "{port}"]', 'ready = "true"', '`ready` is "tcp", an address like'),
        ('command = ["db", "{port}"]', "", "needs `command` or `image`"),
        ('needs = ["db"]', 'needs = ["web"]', "services wait for each other: "),
        ('needs = ["db"]', 'needs = ["cache"]', "no service 'cache': testfleet.toml has db, queue"),
        ('command = ["x", "{port}"]', 'comand = ["x"]', "did you mean `command`"),
    ],
)
def test_services_that_cannot_work_are_refused(old, new, said):
    with pytest.raises(UsageError) as refused:
        resolved(SUITE.replace(old, new))
    assert said in f"{refused.value} {refused.value.hint}"
