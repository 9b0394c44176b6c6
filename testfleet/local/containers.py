"""Fargate tasks on this machine: what the emulator's ECS needs of a Docker client.

Usually the image is not looked at. Its command runs in the checkout under the fleet's own
interpreter, with the environment of the task definition and its overrides and no credentials.
Where TESTFLEET_CONTAINERS names a container engine's command line, the image is run by that.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from uuid import uuid4

from testfleet.config import ROOT
from testfleet.local.orphans import ChildProcesses
from testfleet.local.processes import kill_tree
from testfleet.local.tether import tied, tied_environment

ENGINE_VARIABLE: Final = "TESTFLEET_CONTAINERS"
"""Names a command that takes Docker's arguments: `podman`, `docker`."""

_POLL_S = 0.1
_KEPT = 50
_ENGINE_KEYS = ("PATH", "HOME", "XDG_RUNTIME_DIR", "CONTAINERS_CONF", "DOCKER_HOST")
_CHUNK_BYTES = 1 << 20


class ProcessContainer:
    """One container: a process whose output goes to a file without a name."""

    def __init__(
        self, processes: ChildProcesses, command: Sequence[str], environment: Mapping[str, str]
    ) -> None:
        self.id = uuid4().hex
        self.attrs: dict[str, Any] = {"NetworkSettings": {"Networks": {}}}
        self._processes = processes
        self._output = tempfile.TemporaryFile("wb", buffering=0)  # noqa: SIM115 - it lives as we do
        self._process = processes.popen(
            tied(command),
            cwd=ROOT,
            env=tied_environment(environment),
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=self._output,
        )
        self._exit_code: int | None = None
        self._ended = threading.Event()
        threading.Thread(target=self._wait, daemon=True, name=f"container-{self.id[:8]}").start()

    @property
    def status(self) -> str:
        """`running` or `exited`, Docker's words."""
        return "exited" if self._ended.is_set() else "running"

    def reload(self) -> None:
        """Nothing to fetch: the status is always fresh."""

    def wait(self) -> dict[str, int]:
        """Wait for the end; the exit code is 128 + signal for a killed process."""
        self._ended.wait()
        code = self._exit_code or 0
        return {"StatusCode": code if code >= 0 else 128 - code}

    def logs(
        self, *, stream: bool = False, follow: bool = False, **_: Any
    ) -> bytes | Iterator[bytes]:
        """The output so far; with `stream` and `follow` chunk by chunk until the end."""
        if stream and follow:
            return self._chunks()
        return os.pread(self._output.fileno(), _CHUNK_BYTES, 0)

    def stop(self, **_: Any) -> None:
        """Kill the process and all that it has started."""
        if not self._ended.is_set():
            kill_tree(self._process.pid)
            self._ended.wait()

    def remove(self, **_: Any) -> None:
        """Nothing to remove: the output goes with its last reader."""

    def _wait(self) -> None:
        self._exit_code = self._process.wait()
        self._processes.worker_ended()
        self._ended.set()

    def _chunks(self) -> Iterator[bytes]:
        offset = 0
        while True:
            was_over = self._ended.is_set()
            chunk = os.pread(self._output.fileno(), _CHUNK_BYTES, offset)
            offset += len(chunk)
            if chunk:
                yield chunk
            elif was_over:
                return
            else:
                time.sleep(_POLL_S)


class EngineContainer(ProcessContainer):
    """A real container, behind the process that waits for it."""

    def __init__(
        self,
        processes: ChildProcesses,
        engine: str,
        task: Sequence[str],
        environment: Mapping[str, str],
    ) -> None:
        self._name = f"testfleet-{uuid4().hex}"
        self._engine = engine
        self._of_engine = {key: os.environ[key] for key in _ENGINE_KEYS if key in os.environ}
        # By name only: what a task is given, such as its address, is not to be seen in `ps`.
        variables = [option for name in environment for option in ("--env", name)]
        options = ["--rm", "--network=host", f"--name={self._name}"]
        command = [engine, "run", *options, *variables, *task]
        super().__init__(processes, command, {**environment, **self._of_engine})

    def stop(self, **_: Any) -> None:
        """Kill the container and the process that waits for it."""
        subprocess.run(
            [self._engine, "rm", "--force", self._name],
            env=self._of_engine,
            capture_output=True,
            check=False,
        )
        super().stop()


class ProcessContainers:
    """Stands where the emulator expects a Docker client with `.containers` and `.images`."""

    def __init__(
        self,
        processes: ChildProcesses,
        base_environment: Mapping[str, str],
        engine: str | None = None,
    ) -> None:
        self._processes = processes
        self._base = dict(base_environment)
        self._engine = engine
        self._made: dict[str, ProcessContainer] = {}

    @property
    def containers(self) -> ProcessContainers:
        """Docker's name for what `run`, `get` and `list` belong to."""
        return self

    def run(
        self,
        image: str,
        *,
        command: Sequence[str] | None = None,
        environment: Mapping[str, str] | None = None,
        **_: Any,
    ) -> ProcessContainer:
        """Start a container. Raises ValueError when the task definition names no command."""
        if not command:
            raise ValueError("a task without a command cannot run as a process of this machine")
        given = {
            # The emulator gives its address as seen from inside of Docker.
            name: str(value).replace("host.docker.internal", "127.0.0.1")
            for name, value in (environment or {}).items()
        }
        container = self._start(image, command, given)
        self._made[container.id] = container
        self._forget_old()
        return container

    def _start(
        self, image: str, command: Sequence[str], given: Mapping[str, str]
    ) -> ProcessContainer:
        if self._engine is not None:
            return EngineContainer(self._processes, self._engine, [image, *command], given)
        program = sys.executable if command[0] in ("python", "python3") else command[0]
        return ProcessContainer(self._processes, [program, *command[1:]], {**self._base, **given})

    def get(self, name: str) -> ProcessContainer:
        """A container by its id. Raises KeyError."""
        return self._made[name]

    def list(self, **_: Any) -> Sequence[ProcessContainer]:
        """All containers that still run."""
        return [made for made in self._made.values() if made.status == "running"]

    def stop_all(self) -> None:
        """Kill all containers."""
        for container in self.list():
            container.stop()

    def _forget_old(self) -> None:
        exited = [name for name, made in self._made.items() if made.status == "exited"]
        for name in exited[:-_KEPT]:
            del self._made[name]
