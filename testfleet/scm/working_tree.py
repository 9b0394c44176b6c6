"""Which files of a working tree are the source, and how they are packed for the fleet."""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import stat
import subprocess
import tarfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pathspec import GitIgnoreSpec

from testfleet.errors import UsageError
from testfleet.scm.git import git_environment


class SupportsWrite(Protocol):
    """Anything that bytes can be written to."""

    def write(self, data: bytes, /) -> int:
        """Take the bytes."""
        ...


_Ignored = Callable[[str], bool]

_HOST_URL = re.compile(
    r"(?:(?:https?|ssh|git)://[^/]+/|[^/:]+@[^/:]+:)(?:.*/)?([^/]+/[^/]+?)(?:\.git)?/?$"
)

_NEVER_SOURCE = frozenset(
    {
        ".git",
        ".hg",
        ".svn",
        ".testfleet",
        ".tox",
        ".nox",
        ".mypy_cache",
        ".ruff_cache",
        ".pytest_cache",
        "__pycache__",
        "node_modules",
    }
)


@dataclass(frozen=True)
class Head:
    """What version control knows of a tree."""

    commit: str | None
    repository: str
    """`owner/name` of the remote, else the name of the repository's folder, and then the folder in
    it; without git, the folder's name."""


def list_files(root: Path, include: Iterable[str] = ()) -> list[str]:
    """POSIX paths below `root` that are source, sorted: what git would track, or not ignore.

    Virtual environments, caches and version control's own folders never are. `include` holds
    globs of ignored files that are wanted all the same.
    """
    listed = _git_files(root)
    paths = set(_walk_files(root)) if listed is None else set(listed)
    wanted = GitIgnoreSpec.from_lines(include)
    if wanted.patterns:
        paths |= set(wanted.match_files(_walk(root, lambda _: False)))
    return sorted(path for path in paths if _is_packable(root, path))


def describe_head(root: Path) -> Head:
    """Commit and repository of a tree; the folder's name where git knows neither."""
    place = _lines(_git(root, "rev-parse", "--show-toplevel", "--show-prefix"))
    if not place:
        return Head(None, root.name or "root")
    commit = _lines(_git(root, "rev-parse", "--verify", "--quiet", "HEAD"))
    remote = _lines(_git(root, "config", "--get", "remote.origin.url"))
    name = (_remote_name(remote[0]) if remote else None) or Path(place[0]).name
    folder = place[1].rstrip("/") if len(place) > 1 else ""
    return Head(commit[0] if commit else None, f"{name}/{folder}" if folder else name)


def fingerprint(root: Path, files: Iterable[str]) -> str:
    """Changes whenever a file's content may have: from paths, sizes, times and inodes."""
    digest = hashlib.sha256()
    for path in files:
        status = (root / path).lstat()
        facts = (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
        digest.update(f"{path}\0{facts}\0".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def pack(root: Path, files: Iterable[str], target: SupportsWrite) -> str:
    """Write a gzip-compressed tar of the files to `target`; return the SHA-256 of its bytes.

    Times are kept in whole seconds, owners are not. Links that lead out of the tree are packed
    as what they point to. Raises UsageError for a file that cannot be read.
    """
    writer = _HashingWriter(target)
    with (
        # Level 1: on a laptop the archive never leaves the machine, in a cloud time is dearer.
        gzip.GzipFile(fileobj=writer, mode="wb", compresslevel=1, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for path in files:
            _add(archive, root, path)
    return writer.digest.hexdigest()


class _HashingWriter:
    def __init__(self, target: SupportsWrite) -> None:
        self._target = target
        self.digest = hashlib.sha256()

    def write(self, data: bytes) -> int:
        self.digest.update(data)
        return self._target.write(data)

    def flush(self) -> None:
        """Nothing is held back: gzip asks for the method."""


def _add(archive: tarfile.TarFile, root: Path, path: str) -> None:
    full = root / path
    leads_out = full.is_symlink() and _leads_out(root, full)
    try:
        info = archive.gettarinfo(str(full.resolve() if leads_out else full), arcname=path)
        if info.islnk():
            # A second hard link to one file: each copy stands for itself.
            info.type, info.size = tarfile.REGTYPE, full.stat().st_size
        info.uid = info.gid = 0
        info.uname = info.gname = ""
        info.mtime = int(info.mtime)
        if info.issym() and Path(info.linkname).is_absolute():
            info.linkname = os.path.relpath(full.resolve(), full.parent.resolve())
        if info.isreg():
            with full.open("rb") as content:
                archive.addfile(info, content)
        else:
            archive.addfile(info)
    except OSError as exc:
        raise UsageError(
            f"cannot read {full}: {exc.strerror or exc}",
            hint="make it readable, or name it in .gitignore to leave it out",
        ) from exc


def _lines(output: bytes | None) -> list[str]:
    return os.fsdecode(output or b"").splitlines()


def _remote_name(url: str) -> str | None:
    """`owner/name` of an address on a code host. A path on this machine names nobody."""
    match = _HOST_URL.match(url)
    return match[1] if match else None


def _git(root: Path, *args: str) -> bytes | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *args],
            capture_output=True,
            check=False,
            timeout=60,
            env=git_environment(),
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def _git_files(root: Path) -> Iterator[str] | None:
    listing = _git(root, "ls-files", "--cached", "--others", "--exclude-standard", "-z")
    if not listing:
        return None
    return _expand(root, (os.fsdecode(name) for name in listing.split(b"\0") if name))


def _expand(root: Path, names: Iterable[str]) -> Iterator[str]:
    environments: dict[str, bool] = {}
    for name in names:
        if (root / name).is_dir() and not (root / name).is_symlink():
            # A submodule, or a repository inside the repository: git names only its folder.
            inner = root / name
            yield from (f"{name.rstrip('/')}/{path}" for path in list_files(inner))
        elif not _is_excluded(root, name, environments):
            yield name


def _is_excluded(root: Path, name: str, environments: dict[str, bool]) -> bool:
    parts = name.split("/")[:-1]
    for depth in range(len(parts)):
        folder = "/".join(parts[: depth + 1])
        if folder not in environments:
            environments[folder] = _is_never_source(root / folder)
        if environments[folder]:
            return True
    return False


def _is_never_source(folder: Path) -> bool:
    return folder.name in _NEVER_SOURCE or (folder / "pyvenv.cfg").is_file()


def _walk_files(root: Path) -> Iterator[str]:
    """Files of a tree that git does not know, by the .gitignore files in it."""
    specs: dict[str, GitIgnoreSpec] = {}

    def is_ignored(path: str) -> bool:
        parts = path.rstrip("/").split("/")
        for depth in reversed(range(len(parts))):  # The deepest file that says anything decides.
            folder = "/".join(parts[:depth])
            if folder not in specs:
                specs[folder] = _read_spec(root / folder)
            verdict = specs[folder].check_file(path[len(folder) + 1 if folder else 0 :]).include
            if verdict is not None:
                return verdict
        return False

    return _walk(root, is_ignored)


def _read_spec(folder: Path) -> GitIgnoreSpec:
    try:
        lines = (folder / ".gitignore").read_text("utf-8", "replace").splitlines()
    except OSError:
        lines = []
    return GitIgnoreSpec.from_lines(lines)


def _walk(root: Path, is_ignored: _Ignored) -> Iterator[str]:
    for folder, subfolders, names in os.walk(root):
        relative = Path(folder).relative_to(root).as_posix()
        prefix = "" if relative == "." else f"{relative}/"
        subfolders[:] = [
            name
            for name in subfolders
            if not _is_never_source(Path(folder, name)) and not is_ignored(f"{prefix}{name}/")
        ]
        links = [name for name in subfolders if Path(folder, name).is_symlink()]
        yield from (
            f"{prefix}{name}" for name in links + names if not is_ignored(f"{prefix}{name}")
        )


def _is_packable(root: Path, path: str) -> bool:
    full = root / path
    try:
        mode = full.lstat().st_mode
    except OSError:
        return False
    if stat.S_ISLNK(mode):
        # A linked folder outside the tree is not part of the source; a linked file is copied.
        return full.is_file() or (full.is_dir() and not _leads_out(root, full))
    return stat.S_ISREG(mode)


def _leads_out(root: Path, link: Path) -> bool:
    return not link.resolve().is_relative_to(root.resolve())
