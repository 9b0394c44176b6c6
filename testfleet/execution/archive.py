"""Source archives: fetched once, verified, and read without trust."""

from __future__ import annotations

import os
import posixpath
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from testfleet.contracts.task import TaskSource
from testfleet.errors import TestfleetError
from testfleet.execution.transfer import download

KEPT_ARCHIVES: Final = 8
"""Archives of earlier runs that stay in the cache."""


class ArchiveError(TestfleetError):
    """The archive is missing, damaged, or holds what no source tree may hold."""


def cached_archive(source: TaskSource, folder: Path) -> Path:
    """The verified archive in the folder. Raises ArchiveError, TransferError, OSError."""
    path = folder / f"{source.sha256}.tar.gz"
    if path.exists():
        os.utime(path)
        return path
    folder.mkdir(parents=True, exist_ok=True)
    fd, name = tempfile.mkstemp(dir=folder)
    os.close(fd)
    incoming = Path(name)
    try:
        _verify(source, download(source.url, incoming))
        incoming.replace(path)
    finally:
        incoming.unlink(missing_ok=True)
    _prune(folder)
    return path


def members(archive: tarfile.TarFile) -> Iterator[tuple[str, tarfile.TarInfo]]:
    """Each entry with its checked name, relative to the tree. Raises ArchiveError."""
    for member in archive:
        name = _checked_name(member)
        if name:
            yield name, member


def leads_out(name: str, target: str) -> bool:
    """Whether a symbolic link of the tree points to something outside of it."""
    if target.startswith("/"):
        return True
    end = posixpath.normpath(posixpath.join(posixpath.dirname(name), target))
    return end == ".." or end.startswith("../")


def _checked_name(member: tarfile.TarInfo) -> str:
    parts = [part for part in member.name.split("/") if part not in ("", ".")]
    if member.name.startswith("/") or ".." in parts or "\0" in member.name:
        raise ArchiveError(
            f"source archive: entry {member.name!r} leads out of the tree; it was not unpacked",
            hint="pack the tree with relative names",
        )
    if not (member.isreg() or member.isdir() or member.issym() or member.islnk()):
        raise ArchiveError(
            f"source archive: entry {member.name!r} is a device or a FIFO; it was not unpacked",
            hint="pack only files, folders and links",
        )
    return "/".join(parts)


def _verify(source: TaskSource, digest: str | None) -> None:
    if digest is None:
        raise ArchiveError(
            "the source archive is not there, or its address has expired", hint="start a new run"
        )
    if digest != source.sha256:
        raise ArchiveError(
            f"the source archive is damaged: SHA-256 is {digest}, expected {source.sha256}",
            hint="start a new run",
        )


def _prune(folder: Path) -> None:
    dated: list[tuple[float, Path]] = []
    for path in folder.glob("*.tar.gz"):
        with suppress(FileNotFoundError):  # another worker prunes at the same moment
            dated.append((path.stat().st_mtime, path))
    for _, path in sorted(dated, reverse=True)[KEPT_ARCHIVES:]:
        path.unlink(missing_ok=True)
