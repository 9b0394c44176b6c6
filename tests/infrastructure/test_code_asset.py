from __future__ import annotations

import os
import re
import zipfile
from pathlib import Path

import pytest

from stacks import code
from testfleet.config import ROOT
from testfleet.errors import FleetError


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A checkout in small."""
    files = {
        "testfleet/__init__.py": "",
        "testfleet/config.py": "ROOT = 1\n",
        "testfleet/execution/reporter.mjs": "",
        "testfleet/cli/main.py": "",
        "testfleet/local/fleet.py": "",
        "testfleet/__pycache__/config.pyc": "",
        "lambdas/control/handler.py": "",
        "lambdas/requirements.txt": "tiny==1.0\n",
        "config/local.toml": "",
        "statemachines/run-tests.asl.json": "{}",
        "images/worker/Dockerfile": "FROM scratch\n",
        "images/worker/requirements.txt": "tiny==1.0\n",
        "tests/test_this.py": "",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.fixture
def offline(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """pip knows one package only: tiny 1.0, with a console script."""
    wheels = tmp_path_factory.mktemp("wheels")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    info = "tiny-1.0.dist-info"
    with zipfile.ZipFile(wheels / "tiny-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("tiny.py", "ONE = 1\n")
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/entry_points.txt", "[console_scripts]\ntiny = tiny:ONE\n")
        wheel.writestr(f"{info}/RECORD", "")


def _files(bundle: code.Bundle) -> set[str]:
    found = (path for path in bundle.folder.rglob("*") if path.is_file())
    return {path.relative_to(bundle.folder).as_posix() for path in found}


def test_the_asset_holds_what_functions_need_and_nothing_else(tree: Path) -> None:
    assert _files(code.build_bundle(with_dependencies=False, root=tree)) == {
        "testfleet/__init__.py",
        "testfleet/config.py",
        "testfleet/execution/reporter.mjs",
        "lambdas/control/handler.py",
        "lambdas/requirements.txt",
        "config/local.toml",
        "statemachines/run-tests.asl.json",
    }


def test_every_user_may_read_the_asset(tree: Path) -> None:
    old = os.umask(0o077)
    try:
        folder = code.build_bundle(with_dependencies=False, root=tree).folder
    finally:
        os.umask(old)

    modes = {path.stat().st_mode & 0o777 for path in (folder, *folder.rglob("*"))}
    assert modes == {0o755, 0o644}


def test_an_unchanged_tree_is_the_same_asset_and_is_not_built_again(tree: Path) -> None:
    first = code.build_bundle(with_dependencies=False, root=tree)
    (first.folder / "mark").touch()
    (tree / "testfleet" / "config.py").touch()

    again = code.build_bundle(with_dependencies=False, root=tree)

    assert again == first
    assert (again.folder / "mark").exists()


@pytest.mark.parametrize(
    "changed", ["testfleet/config.py", "config/local.toml", "lambdas/requirements.txt"]
)
def test_a_changed_source_is_another_asset(tree: Path, changed: str) -> None:
    before = code.build_bundle(with_dependencies=False, root=tree)
    (tree / changed).write_text("changed = 1\n")

    assert code.build_bundle(with_dependencies=False, root=tree).digest != before.digest


def test_a_renamed_source_is_another_asset(tree: Path) -> None:
    before = code.build_bundle(with_dependencies=False, root=tree)
    (tree / "testfleet" / "config.py").rename(tree / "testfleet" / "settings.py")

    assert code.build_bundle(with_dependencies=False, root=tree).digest != before.digest


@pytest.mark.usefixtures("offline")
def test_dependencies_lie_beside_the_sources_without_scripts_or_bytecode(tree: Path) -> None:
    files = _files(code.build_bundle(with_dependencies=True, root=tree))

    assert {"tiny.py", "testfleet/config.py"} <= files
    assert not [name for name in files if name.startswith("bin/") or name.endswith(".pyc")]


@pytest.mark.usefixtures("offline")
def test_with_and_without_dependencies_are_different_assets(tree: Path) -> None:
    bundles = [code.build_bundle(with_dependencies=wanted, root=tree) for wanted in (True, False)]

    assert len({bundle.digest for bundle in bundles}) == 2


@pytest.mark.usefixtures("offline")
def test_a_package_that_is_not_there_is_named_and_nothing_is_left_behind(tree: Path) -> None:
    (tree / "lambdas" / "requirements.txt").write_text("huge==2.0\n")

    with pytest.raises(FleetError, match=r"huge==2\.0"):
        code.build_bundle(with_dependencies=True, root=tree)

    assert list((tree / "build").iterdir()) == []


def test_old_assets_are_removed(tree: Path) -> None:
    for number in range(7):
        (tree / "testfleet" / "config.py").write_text(f"NUMBER = {number}\n")
        newest = code.build_bundle(with_dependencies=False, root=tree)

    folders = list((tree / "build").iterdir())

    assert newest.folder in folders
    assert len(folders) == 4


def test_the_image_is_built_from_its_dockerfile_and_our_sources(tree: Path) -> None:
    files = _files(code.build_worker_context(root=tree))

    assert {"Dockerfile", "requirements.txt", "testfleet/config.py"} <= files
    assert "testfleet/cli/main.py" not in files


def test_the_dockerfile_copies_only_what_its_context_holds() -> None:
    context = code.build_worker_context().folder
    copied = re.findall(r"^COPY (\S+) ", (context / "Dockerfile").read_text(), re.MULTILINE)

    assert copied
    assert [name for name in copied if not (context / name).exists()] == []


@pytest.mark.parametrize("requirements", ["lambdas", "images/worker"])
def test_functions_and_workers_use_the_versions_that_are_tested(requirements: str) -> None:
    tested = set((ROOT / "requirements.txt").read_text().splitlines())
    deployed = (ROOT / requirements / "requirements.txt").read_text().splitlines()
    names = {line.split("==")[0] for line in tested if "==" in line}

    shared = [line for line in deployed if line.split("==")[0] in names]

    assert shared
    assert [line for line in shared if line not in tested] == []


@pytest.mark.parametrize("requirements", ["lambdas", "images/worker"])
def test_every_deployed_package_is_pinned(requirements: str) -> None:
    lines = (ROOT / requirements / "requirements.txt").read_text().splitlines()

    assert all("==" in line for line in lines if line and not line.startswith("#"))


def test_wheels_are_asked_for_the_platform_of_the_runtime(
    tree: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # A pip that writes down what it was asked for stands in for the network.
    log = tmp_path / "asked"
    (tree / "pip.py").write_text(f"import sys; open({str(log)!r}, 'w').write(' '.join(sys.argv))")
    monkeypatch.setenv("PYTHONPATH", str(tree))

    code.install_dependencies(tree / "lambdas" / "requirements.txt", tree / "out")

    asked = log.read_text()
    assert "--platform manylinux2014_x86_64" in asked
    assert "--python-version 3.12" in asked
    assert "--only-binary :all:" in asked
