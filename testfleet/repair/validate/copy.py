"""The private copy of the user's tree: nothing that a candidate does happens anywhere else."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from testfleet.errors import FleetError
from testfleet.repair.project import Project


@dataclass(frozen=True)
class WorkingCopy:
    """A copy, and the folders that stand in for the user's own."""

    root: Path
    """Bears the name of the original: some tests look at it."""
    home: Path
    temporary: Path
    scratch: Path
    """For what we pass to our own processes."""

    @property
    def top(self) -> Path:
        """The folder that all of them are in."""
        return self.scratch.parent


@contextmanager
def working_copy(project: Project) -> Iterator[WorkingCopy]:
    """Copy the project's files; remove everything in the end. Raises FleetError without space."""
    top = Path(tempfile.mkdtemp(prefix="testfleet-fix-")).resolve()
    try:
        copy = WorkingCopy(
            top / "copy" / (project.root.name or "root"), top / "home", top / "tmp", top / "own"
        )
        _fill(copy, project)
        yield copy
    finally:
        shutil.rmtree(top, ignore_errors=True)


def _fill(copy: WorkingCopy, project: Project) -> None:
    for folder in (copy.root, copy.home, copy.temporary, copy.scratch):
        folder.mkdir(parents=True)
    try:
        for path in project.files:
            source, target = project.root / path, copy.root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            stays = source.is_symlink() and source.resolve().is_relative_to(project.root)
            if stays:  # Relative: an absolute link would lead from the copy into the user's tree.
                target.symlink_to(os.path.relpath(source.resolve(), source.parent.resolve()))
            else:
                shutil.copy2(source, target)
    except OSError as exc:
        raise FleetError(
            f"cannot copy {project.root} to {copy.root}: {exc.strerror or exc}",
            hint="free space there, or let TMPDIR name a folder on a larger disk",
        ) from exc
