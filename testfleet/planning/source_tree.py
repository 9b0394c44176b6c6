"""The tree under test, seen as names, sizes and bytes: on disk or inside an uploaded archive."""

from __future__ import annotations

import io
import posixpath
import tarfile
import tempfile
import zlib
from collections.abc import Iterable
from gzip import GzipFile
from pathlib import Path
from types import TracebackType
from typing import IO, Final, NamedTuple, Protocol, Self

from testfleet.errors import UsageError

MAX_UNPACKED_BYTES: Final = 8 * 1024**3
"""A larger tree would not fit a worker's disk; a small archive that unpacks to it is an attack."""

_SPOOL_BYTES: Final = 64 * 1024**2
_COPY_BYTES: Final = 1024**2
_MAX_LINK_HOPS: Final = 16


class TreeFile(NamedTuple):
    """One regular file."""

    path: str
    """POSIX, relative to the root of the tree."""
    size_bytes: int


class SourceTree(Protocol):
    """What discovery needs to know of a tree."""

    def paths(self) -> Iterable[TreeFile]:
        """All regular files, sorted by path."""
        ...

    def read(self, path: str) -> bytes:
        """A file's content. Raises KeyError when there is no such file."""
        ...


class DirectoryTree:
    """The given files of a folder. Names that are not regular files (any more) are left out."""

    def __init__(self, root: Path, files: Iterable[str]) -> None:
        self._root = root
        found = (self._look(path) for path in sorted(set(files)))
        self._files = {file.path: file for file in found if file is not None}

    def paths(self) -> Iterable[TreeFile]:
        """All regular files, sorted by path."""
        return self._files.values()

    def read(self, path: str) -> bytes:
        """A file's content. Raises KeyError, or UsageError when it cannot be read."""
        if path not in self._files:
            raise KeyError(path)
        try:
            return (self._root / path).read_bytes()
        except OSError as exc:
            raise UsageError(f"cannot read {path}: {exc.strerror or exc}") from exc

    def _look(self, path: str) -> TreeFile | None:
        file = self._root / path
        try:
            return TreeFile(path, file.stat().st_size) if file.is_file() else None
        except OSError:
            return None


class ArchiveTree:
    """A gzip-compressed tar, unpacked once to a temporary file and read member by member.

    `strip` drops that many leading folders, as in the tarballs of code hosts. Raises UsageError
    for what is not such an archive, and for what could reach out of the tree: absolute names,
    `..`, links that leave it, devices and pipes. Close it, or use it in a `with` statement.
    """

    def __init__(self, archive: bytes | Path, *, strip: int = 0) -> None:
        self._plain = _unpack(archive)
        self._strip = strip
        try:
            self._tar = tarfile.open(fileobj=self._plain, mode="r:")  # noqa: SIM115
            self._members = dict(sorted(self._index().items()))
        except (tarfile.TarError, EOFError, UnicodeError) as exc:
            self._plain.close()
            raise UsageError(f"the source archive is not a readable tar: {exc}") from exc
        except UsageError:
            self._plain.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Free the temporary file."""
        self._tar.close()
        self._plain.close()

    def paths(self) -> Iterable[TreeFile]:
        """All regular files, sorted by path; links count as what they lead to."""
        for path in self._members:
            target = self._resolve(path)
            if target is not None:
                yield TreeFile(path, target.size)

    def read(self, path: str) -> bytes:
        """A file's content. Raises KeyError when there is no such file."""
        target = self._resolve(path)
        stream = self._tar.extractfile(target) if target is not None else None
        if stream is None:
            raise KeyError(path)
        with stream:
            return stream.read()

    def _index(self) -> dict[str, tarfile.TarInfo]:
        members: dict[str, tarfile.TarInfo] = {}
        for member in self._tar:
            path = _inside(member.name, member.name)
            parts = path.split("/")[self._strip :]
            if not parts or parts == ["."]:
                continue
            if member.isdev():
                raise UsageError(
                    f"the source archive holds a device or pipe: {member.name};"
                    " only files, folders and links inside the tree are allowed"
                )
            name = "/".join(parts)
            if member.issym():
                _inside(posixpath.join(posixpath.dirname(name), member.linkname), member.name)
            elif member.islnk():
                _inside(member.linkname, member.name)
            members[name] = member
        return members

    def _resolve(self, path: str) -> tarfile.TarInfo | None:
        for _ in range(_MAX_LINK_HOPS):
            member = self._members.get(path)
            if member is None or member.isfile():
                return member
            if member.issym():
                path = posixpath.normpath(posixpath.join(posixpath.dirname(path), member.linkname))
            elif member.islnk():
                parts = posixpath.normpath(member.linkname).split("/")
                path = "/".join(parts[self._strip :])
            else:
                return None
        return None


def _inside(path: str, member: str) -> str:
    """The normal form of a path in the archive. Raises UsageError when it leaves the tree."""
    normal = posixpath.normpath(path)
    if path.startswith("/") or normal == ".." or normal.startswith("../"):
        raise UsageError(
            f"the source archive reaches out of its tree: {member}"
            + ("" if path == member else f" leads to {path}")
            + "; only names and links inside the tree are allowed"
        )
    return normal


def _unpack(archive: bytes | Path) -> IO[bytes]:
    """The plain tar, so that members can be read in any order without inflating it again."""
    plain = tempfile.SpooledTemporaryFile(max_size=_SPOOL_BYTES)  # noqa: SIM115
    try:
        raw = io.BytesIO(archive) if isinstance(archive, bytes) else archive.open("rb")
        with raw, GzipFile(fileobj=raw) as stream:
            while block := stream.read(_COPY_BYTES):
                plain.write(block)
                if plain.tell() > MAX_UNPACKED_BYTES:
                    raise UsageError(
                        f"the source archive unpacks to more than {MAX_UNPACKED_BYTES} bytes;"
                        " leave large files out of it with .gitignore"
                    )
    except (OSError, EOFError, zlib.error) as exc:
        plain.close()
        raise UsageError(f"the source archive is not a readable tar.gz: {exc}") from exc
    except UsageError:
        plain.close()
        raise
    plain.seek(0)
    return plain
