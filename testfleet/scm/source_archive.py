"""From a code host's tarball to the fleet's source archive: files at the root, nothing outside.

The contents come from whoever wrote the commit, forks included, so every member is checked: a
single top folder that is taken away, no `..`, no absolute path, no device, no link whose way
leads out of the tree, no member that lies behind a link, and limits on size and number.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
import tempfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO

from testfleet.errors import FleetError, UsageError

_PIECE = 1024 * 1024
_LONGEST_HEADER = 1024 * 1024
_LONGEST_PATH = 4096
_MOST_LINKS = 40
"""Links that a way may follow, as in Linux."""

_Parts = tuple[str, ...]


@dataclass(frozen=True)
class ArchiveLimits:
    """How much a commit may be. Packed and unpacked lie in a Lambda's 512 MiB of /tmp together."""

    packed_bytes: int = 100 * 1024 * 1024
    unpacked_bytes: int = 400 * 1024 * 1024
    members: int = 100_000


@dataclass(frozen=True)
class SourceArchive:
    """A gzip-compressed tar of a tree."""

    body: bytes
    sha256: str


def rewrite(packed: BinaryIO, limits: ArchiveLimits) -> SourceArchive:
    """Rewrite a tarball with one top folder. The same commit always makes the same bytes.

    Members are sorted; modes and times stay, owners go. Raises UsageError for a tarball that
    could write outside its tree or is larger than the limits.
    """
    try:
        with tempfile.TemporaryFile() as unpacked:
            _unpack(packed, unpacked, limits.unpacked_bytes)
            unpacked.seek(0)
            with tarfile.open(fileobj=_Guarded(unpacked), mode="r:") as archive:
                body = _pack(archive, _check_members(archive, limits.members))
    except (tarfile.TarError, EOFError, ValueError, OverflowError) as exc:
        raise UsageError(f"the source's tarball is damaged: {exc}") from exc
    except OSError as exc:
        raise FleetError(f"cannot unpack the source here: {exc}") from exc
    return SourceArchive(body, hashlib.sha256(body).hexdigest())


class _Guarded(io.RawIOBase):
    """Refuses to read a header of hundreds of megabytes, which `tarfile` would hold in memory."""

    def __init__(self, raw: BinaryIO) -> None:
        self._raw = raw

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= _LONGEST_HEADER:
            raise tarfile.ReadError(f"a header of {size} bytes, at most {_LONGEST_HEADER} allowed")
        return self._raw.read(size)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._raw.seek(offset, whence)

    def tell(self) -> int:
        return self._raw.tell()


def _unpack(packed: BinaryIO, target: BinaryIO, most: int) -> None:
    size = 0
    try:
        with gzip.GzipFile(fileobj=packed) as source:
            while piece := source.read(_PIECE):
                size += len(piece)
                if size > most:
                    raise UsageError(
                        f"the source is larger than the limit of {most} bytes when unpacked",
                        hint="keep large files out of the repository, e.g. with Git LFS",
                    )
                target.write(piece)
    except (gzip.BadGzipFile, EOFError, zlib.error) as exc:
        raise UsageError(f"the source's tarball is not a whole gzip file: {exc}") from exc


def _check_members(archive: tarfile.TarFile, most: int) -> dict[_Parts, tarfile.TarInfo]:
    """The members by their path below the top folder."""
    members: dict[_Parts, tarfile.TarInfo] = {}
    tops: set[str] = set()
    for member in archive:
        if len(members) >= most:
            raise UsageError(f"the source has more than {most} files and folders")
        top, *rest = _check_path(member)
        tops.add(top)
        path = tuple(rest)
        if len(tops) > 1 or (not path and not member.isdir()):
            raise _refusal(member, "is not below one top folder, as in a code host's tarball")
        if path in members and not member.isdir():
            raise _refusal(member, "is there twice")
        if path:
            members[path] = member
    _check_links(members)
    return members


def _check_path(member: tarfile.TarInfo) -> list[str]:
    if not (member.isreg() or member.isdir() or member.issym()) or member.issparse():
        raise _refusal(member, "is neither a plain file, a folder nor a symbolic link")
    name = member.name
    parts = [part for part in name.split("/") if part != "."]
    if name.startswith("/") or ".." in parts or not parts or not all(parts):
        raise _refusal(member, "has a path that is absolute, empty or leads upwards")
    if "\0" in name or max(len(name), len(member.linkname)) > _LONGEST_PATH:
        raise _refusal(member, f"has a path with a NUL or of more than {_LONGEST_PATH} characters")
    return parts


def _check_links(members: Mapping[_Parts, tarfile.TarInfo]) -> None:
    leaves = {path for path, member in members.items() if not member.isdir()}
    links = {path: member.linkname for path, member in members.items() if member.issym()}
    for path, member in members.items():
        if any(path[:depth] in leaves for depth in range(1, len(path))):
            raise _refusal(member, "lies behind a file or a symbolic link")
        if member.issym() and not (member.linkname and _stays_inside(path, links)):
            raise _refusal(member, f"is a link to {member.linkname[:200]!r}, out of the tree")


def _stays_inside(path: _Parts, links: Mapping[_Parts, str]) -> bool:
    """Follow a link as the kernel does: `..` after a linked folder leaves that folder's target."""
    at: list[str] = []
    way = list(reversed(path))
    followed = 0
    while way:
        part = way.pop()
        if part == "..":
            if not at:
                return False
            at.pop()
        elif part not in ("", "."):
            at.append(part)
        if (target := links.get(tuple(at))) is not None:
            followed += 1
            if target.startswith("/"):
                return False
            if followed > _MOST_LINKS:
                # A circle: the kernel gives up on it, so it leads nowhere.
                return True
            at.pop()
            way.extend(reversed(target.split("/")))
    return True


def _pack(archive: tarfile.TarFile, members: Mapping[_Parts, tarfile.TarInfo]) -> bytes:
    """Like the archive of a working tree, so that everything after it knows one form only."""
    body = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=body, mode="wb", filename="", compresslevel=1, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as target,
    ):
        for path in sorted(members):
            member = members[path]
            content = archive.extractfile(member) if member.isreg() else None
            target.addfile(_clean(member, "/".join(path)), content)
    return body.getvalue()


def _clean(member: tarfile.TarInfo, name: str) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    if member.isreg():
        info.size = member.size
    else:
        info.type, info.linkname = member.type, member.linkname
    info.mode = member.mode & 0o777
    info.mtime = int(member.mtime)
    return info


def _refusal(member: tarfile.TarInfo, why: str) -> UsageError:
    return UsageError(
        f"refused the source's tarball: {member.name[:200]!r} {why}",
        hint="remove it from the repository",
    )
