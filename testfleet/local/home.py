"""Where a fleet keeps its state: everything lies below one folder."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from testfleet.config import ROOT
from testfleet.errors import FleetError
from testfleet.execution.host import temporary_folder

HOME_VARIABLE = "TESTFLEET_HOME"


@dataclass(frozen=True)
class FleetHome:
    """The folder of one fleet. Two fleets with two homes know nothing of each other."""

    root: Path

    @property
    def operation_lock(self) -> Path:
        """Held by `up` and `down` while they work."""
        return self.root / "operation.lock"

    @property
    def daemon_lock(self) -> Path:
        """Held by the daemon as long as it lives."""
        return self.root / "daemon.lock"

    @property
    def daemon(self) -> Path:
        """DaemonInfo, written by the daemon once it answers."""
        return self.root / "daemon.json"

    @property
    def info(self) -> Path:
        """FleetInfo, written once the application is deployed."""
        return self.root / "fleet.json"

    @property
    def log(self) -> Path:
        """What the daemon says."""
        return self.root / "fleet.log"

    @property
    def deploy_log(self) -> Path:
        """What synthesis and the CDK CLI said last."""
        return self.root / "deploy.log"

    @property
    def services(self) -> Path:
        """State of the emulated services, one JSON file each."""
        return self.root / "services"

    @property
    def objects(self) -> Path:
        """Objects of the emulated S3."""
        return self.root / "objects"

    @property
    def tmp(self) -> Path:
        """Temporary files of the daemon and its workers; emptied at each start and stop."""
        return self.root / "tmp"

    @property
    def work_root(self) -> Path:
        """Working copies and caches of the workers, outside of the home.

        The home may lie in a project whose settings a test framework would find on its way up,
        and so deep that a socket below it had too long a name.
        """
        name = f"testfleet-{os.getuid()}-{hashlib.sha256(bytes(self.root)).hexdigest()[:8]}"
        return temporary_folder() / name

    @property
    def pulls(self) -> Path:
        """Bare repositories and pull requests that stand in for a code host."""
        return self.root / "pulls"

    @property
    def tools(self) -> Path:
        """What the CDK and jsii keep."""
        return self.root / "tools"

    @property
    def tools_tmp(self) -> Path:
        """Temporary files of the CDK and jsii."""
        return self.tools / "tmp"

    @property
    def assemblies(self) -> Path:
        """Synthesised cloud assemblies, one folder a fingerprint."""
        return self.root / "assemblies"

    def prepare(self) -> None:
        """Make the folders. Raises FleetError when that is not allowed."""
        with explained(f"cannot keep the fleet's state in {self.root}"):
            for folder in (self.root, self.services, self.objects, self.tmp):
                folder.mkdir(parents=True, exist_ok=True)
            if not os.access(self.root, os.W_OK):
                raise PermissionError(13, "Permission denied")

    def empty_tmp(self) -> None:
        """Remove what workers of an earlier daemon have left."""
        _empty(self.tmp)

    def empty_tools_tmp(self) -> None:
        """Remove what an interrupted tool has left: up to hundreds of megabytes."""
        _empty(self.tools_tmp)


def _empty(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)


def fleet_home() -> FleetHome:
    """`.testfleet/` of the checkout, or the folder that TESTFLEET_HOME names."""
    return FleetHome(Path(os.environ.get(HOME_VARIABLE) or ROOT / ".testfleet").absolute())


@contextmanager
def explained(what: str) -> Iterator[None]:
    """Turn an OSError into a FleetError that says what failed, why, and what to do."""
    try:
        yield
    except OSError as exc:
        hint = f"set {HOME_VARIABLE} to a folder that you may write to, on a disk with room"
        raise FleetError(f"{what}: {exc.strerror or exc}", hint=hint) from exc


def write_whole(path: Path, text: str) -> None:
    """Replace a file so that a reader sees the old text or the new one, never a part."""
    with explained(f"cannot write {path}"):
        part = path.with_name(f"{path.name}.{os.getpid()}.part")
        part.write_text(text, "utf-8")
        part.replace(path)
