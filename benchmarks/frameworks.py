"""Tools other than pytest: the outcomes of the tool alone and of `testfleet run`, on real projects.

    python -m benchmarks.frameworks [NAME ...]

Each project of frameworks.toml comes from a published archive, with what its tests need. The tool
runs alone, then the fleet runs the same tests; every test must have the same outcome. The exit code
is 1 when one has not. Wall times are shown, no target: most of these suites take a second.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import time
import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.framework_tools import READERS, WITH_FILES, Outcomes
from benchmarks.fresh import OwnFleet, own_fleet
from benchmarks.measure import TESTFLEET, clean_environment, describe_conditions, guarded
from benchmarks.suites import CACHE, load_suites, prepare
from testfleet.errors import UsageError

TABLE = Path(__file__).with_suffix(".toml")
FOLDER = CACHE / "frameworks"
INSTALL_LIMIT_S = 600
RUN_LIMIT_S = 900
SHOWN = 10
_NUMBER = re.compile(r" #\d+$")


@dataclass(frozen=True)
class Project:
    """One entry of the table."""

    name: str
    entry: Mapping[str, Any]

    @property
    def folder(self) -> Path:
        """Where it lies, ready to run."""
        version = self.entry.get("npm") or self.entry.get("pypi") or "own"
        return FOLDER / f"{self.name.replace('/', '__')}-{version}"


@dataclass(frozen=True)
class Compared:
    """One project, by the tool alone and on the fleet."""

    own: Outcomes
    fleet: Outcomes
    own_s: float
    fleet_s: float

    @property
    def differences(self) -> list[str]:
        """Every outcome that only one of them has."""
        return [
            *(f"only alone: {name}: {outcome}" for name, outcome in (self.own - self.fleet)),
            *(f"only here: {name}: {outcome}" for name, outcome in (self.fleet - self.own)),
        ]


def projects(names: list[str]) -> list[Project]:
    """The named ones, or all. Raises UsageError for a name that the table lacks."""
    table = tomllib.loads(TABLE.read_text("utf-8"))["suites"]
    unknown = [name for name in names if name not in table]
    if unknown:
        raise UsageError(f"no project {unknown[0]!r}: {TABLE.name} has {', '.join(table)}")
    return [Project(name, table[name]) for name in names or table]


def materialise(project: Project) -> None:
    """Make the project's folder ready, unless it is. Raises UsageError when it cannot be."""
    mark = project.folder / ".ready"
    recipe = json.dumps(dict(project.entry), sort_keys=True)
    if mark.is_file() and mark.read_text("utf-8") == recipe:
        return
    shutil.rmtree(project.folder, ignore_errors=True)
    project.folder.parent.mkdir(parents=True, exist_ok=True)
    if "npm" in project.entry:
        _from_npm(project)
    elif "pypi" in project.entry:
        _from_pypi(project)
    else:
        source = TABLE.parent.parent / project.entry["path"]
        shutil.copytree(source, project.folder, ignore=shutil.ignore_patterns("node_modules"))
        _run(["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund"], project.folder)
    files = {**project.entry.get("files", {}), "testfleet.toml": _settings(project)}
    for name, content in files.items():
        (project.folder / name).write_text(content, "utf-8")
    _run(["git", "init", "--quiet"], project.folder)
    ignored = "node_modules\n.venv\n.ready\nown.xml\nown.json\n"
    (project.folder / ".git/info/exclude").write_text(ignored, "utf-8")
    mark.write_text(recipe, "utf-8")


def _settings(project: Project) -> str:
    if "pypi" not in project.entry:
        return str(project.entry["testfleet"])
    python = _suite_of(project).folder / ".venv" / "bin" / "python"
    return f"[environment]\npython = {json.dumps(str(python))}\n{project.entry['testfleet']}"


def _from_npm(project: Project) -> None:
    name = f"{project.name}@{project.entry['npm']}"
    archives = FOLDER / "archives"
    archives.mkdir(exist_ok=True)
    packed = json.loads(_run(["npm", "pack", name, "--json", "--silent"], archives))
    archive = archives / packed[0]["filename"]
    digest = hashlib.sha512(archive.read_bytes()).digest()
    found = f"sha512-{base64.b64encode(digest).decode()}"
    if found != project.entry["integrity"]:
        raise UsageError(f"{archive.name}: integrity is {found}, {TABLE.name} has another")
    unpacked = project.folder.with_name(f"{project.folder.name}.unpacked")
    shutil.rmtree(unpacked, ignore_errors=True)
    with tarfile.open(archive) as tar:
        tar.extractall(unpacked, filter="data")
    next(unpacked.iterdir()).rename(project.folder)
    unpacked.rmdir()
    _without_development(project.folder / "package.json")
    install = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund"]
    _run([*install, "--no-save", *project.entry.get("install", ())], project.folder)


def _without_development(file: Path) -> None:
    """Linters and the like stay out: what the tests need stands in the table."""
    package = json.loads(file.read_text("utf-8"))
    package.pop("devDependencies", None)
    file.write_text(json.dumps(package, indent=2), "utf-8")
    file.with_name("package-lock.json").unlink(missing_ok=True)


def _suite_of(project: Project) -> Any:
    (suite,) = load_suites([project.name])
    return suite


def _from_pypi(project: Project) -> None:
    suite = _suite_of(project)
    prepare(suite)
    left = shutil.ignore_patterns(".venv", ".git", "__pycache__", "*.egg-info")
    shutil.copytree(suite.folder, project.folder, ignore=left)


def _run(command: list[str], folder: Path) -> str:
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=INSTALL_LIMIT_S
    )
    if done.returncode:
        raise UsageError(f"{' '.join(command)} failed in {folder}:\n{done.stderr[-2000:]}")
    return done.stdout


def alone(project: Project) -> tuple[Outcomes, float]:
    """What the tool says by itself, and in how many seconds."""
    environment = clean_environment()
    if "pypi" in project.entry:
        tools = _suite_of(project).folder / ".venv" / "bin"
        environment["PATH"] = f"{tools}{os.pathsep}{environment['PATH']}"
    began = time.perf_counter()
    done = subprocess.run(
        project.entry["own"],
        cwd=project.folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=RUN_LIMIT_S,
    )
    seconds = time.perf_counter() - began
    found = READERS[project.entry["reads"]](project.folder, done.stdout)
    unnumbered: Outcomes = Counter()
    for (name, outcome), count in found.items():
        unnumbered[_NUMBER.sub("", name), outcome] += count
    return unnumbered, seconds


def on_fleet(project: Project, fleet: OwnFleet) -> tuple[Outcomes, float]:
    """What `testfleet run` says, and in how many seconds."""
    report = FOLDER / f"{project.folder.name}.json"
    report.unlink(missing_ok=True)
    began = time.perf_counter()
    subprocess.run(
        [TESTFLEET, "run", project.folder, "--report", report],
        env=clean_environment() | fleet.env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=RUN_LIMIT_S,
    )
    seconds = time.perf_counter() - began
    if not report.is_file():
        raise UsageError(f"{project.name}: testfleet run wrote no report")
    tests = json.loads(report.read_text("utf-8"))["tests"]
    has_files = project.entry["reads"] in WITH_FILES
    return Counter((_own_name(test, has_files), test["outcome"]) for test in tests), seconds


def _own_name(test: Mapping[str, Any], has_file: bool) -> str:  # noqa: FBT001  one caller
    """The id as the reader has it: without its number, and mostly without its file."""
    name = _NUMBER.sub("", test["id"]).replace(" \u203a ", " > ")
    return name if has_file else name.removeprefix(f"{test['file']} > ")


def main() -> int:
    """Compare; 0 when everything is equal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME")
    chosen = projects(parser.parse_args().names)
    print(describe_conditions())
    unequal = 0
    with own_fleet("frameworks") as fleet:
        fleet.up()
        for project in chosen:
            materialise(project)
            own, own_s = alone(project)
            there, fleet_s = on_fleet(project, fleet)
            found = Compared(own, there, own_s, fleet_s)
            unequal += bool(found.differences) or not own
            _show(project, found)
    return 1 if unequal else 0


def _show(project: Project, found: Compared) -> None:
    outcomes: Counter[str] = Counter()
    for (_, outcome), count in found.own.items():
        outcomes[outcome] += count
    counted = ", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items()))
    differences = found.differences
    said = f"{len(differences)} DIFFERENCES" if differences or not found.own else "equal"
    framework = project.entry["testfleet"].partition('framework = "')[2].partition('"')[0]
    print(
        f"{project.name:<20} {framework:<10} {counted or 'no tests'}: {said};"
        f" alone {found.own_s:.1f} s, fleet {found.fleet_s:.1f} s"
    )
    for line in differences[:SHOWN]:
        print(f"    {line}")


if __name__ == "__main__":
    sys.exit(guarded(main))
