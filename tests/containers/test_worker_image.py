"""Shards in real containers of the worker's image: as Fargate tasks, and as a Lambda function."""

import dataclasses
import json
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

import pytest

from testfleet.aws import clients
from testfleet.cli.client import Client
from testfleet.cli.follow import Follower
from testfleet.cli.request import RunOptions, draft_run
from testfleet.config import load_environment
from testfleet.contracts.report import RunStatus
from testfleet.contracts.result import ShardResult
from testfleet.contracts.task import InterpreterEnvironment, ShardItem
from testfleet.local.fleet import point_to_fleet
from tests.execution_samples import Bench, Store, outcomes
from tests.fleet_samples import end, new_fleet

PYTHON = "/usr/bin/python3"
"""Of the image."""
IN_THE_IMAGE = (
    "import os, pathlib, testfleet\n"
    "def test_inside():\n"
    "    assert testfleet.__file__.startswith('/var/task/')\n"
    "    assert os.getuid() != 0\n"
    "def test_no_rights(): assert not [n for n in os.environ if n.startswith('AWS_SECRET')]\n"
    "def test_broken(): assert 1 == 2\n"
)
EXPECTED = {
    "test_inside": "passed",
    "test_no_rights": "passed",
    "test_broken": "failed",
}
TOML = (
    '[suites.unit]\nrequires = ["compute:fargate"]\nenv = { PYTHONPATH = "vendored:/var/task" }\n'
)
EMULATOR = "aws-sam-cli==1.170.0"
"""Brings AWS's own runtime interface emulator, which stands in for Lambda around an image."""


@pytest.fixture
def fleet_of_containers(podman, image, shared_fleet, tmp_path, monkeypatch):
    for name, value in {**podman.variables, "TESTFLEET_CONTAINERS": "podman"}.items():
        monkeypatch.setenv(name, value)
    fleet = new_fleet(tmp_path / "home", shared_fleet)
    try:
        info = fleet.up()
        point_to_fleet(info)
        clients.forget()
        yield info
    finally:
        end(fleet)
        clients.forget()


def test_shards_run_as_fargate_tasks_in_the_image(podman, fleet_of_containers, vendored, tmp_path):
    project = tmp_path / "project"
    shutil.copytree(vendored, project / "vendored")
    (project / "testfleet.toml").write_text(TOML)
    for name in ("a", "b"):
        (project / f"test_{name}.py").write_text(IN_THE_IMAGE)
    client = Client(load_environment("local"), fleet_of_containers.outputs)
    draft = draft_run(RunOptions(path=project, suite=None, env="local", shards=2))
    run_id = dataclasses.replace(draft, python=PYTHON).submit(client).run_id
    follower = Follower(run_id, client.objects, client.executions)
    for _ in follower.follow(timeout_s=300):
        pass
    report = follower.view.report
    assert report is not None
    assert report.status is RunStatus.FAILED, (report.errors, report.notes)
    assert {test.id: test.outcome.value for test in report.tests} == {
        f"test_{name}.py::{test}": outcome for name in "ab" for test, outcome in EXPECTED.items()
    }
    assert {shard.profile for shard in report.shards} == {"fargate"}
    assert podman("ps", "--quiet") == ""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def lambda_emulator(podman, tmp_path):
    """AWS's emulator of Lambda's runtime interface."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", EMULATOR]
    subprocess.run([*command, "--dest", tmp_path], check=True, timeout=300)
    (wheel,) = tmp_path.glob("aws_sam_cli*.whl")
    shutil.unpack_archive(wheel, tmp_path / "sam", "zip")
    (program,) = (tmp_path / "sam").rglob("aws-lambda-rie-x86_64")
    program.chmod(0o755)
    return program


def post(url, body, deadline_s=60):
    end_s = time.monotonic() + deadline_s
    while True:
        try:
            with urllib.request.urlopen(url, json.dumps(body).encode(), timeout=120) as answer:
                return json.load(answer)
        except ConnectionError as error:
            assert time.monotonic() < end_s, error
        except urllib.error.URLError as error:
            assert time.monotonic() < end_s, error
        time.sleep(0.2)


def test_a_shard_runs_in_the_image_as_a_lambda_function(
    podman, image, lambda_emulator, vendored, tmp_path
):
    port = free_port()
    name = f"of-a-test-{port}"
    handler = ("python", "-m", "awslambdaric", "lambdas.worker.handler.handler")
    mounts = ("--volume", f"{lambda_emulator}:/rie:ro", "--volume", f"{vendored}:/vendored:ro")
    with Store() as store:
        bench = Bench(store, tmp_path)
        task = bench.task(
            {"test_a.py": IN_THE_IMAGE},
            environment=InterpreterEnvironment(python=PYTHON),
            env={"PYTHONPATH": "/vendored:/var/task"},
        )
        store.objects["/task"] = task.model_dump_json().encode()
        item = ShardItem(
            shard_id=task.shard_id,
            run_id=task.run_id,
            compute="lambda",
            task_url=f"{store.url}/task",
        )
        address = ("--runtime-interface-emulator-address", f"127.0.0.1:{port}")
        podman(
            "run", "--detach", "--rm", "--network=host", f"--name={name}", *mounts,
            "--entrypoint=/rie", image, *address, *handler,
        )  # fmt: skip
        try:
            path = "/2015-03-31/functions/function/invocations"
            receipt = post(f"http://127.0.0.1:{port}{path}", item.model_dump(mode="json"))
        finally:
            podman("rm", "--force", "--time=0", name)
        found = ShardResult.model_validate_json(store.objects[f"/shards/{bench.shards}/result"])
    assert receipt["counts"] == {"passed": 2, "failed": 1}, found.errors
    assert outcomes(found) == {f"test_a.py::{test}": how for test, how in EXPECTED.items()}
    assert found.host.kind == "lambda"
