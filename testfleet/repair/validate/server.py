"""Our end of the fork server: start it, ask it, start it again when it is gone."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from testfleet.errors import FleetError
from testfleet.repair.inside.confinement import version_here
from testfleet.repair.project import Project
from testfleet.repair.validate.copy import WorkingCopy
from testfleet.repair.validate.messages import Answer, Ask, read_answer

_SCRIPT: Final = Path(__file__).parents[1] / "inside" / "start.py"
_REMAP: Final = Path(__file__).parents[2] / "execution" / "pytest_remap.py"
_START_S: Final = 60.0
_GRACE_S: Final = 10.0
"""Beyond a child's limit, until the server itself is taken for dead."""
_STDERR: Final = "server.err"
_STDERR_BYTES: Final = 2000


class ServerLostError(Exception):
    """The server has died or hangs. It is started again at the next question."""


@dataclass
class _Mode:
    """Where the server forks, and what it imports before."""

    early: bool = False
    as_module: bool = False
    confined: bool = True
    """Whether children may write in their copy only."""
    later: Sequence[str] = field(default_factory=list)
    """Other people's modules that are imported once the server stands."""


class ForkServer:
    """One process of the project's interpreter; each question is answered by a child of it."""

    def __init__(self, project: Project, copy: WorkingCopy) -> None:
        self._project = project
        self._copy = copy
        self._mode = _Mode()
        self._process: subprocess.Popen[bytes] | None = None
        self._out = self._in = -1
        self._held = b""
        self.asked = 0
        self.said = ""
        """What pytest printed where it could not be stopped before collection."""

    def __enter__(self) -> ForkServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def copy(self) -> WorkingCopy:
        """The tree that it works in."""
        return self._copy

    def ask(self, ask: Ask) -> Answer:
        """Run a child. Raises ServerLostError when the server dies of it, FleetError when it
        cannot be started at all."""
        self._ensure_started()
        self.asked += 1
        self._send(ask.message(str(self._copy.root)))
        return read_answer(self._receive(ask.limit_s + _GRACE_S))

    def twin(self, copy: WorkingCopy) -> ForkServer:
        """Another server like this one, in a copy of its own."""
        other = ForkServer(self._project, copy)
        other._mode = replace(self._mode)
        return other

    def run_as_module(self) -> None:
        """Let the folder that pytest starts in be importable, as `python -m pytest` does."""
        self.stop()
        self._mode.as_module = True

    def free(self) -> None:
        """Let children write wherever the user may: some tests have to."""
        self.stop()
        self._mode.confined = False

    def confine(self) -> None:
        """Let children write in the copy only, as at first."""
        self.stop()
        self._mode.confined = True

    @property
    def confinement_gap(self) -> str:
        """Why children can write outside the copy, for the report; empty where they cannot."""
        if not self._mode.confined:
            return (
                "candidates could write outside the private copy, as the tests have to; run it in"
                " a container where that matters"
            )
        if version_here() < 1:
            return (
                "candidates could write outside the private copy: this machine's kernel has no"
                " Landlock (Linux 5.13 or newer); run it in a container where that matters"
            )
        return ""

    def preload(self, modules: Sequence[str]) -> None:
        """Import other people's modules once for all children, where that is safe."""
        self._ensure_started()
        self._mode.later = list(modules)
        self._load_later()

    def _load_later(self) -> None:
        """What was asked for by `preload`, after each start. Where it is not safe: never again."""
        if not self._mode.later:
            return
        try:
            self._send({"kind": "preload", "modules": list(self._mode.later)})
            is_unsafe = self._receive(_START_S)["unsafe"]
        except ServerLostError:
            is_unsafe = True
        if is_unsafe:
            self._mode.later = []
            self.stop()
            self._ensure_started()

    def stop(self) -> None:
        """End the server and all that is left of its children."""
        if self._process is None:
            return
        for fd in (self._in, self._out):
            with suppress(OSError):
                os.close(fd)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process, self._held = None, b""

    def _ensure_started(self) -> None:
        if self._process is not None and self._process.poll() is None:
            return
        self.stop()
        message = self._start()
        if message["kind"] == "unsafe" and not self._mode.early:
            self.stop()
            self.said = self._stderr()
            self._mode.early = True
            message = self._start()
        if message["kind"] != "ready":
            raise FleetError(f"pytest cannot be started for the repair: {message['reason']}")
        self._load_later()

    def _start(self) -> dict[str, Any]:
        there, self._out = os.pipe()
        self._in, back = os.pipe()
        settings = self._copy.scratch / "server.json"
        settings.write_text(json.dumps(self._settings(there, back)), "utf-8")
        with (self._copy.scratch / _STDERR).open("wb") as errors:
            self._process = subprocess.Popen(
                [self._project.python, str(_SCRIPT), str(settings)],
                cwd=self._copy.root / self._project.folder,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=errors,
                stderr=errors,
                pass_fds=(there, back),
                start_new_session=True,
            )
        os.close(there)
        os.close(back)
        try:
            return self._receive(_START_S)
        except ServerLostError as exc:
            self.stop()
            raise FleetError(
                f"{self._project.python} cannot run pytest in a copy of {self._project.root}:"
                f" {self._stderr() or exc}",
                hint="check that `python -m pytest --collect-only` works there",
            ) from exc

    def _stderr(self) -> str:
        said = (self._copy.scratch / _STDERR).read_bytes()[-_STDERR_BYTES:]
        text = said.decode("utf-8", "replace").strip()
        return text.replace(str(self._copy.root), str(self._project.root))

    def _settings(self, requests_fd: int, answers_fd: int) -> dict[str, Any]:
        return {
            "requests_fd": requests_fd,
            "answers_fd": answers_fd,
            "root": str(self._copy.root),
            "pristine": str(self._project.root),
            "cwd": str((self._copy.root / self._project.folder).resolve()),
            "args": list(self._project.args),
            "early": self._mode.early,
            "as_module": self._mode.as_module,
            "writable": [str(self._copy.top), "/dev"] if self._mode.confined else [],
            "remap": [[str(self._project.root), str(self._copy.root)]],
            "remap_module": str(_REMAP),
        }

    def _environment(self) -> dict[str, str]:
        home = os.environ.get("HOME", "")
        own = {
            "HOME": str(self._copy.home),
            "TMPDIR": str(self._copy.temporary),
            "PYTHONUSERBASE": os.environ.get("PYTHONUSERBASE") or f"{home}/.local",
            "PYTHONHASHSEED": "0",
            "NO_COLOR": "1",
        }
        return {**self._project.env, **own}

    def _send(self, message: Mapping[str, Any]) -> None:
        data = (json.dumps(message) + "\n").encode("ascii")
        try:
            while data:
                data = data[os.write(self._out, data) :]
        except OSError as exc:
            self.stop()
            raise ServerLostError("the fork server is gone") from exc

    def _receive(self, limit_s: float) -> dict[str, Any]:
        deadline = time.monotonic() + limit_s
        parts = [self._held]
        while b"\n" not in parts[-1]:
            left = deadline - time.monotonic()
            ready = left > 0 and select.select([self._in], [], [], left)[0]
            chunk = os.read(self._in, 1 << 20) if ready else b""
            if not chunk:
                self.stop()
                raise ServerLostError("the fork server does not answer")
            parts.append(chunk)
        line, _, self._held = b"".join(parts).partition(b"\n")
        message: dict[str, Any] = json.loads(line)
        return message
