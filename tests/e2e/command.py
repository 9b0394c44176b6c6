"""The command as a user types it: a process of its own, judged by what it prints and leaves."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

BIN = Path(sys.executable).parent
LIMIT_S = 120.0

_OURS = ("AWS_", "TESTFLEET_", "PYTEST_", "COV_", "MINISTACK")


def user_environment() -> dict[str, str]:
    """What a shell with the checkout's `bin` first on PATH would hand on."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    kept.pop("VIRTUAL_ENV", None)
    return {**kept, "PATH": f"{BIN}{os.pathsep}{kept.get('PATH', os.defpath)}"}


@dataclass(frozen=True)
class Done:
    """What became of one command."""

    code: int
    out: str
    err: str
    report: dict[str, Any] = field(default_factory=dict)
    """What `--report` wrote; empty when it wrote nothing."""

    @property
    def said(self) -> str:
        """Everything that a user saw."""
        return self.out + self.err

    @property
    def outcomes(self) -> dict[str, str]:
        """Outcome by test id; no id may be there twice."""
        tests = self.report["tests"]
        found = {test["id"]: test["outcome"] for test in tests}
        assert len(found) == len(tests)
        return found

    def messages(self) -> dict[str, str]:
        """Message by the last part of the test's id."""
        return {test["id"].rpartition("::")[2]: test["message"] for test in self.report["tests"]}


@dataclass(frozen=True)
class Command:
    """`testfleet` with a home of its own."""

    home: Path
    more: Mapping[str, str] = field(default_factory=dict)
    """Variables on top of the user's."""
    prefix: tuple[str, ...] = ()
    """Program that runs it."""

    def environment(self) -> dict[str, str]:
        """Of the command, and so of the tests that it runs."""
        return {**user_environment(), "TESTFLEET_HOME": str(self.home), **self.more}

    def __call__(
        self, *args: str | Path, cwd: Path | None = None, limit_s: float = LIMIT_S
    ) -> Done:
        """Run it to its end."""
        done = subprocess.run(
            [*self.prefix, BIN / "testfleet", *args],
            cwd=cwd,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=limit_s,
        )
        # What tests have printed is theirs.
        return judged(done.returncode, done.stdout, done.stderr, own_output=args[0] != "logs")

    def run(self, root: Path, *options: str | Path, args: tuple[str, ...] = ()) -> Done:
        """`testfleet run` with a report; nothing of the run may be alive afterwards."""
        path = root.parent / f"{root.name}.report.json"
        path.unlink(missing_ok=True)
        tail = ("--", *args) if args else ()
        done = self("run", root, "--report", path, *options, *tail)
        report = json.loads(path.read_text("utf-8")) if path.exists() else {}
        if report:
            assert left_over(report["run_id"]) == []
        return Done(done.code, done.out, done.err, report)

    def start(self, *args: str | Path) -> Running:
        """Start it in a process group of its own, as a shell does."""
        process = subprocess.Popen(
            [BIN / "testfleet", *args],
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        return Running(process)


@dataclass
class Running:
    """A command that goes on."""

    process: subprocess.Popen[bytes]
    heard: bytes = b""

    def run_id(self) -> str:
        """Wait until the run is planned; its id."""
        assert self.process.stderr is not None
        while line := self.process.stderr.readline():
            self.heard += line
            if found := re.match(rb"run ([0-9]{8}-[0-9]{6}-[0-9a-f]{6}):", line):
                return found[1].decode()
        raise AssertionError(f"the run was not planned: {self.heard.decode()}")

    def signal(self, number: signal.Signals) -> None:
        """Send it to the whole group, as a terminal does."""
        os.killpg(self.process.pid, number)

    def end(self, limit_s: float = LIMIT_S) -> Done:
        """Wait for the end."""
        out, err = self.process.communicate(timeout=limit_s)
        return judged(self.process.returncode, out, self.heard + err)


def judged(code: int, out: bytes, err: bytes, *, own_output: bool = True) -> Done:
    """What holds for every command, whatever it was asked to do."""
    done = Done(code, out.decode("utf-8", "strict"), err.decode("utf-8", "strict"))
    ours = done.said if own_output else done.err
    for never in ("Traceback (most recent call last)", "internal error"):
        assert never not in ours, ours[-2000:]
    return done


def write(root: Path, files: Mapping[str, str | bytes]) -> Path:
    """Make a project of these files."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        body = content if isinstance(content, bytes) else content.encode("utf-8", "surrogateescape")
        path.write_bytes(body)
    return root


def left_over(run_id: str) -> list[str]:
    """Processes that belong to the run's tests and live on."""
    tag = f"TESTFLEET_TASK_ID={run_id}/".encode()
    found = []
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and tag in (folder / "environ").read_bytes():
                found.append((folder / "cmdline").read_text(errors="replace"))
        except OSError:
            continue
    return found


def wait_for(condition: Callable[[], Any], limit_s: float = 60.0) -> Any:
    """Wait until there is something; it."""
    deadline = time.monotonic() + limit_s
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not come to be"
        time.sleep(0.05)
    return found
