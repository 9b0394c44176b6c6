"""The copy of a TypeScript project in which a repair is proved: by tsc, then by the tests."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from testfleet.errors import FleetError
from testfleet.repair.typescript.home import Home

_ERROR: Final = re.compile(r"(^|: )error TS\d+: ", re.M)
_CACHES: Final = (".cache", ".vite", ".vite-temp", ".vitest")
_CONFINED: Final = (sys.executable, "-P", "-m", "testfleet.repair.inside.confined")
"""What candidates change may write into the copy and nowhere else, where the kernel sees to it."""
_OPTIONS: Final = {
    "vitest": ("run", "--reporter=json", "--passWithNoTests"),
    "jest": ("--json", "--ci", "--passWithNoTests"),
}


@dataclass
class Bench:
    """A copy with the project's own tools. What is put in can be taken out again."""

    home: Home
    copy: Path
    scratch: Path
    deadline: float
    """On the monotonic clock."""
    env: Mapping[str, str]
    """What the tools and tests see."""
    originals: dict[str, bytes] = field(default_factory=dict)

    def put(self, files: Mapping[str, bytes]) -> None:
        """The copy has these contents, and everything else as it was at first."""
        for path, content in {**self.originals, **files}.items():
            target = self.copy / path
            if path not in self.originals:
                self.originals[path] = target.read_bytes()
            target.write_bytes(content)

    def compiler_errors(self, configs: Sequence[str], *, build: bool) -> list[str]:
        """What the project's own tsc says of the copy; [] when it is content.

        With `build`, what a configuration refers to is built first, into the copy.
        Raises FleetError when it does not end in time.
        """
        found = []
        for config in configs:
            how = ("-b",) if build else ("--noEmit", "-p")
            code, text = self._run([str(self.home.tsc), *how, config])
            if code:
                lines = [line for line in text.splitlines() if _ERROR.search(line)]
                found += lines or [text.strip()[-500:]]
        return found

    def outcomes(self) -> dict[str, str] | None:
        """Outcome of every test by its name; None when the runner tells none."""
        results = self.results()
        return None if results is None else {name: how for name, (how, _) in results.items()}

    def results(self, *options: str) -> dict[str, tuple[str, str]] | None:
        """Outcome and failure's message of every test, by file and name; None when none is told.
        Of tests of one name, one that did not pass."""
        report = self.scratch / "report.json"
        report.unlink(missing_ok=True)
        runner = self.home.runner
        told = f"--outputFile={report}"
        self._run([str(self.home.runner_path), *_OPTIONS[runner], told, *options])
        try:
            content = json.loads(report.read_bytes())
            found: dict[str, tuple[str, str]] = {}
            for file in content["testResults"]:
                path = os.path.relpath(self.copy / file["name"], self.copy)
                for test in file["assertionResults"]:
                    said = "\n".join(map(str, test.get("failureMessages") or ()))
                    name = (
                        f"{path} {str(test['fullName']).strip()}"  # Vitest 1 begins with a space.
                    )
                    how = str(test["status"])
                    if name not in found or how != "passed":
                        found[name] = how, said
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return found

    def _run(self, command: Sequence[str]) -> tuple[int, str]:
        left = max(1.0, self.deadline - time.monotonic())
        variables = {"HOME": str(self.scratch), "TMPDIR": str(self.scratch), "CI": "1"}
        with tempfile.TemporaryFile() as output:
            process = subprocess.Popen(
                [*_CONFINED, str(self.copy.parent), "/dev", "--", *command],
                cwd=self.copy,
                env={**self.env, **variables},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                code = process.wait(left)
            except subprocess.TimeoutExpired as exc:
                raise FleetError(
                    f"{Path(command[0]).name} did not end in {left:.0f} s",
                    hint="give more time with --budget",
                ) from exc
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            output.seek(0)
            return code, output.read().decode(errors="replace")


@contextmanager
def bench_of(
    home: Home, files: Sequence[str], deadline: float, env: Mapping[str, str]
) -> Iterator[Bench]:
    """Copy the sources; what is installed is linked. All is removed in the end."""
    top = Path(tempfile.mkdtemp(prefix="testfleet-fix-")).resolve()
    try:
        copy, scratch = top / (home.root.name or "root"), top / "own"
        for folder in (copy, scratch):
            folder.mkdir(parents=True)
        _fill(home.root, copy, files)
        yield Bench(home, copy, scratch, deadline, env)
    except OSError as exc:
        raise FleetError(
            f"cannot copy {home.root} to {top}: {exc.strerror or exc}",
            hint="free space there, or let TMPDIR name a folder on a larger disk",
        ) from exc
    finally:
        shutil.rmtree(top, ignore_errors=True)


def _fill(root: Path, copy: Path, files: Sequence[str]) -> None:
    folders = {Path()}
    for path in files:
        if "node_modules" in Path(path).parts or not (root / path).exists():
            continue
        target = copy / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if (root / path).is_dir():  # A link to a folder of the project.
            real = (root / path).resolve()
            target.symlink_to(os.path.relpath(real, (root / path).parent.resolve()))
            continue
        shutil.copy2(root / path, target, follow_symlinks=True)
        folders.update(Path(path).parents)
    for folder in folders:
        _link_packages((root / folder / "node_modules").resolve(), copy / folder / "node_modules")


def _link_packages(installed: Path, target: Path) -> None:
    """Link each package by itself: tools keep their caches beside them, which are the user's."""
    if not installed.is_dir():
        return
    target.mkdir()
    for entry in installed.iterdir():
        if entry.name not in _CACHES:
            (target / entry.name).symlink_to(entry)
