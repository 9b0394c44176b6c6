"""The worker's image, built for real where that is possible."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from stacks.code import build_worker_context

SCRIPT = Path(__file__).with_name("podman.sh")
WANTED = "TESTFLEET_TEST_CONTAINERS"
IMAGE = "testfleet-worker"


class Podman:
    """Podman with settings of our own."""

    def __init__(self, folder):
        self.variables = {"CONTAINERS_CONF": str(folder / "containers.conf")}

    def __call__(self, *args, **options):
        """Run it; answers what it printed."""
        environment = os.environ | self.variables
        done = subprocess.run(
            ["podman", *args],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            **options,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout.strip()


@pytest.fixture(scope="session")
def podman(tmp_path_factory):
    """A podman that can build images here, with a base image for ours."""
    if not os.environ.get(WANTED):
        pytest.skip(f"builds a container image: set {WANTED}=1, as root on Debian, to let it")
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        pytest.skip("the container engine is installed from Debian's packages, which needs root")
    folder = tmp_path_factory.mktemp("podman")
    done = subprocess.run(
        ["bash", SCRIPT, folder], capture_output=True, text=True, check=False, timeout=600
    )
    if done.returncode != 0:
        pytest.skip(f"no container engine here: {done.stderr.strip()[-300:]}")
    return Podman(folder)


@pytest.fixture(scope="session")
def image(podman):
    """The worker's image, from its own Dockerfile."""
    certificates = "/etc/ssl/certs:/etc/ssl/certs:ro"
    context = build_worker_context().folder
    options = ["--pull=never", "--network=host", "--volume", certificates, "--tag", IMAGE]
    podman("build", "--quiet", *options, str(context), timeout=900)
    return IMAGE


@pytest.fixture(scope="session")
def vendored(tmp_path_factory):
    """A folder with pytest in it, as a project may bring it along."""
    folder = tmp_path_factory.mktemp("vendored")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", folder]
    subprocess.run([*command, f"pytest=={pytest.__version__}"], check=True, timeout=300)
    folder.chmod(0o755)  # for the image's own user
    return folder
