"""The Lambda code asset: our sources and, for accounts, their dependencies for Lambda's platform.

A folder is named by the hash of everything that goes into it, so an unchanged tree is built once
and always has the same asset hash. No container is needed: pip fetches wheels for the platform.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from aws_cdk import AssetHashType
from aws_cdk import aws_lambda as lambda_

from testfleet.config import ROOT
from testfleet.errors import FleetError

PYTHON_VERSION = "3.12"
_PLATFORM = "manylinux2014_x86_64"
_PARTS = ("testfleet", "lambdas", "config", "statemachines")
_LEFT_OUT = ("testfleet/cli", "testfleet/local")
_KEPT = 4

Install = Callable[[Path, Path], None]


@dataclass(frozen=True)
class Bundle:
    """A folder that is ready to be zipped, and the hash of what is in it."""

    folder: Path
    digest: str

    def code(self) -> lambda_.Code:
        """A new asset; CDK wants one of its own for each stack."""
        return lambda_.Code.from_asset(
            str(self.folder), asset_hash=self.digest, asset_hash_type=AssetHashType.CUSTOM
        )


def build_bundle(*, with_dependencies: bool, root: Path = ROOT) -> Bundle:
    """The functions' code. Raises FleetError when the dependencies cannot be fetched."""
    requirements = root / "lambdas" / "requirements.txt"
    inputs = {path: (root / path).read_bytes() for path in _sources(root)}
    if with_dependencies:
        inputs["#platform"] = f"{_PLATFORM} {PYTHON_VERSION}".encode()

    def fill(folder: Path) -> None:
        if with_dependencies:
            install_dependencies(requirements, folder)
        _copy(root, folder)

    return _build_once(root / "build", "lambda", inputs, fill)


def build_worker_context(*, root: Path = ROOT) -> Bundle:
    """What the worker's container image is built from: its Dockerfile and our sources."""
    image = root / "images" / "worker"
    inputs = {path: (root / path).read_bytes() for path in _sources(root)}
    inputs |= {f"#{path.name}": path.read_bytes() for path in sorted(image.iterdir())}

    def fill(folder: Path) -> None:
        _copy(root, folder)
        for path in image.iterdir():
            shutil.copyfile(path, folder / path.name)

    return _build_once(root / "build", "worker", inputs, fill)


def install_dependencies(requirements: Path, folder: Path) -> None:
    """Fetch the pinned wheels for Lambda's platform and unpack them into the folder.

    Raises FleetError with what pip said.
    """
    options = ["--quiet", "--disable-pip-version-check", "--no-compile", "--only-binary", ":all:"]
    target = ["--platform", _PLATFORM, "--python-version", PYTHON_VERSION, "--target", str(folder)]
    command = [sys.executable, "-m", "pip", "install", *options, *target, "-r", str(requirements)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise FleetError(
            f"dependencies of the functions could not be installed from {requirements}: "
            f"{done.stderr.strip()[-2000:]}",
            hint="check the network and the pinned versions, then try again",
        )
    # Console scripts name the interpreter of this machine and nobody calls them.
    shutil.rmtree(folder / "bin", ignore_errors=True)


def _sources(root: Path) -> Iterator[str]:
    for part in _PARTS:
        for path in sorted((root / part).rglob("*")):
            name = path.relative_to(root).as_posix()
            is_made = "__pycache__" in path.parts
            if not is_made and not name.startswith(_LEFT_OUT) and path.is_file():
                yield name


def _copy(root: Path, folder: Path) -> None:
    for name in _sources(root):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / name, folder / name)


def _build_once(
    build: Path, kind: str, inputs: dict[str, bytes], fill: Callable[[Path], None]
) -> Bundle:
    digest = _digest(inputs)
    folder = build / f"{kind}-{digest[:16]}"
    if not folder.exists():
        build.mkdir(exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f"draft-{kind}-", dir=build))
        try:
            fill(draft)
            _make_readable(draft)
            _publish(draft, folder)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        _forget_old(build, kind)
    return Bundle(folder, digest)


def _make_readable(draft: Path) -> None:
    """Lambda runs the code as another user than the one whose umask made the files."""
    for path in (draft, *draft.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


def _publish(draft: Path, folder: Path) -> None:
    try:
        draft.rename(folder)
    except OSError:
        # Another synthesis was quicker; equal names hold equal content.
        if not folder.exists():
            raise


def _digest(inputs: dict[str, bytes]) -> str:
    whole = hashlib.sha256()
    for name, content in sorted(inputs.items()):
        whole.update(f"{name}\0{len(content)}\0".encode())
        whole.update(content)
    return whole.hexdigest()


def _forget_old(build: Path, kind: str) -> None:
    folders = sorted(build.glob(f"{kind}-*"), key=os.path.getmtime, reverse=True)
    for folder in folders[_KEPT:]:
        shutil.rmtree(folder, ignore_errors=True)
