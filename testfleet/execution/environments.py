"""The interpreter that runs the tests: the project's own, or one that set-up commands make."""

from __future__ import annotations

import fcntl
import os
import shutil
import tarfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from testfleet.contracts.task import BuiltEnvironment, InterpreterEnvironment, WorkerTask
from testfleet.errors import TestfleetError
from testfleet.execution.files import force_remove, remove_quietly, try_lock
from testfleet.execution.frameworks.node_modules import link_modules
from testfleet.execution.launch import Command
from testfleet.execution.manifest import Manifest
from testfleet.execution.supervisor import ENDS_SHARD, Stop, Supervisor
from testfleet.execution.transfer import download, upload
from testfleet.execution.tree import copy_new, copy_over

READY: Final = ".testfleet-ready"
"""File of a finished environment; it names the tree in which the set-up commands ran."""
GENERATED: Final = ".testfleet-tree"
"""Folder of an environment: what its set-up commands added to the tree."""
OUTPUT_LIMIT: Final = 8 * 1024
LOCK_POLL_S: Final = 0.2
KEPT_ENVIRONMENTS: Final = 4


class EnvironmentUnusableError(TestfleetError):
    """The interpreter or its environment cannot be made ready. The user must act."""


class EnvironmentStoppedError(TestfleetError):
    """The shard has to end before its environment was ready."""

    def __init__(self, stop: Stop) -> None:
        super().__init__(f"stopped while the environment was made ready: {stop.value}")
        self.stop = stop


@dataclass(frozen=True)
class Interpreter:
    """What runs the tests."""

    python: str
    variables: dict[str, str]
    """To be set for the tests."""
    built_in: str | None = None
    """Tree that an editable installation in the environment may point to."""


@dataclass(frozen=True)
class Builder:
    """What making an environment takes."""

    tree: Path
    manifest: Path
    variables: dict[str, str]
    supervisor: Supervisor
    file_mb: int


def named_interpreter(task: WorkerTask, spec: InterpreterEnvironment, path: str) -> Interpreter:
    """The interpreter that the task names: on PATH, or a path as seen from the tree at home."""
    name = spec.python
    if "/" in name and not name.startswith("/"):
        name = str(Path(task.source.original_root or ".", name))
    found = shutil.which(name, path=path)
    if found is None:
        raise EnvironmentUnusableError(
            f"interpreter {spec.python} is not there or cannot be executed",
            hint="create it, or name another one as `python` in [environment] of testfleet.toml",
        )
    return Interpreter(python=found, variables={})


@contextmanager
def built_interpreter(
    spec: BuiltEnvironment, work_root: Path, builder: Builder
) -> Iterator[Interpreter]:
    """The environment of the task: here already, or restored, or else built and archived.

    It is kept from removal for the time of the context, and made once however many ask for it.
    Raises EnvironmentUnusableError, EnvironmentStoppedError, TransferError, OSError.
    """
    home = work_root / "environments"
    home.mkdir(parents=True, exist_ok=True)
    folder = home / spec.key
    fd = os.open(folder.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if not _wait_for_another(fd, folder, builder.supervisor.order):
            _prune(home)
            _make(spec, folder, builder)
            fcntl.flock(fd, fcntl.LOCK_SH)
        copy_over(folder / GENERATED, builder.tree)
        link_modules([folder / GENERATED], builder.tree)
        yield _interpreter_of(folder, builder.variables)
    finally:
        os.close(fd)


def _interpreter_of(folder: Path, variables: dict[str, str]) -> Interpreter:
    path = f"{folder / 'bin'}{os.pathsep}{variables.get('PATH', os.defpath)}"
    return Interpreter(
        python=str(folder / "bin" / "python"),
        variables={"PATH": path, "VIRTUAL_ENV": str(folder)},
        built_in=(folder / READY).read_text(encoding="utf-8") if folder.exists() else None,
    )


def _wait_for_another(fd: int, folder: Path, order: Callable[[], Stop | None]) -> bool:
    """True with a shared lock on a finished environment, False with the lock to make it."""
    while True:
        if _try_lock(fd, fcntl.LOCK_SH) and (folder / READY).exists():
            return True
        if _try_lock(fd, fcntl.LOCK_EX) and not (folder / READY).exists():
            return False
        stop = order()
        if stop is not None:
            raise EnvironmentStoppedError(stop)
        time.sleep(LOCK_POLL_S)


def _try_lock(fd: int, kind: int) -> bool:
    try:
        fcntl.flock(fd, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _prune(home: Path) -> None:
    """Remove all but the newest environments, if nobody uses them."""
    ready = sorted(home.glob(f"*/{READY}"), key=lambda path: path.stat().st_mtime, reverse=True)
    for folder in (path.parent for path in ready[KEPT_ENVIRONMENTS:]):
        lock = try_lock(folder.with_suffix(".lock"))
        if lock is not None:
            remove_quietly(folder)
            os.close(lock)


def _make(spec: BuiltEnvironment, folder: Path, builder: Builder) -> None:
    if folder.exists():
        force_remove(folder)
    archive = folder.with_suffix(".tar.gz")
    try:
        if download(spec.get_url, archive) is not None:
            _restore(archive, folder)
            return
        try:
            _build(spec, folder, builder)
        except BaseException:
            remove_quietly(folder)
            raise
        with tarfile.open(archive, "w:gz", compresslevel=1) as tar:
            tar.add(folder, arcname=".")
        upload(spec.put_url, archive)
    finally:
        archive.unlink(missing_ok=True)


def _restore(archive: Path, folder: Path) -> None:
    """Unpack beside and move into place, so that half an environment is never taken for a whole."""
    incoming = folder.with_suffix(".incoming")
    if incoming.exists():
        force_remove(incoming)
    with tarfile.open(archive) as tar:
        tar.extractall(incoming, filter="tar")
    incoming.replace(folder)


def _build(spec: BuiltEnvironment, folder: Path, builder: Builder) -> None:
    python = shutil.which(spec.python, path=builder.variables.get("PATH"))
    if python is None:
        raise EnvironmentUnusableError(
            f"interpreter {spec.python} is not on PATH",
            hint="name one that is as `python` in [environment] of testfleet.toml",
        )
    folder.mkdir(parents=True)
    _run(builder, (python, "-m", "venv", str(folder)), {})
    variables = {
        "PATH": f"{folder / 'bin'}{os.pathsep}{builder.variables.get('PATH', os.defpath)}",
        "VIRTUAL_ENV": str(folder),
    }
    for line in spec.setup:
        _run(builder, ("/bin/sh", "-c", line), variables)
    known = Manifest.load(builder.manifest)
    copy_new(builder.tree, set(known.entries) if known else set(), folder / GENERATED)
    (folder / READY).write_text(str(builder.tree), encoding="utf-8")


def _run(builder: Builder, argv: tuple[str, ...], variables: dict[str, str]) -> None:
    position = builder.supervisor.log.position
    command = Command(argv, builder.tree, {**builder.variables, **variables}, builder.file_mb)
    ending = builder.supervisor.run(command, lambda _: None, lambda: None)
    if ending.stop in ENDS_SHARD and ending.stop is not None:
        raise EnvironmentStoppedError(ending.stop)
    if ending.stop is None and ending.status == 0:
        return
    shown = argv[2] if argv[0] == "/bin/sh" else " ".join(argv)
    how = ending.stop.value if ending.stop else f"exit status {ending.status}"
    output = builder.supervisor.log.since(position, OUTPUT_LIMIT)
    raise EnvironmentUnusableError(
        f"set-up command `{shown}` failed ({how}). End of its output:\n{output}",
        hint="run it by hand in the tree, and mend `setup` in [environment] of testfleet.toml",
    )
