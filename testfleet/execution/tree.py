"""One working copy and its manifest: unpacked from an archive, repaired after tests used it."""

from __future__ import annotations

import hashlib
import os
import shutil
import tarfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Final

from testfleet.execution.archive import ArchiveError, leads_out, members
from testfleet.execution.files import force_remove, remove_quietly
from testfleet.execution.frameworks.node_modules import MODULES
from testfleet.execution.manifest import Entry, Manifest

BYTECODE: Final = "__pycache__"
HYPOTHESIS: Final = ".hypothesis"
HYPOTHESIS_CACHES: Final = frozenset({"unicode_data", "constants"})
"""What Hypothesis computes once from Python and from the source, at up to a second a process. Its
examples are no cache: they change which inputs are tried."""
CHUNK_BYTES: Final = 1024 * 1024


class Tree:
    """A folder that can be brought to the state of an archive by doing no more than is needed."""

    def __init__(self, path: Path, manifest: Path) -> None:
        self.path = path
        self._manifest = manifest

    def discard(self) -> None:
        """Remove it with its manifest."""
        remove_quietly(self._manifest)
        if os.path.lexists(self.path.parent):
            force_remove(self.path.parent)

    def bring_to(self, archive: Path, sha256: str) -> tuple[str, ...]:
        """Bring it to the archive's state; notes for the user. Bytecode of its sources is kept.

        Raises ArchiveError; OSError or ValueError when the folder resists.
        """
        old = Manifest.load(self._manifest)
        remove_quietly(self._manifest)  # until all is in order again
        # A test may have put a link in its place: nothing is ever removed through one.
        if old is None or not self.path.is_dir() or self.path.resolve() != self.path:
            self.discard()
            old = Manifest()
        self.path.mkdir(parents=True, exist_ok=True)
        damaged = _Inspection(self.path, old).run()
        if damaged or old.sha256 != sha256:
            old = _Unpacking(self.path, old, damaged).run(archive, sha256)
        old.save(self._manifest)
        return tuple(old.notes)


class _Inspection:
    """Removes what does not belong into the tree and finds what has changed."""

    def __init__(self, root: Path, manifest: Manifest) -> None:
        self._root = root
        self._entries = manifest.entries
        self._seen: set[str] = set()
        self._damaged: set[str] = set()

    def run(self) -> set[str]:
        """Names that are missing or not as the manifest says."""
        folders = [""]
        while folders:
            folders.extend(self._inspect(folders.pop()))
        return self._damaged | (self._entries.keys() - self._seen)

    def _inspect(self, folder: str) -> Iterator[str]:
        with os.scandir(self._root / folder) as found:
            entries = list(found)
        for found_entry in entries:
            name = f"{folder}{found_entry.name}"
            known = self._entries.get(name)
            if known is None:
                self._remove_stranger(name, found_entry)
                continue
            self._seen.add(name)
            if not known.describes(found_entry.stat(follow_symlinks=False)):
                self._damaged.add(name)
                if not self._mend(found_entry, known):
                    continue
            if known.kind == "folder":
                yield f"{name}/"

    def _mend(self, found: os.DirEntry[str], known: Entry) -> bool:
        """Make way for what must be there; whether a folder can be entered now."""
        if known.kind == "folder" and found.is_dir(follow_symlinks=False):
            Path(found.path).chmod(known.mode | 0o700)
            return True
        force_remove(Path(found.path))
        return False

    def _remove_stranger(self, name: str, found: os.DirEntry[str]) -> None:
        path = Path(found.path)
        is_folder = found.is_dir(follow_symlinks=False)
        if is_folder and found.name == BYTECODE:
            self._keep_in(path, lambda code: self._is_current(name, code))
        elif is_folder and found.name == HYPOTHESIS:
            self._keep_in(path, lambda kept: kept.name in HYPOTHESIS_CACHES)
        else:
            force_remove(path)

    def _is_current(self, folder: str, code: Path) -> bool:
        source = f"{folder[: -len(BYTECODE)]}{code.name.split('.', 1)[0]}.py"
        return code.suffix == ".pyc" and source in self._entries

    @staticmethod
    def _keep_in(folder: Path, is_kept: Callable[[Path], bool]) -> None:
        for path in list(folder.iterdir()):
            if not is_kept(path):
                force_remove(path)


class _Unpacking:
    """Writes what the archive has and the tree lacks."""

    def __init__(self, root: Path, old: Manifest, damaged: set[str]) -> None:
        self._root = root
        self._old = old
        self._damaged = damaged
        self._new = Manifest()

    def run(self, archive: Path, sha256: str) -> Manifest:
        """The manifest of the tree as it is then."""
        self._new.sha256 = sha256
        try:
            with tarfile.open(archive) as tar:
                for name, member in members(tar):
                    self._place(name, member, tar)
        except (tarfile.TarError, EOFError, UnicodeError) as error:
            archive.unlink(missing_ok=True)
            raise ArchiveError(
                f"the source archive cannot be unpacked: {error}", hint="start a new run"
            ) from error
        for name in sorted(self._old.entries.keys() - self._new.entries.keys(), reverse=True):
            self._clear(self._root / name)
        self._set_folder_modes()
        return self._new

    def _place(self, name: str, member: tarfile.TarInfo, tar: tarfile.TarFile) -> None:
        self._ensure_folder(name.rpartition("/")[0])
        if member.isdir():
            self._place_folder(name, member.mode)
        elif member.issym():
            self._place_link(name, member)
        else:
            self._place_file(name, member, tar)

    def _ensure_folder(self, name: str) -> None:
        """Make a folder that the archive may not name, with those above it."""
        known = self._new.entries.get(name)
        if name and (known is None or known.kind != "folder"):
            self._ensure_folder(name.rpartition("/")[0])
            self._place_folder(name, 0o755)

    def _place_folder(self, name: str, mode: int) -> None:
        path = self._root / name
        if path.is_symlink() or not path.is_dir():
            self._clear(path)
            path.mkdir()
        # Writable while files are put in; the true mode is set at the end.
        path.chmod(mode | 0o700)
        self._new.entries[name] = Entry("folder", mode & 0o777, 0, 0, 0, 0, "")

    def _place_link(self, name: str, member: tarfile.TarInfo) -> None:
        if leads_out(name, member.linkname):
            self._new.notes.append(
                f"left out of the working copy: link {name} leads out of the tree"
            )
            return
        path = self._root / name
        known = self._intact(name)
        if known is None or known.content != member.linkname or known.kind != "link":
            self._clear(path)
            path.symlink_to(member.linkname)
        self._new.entries[name] = Entry.of(path, member.linkname)

    def _place_file(self, name: str, member: tarfile.TarInfo, tar: tarfile.TarFile) -> None:
        known = self._intact(name)
        if known is not None and self._old.sha256 == self._new.sha256:
            self._new.entries[name] = known
            return
        content = tar.extractfile(member)
        if content is None:
            raise ArchiveError(f"source archive: entry {name!r} is a link to nothing")
        path = self._root / name
        with content:
            digest = self._write(path, content, known)
        path.chmod(member.mode & 0o777)
        os.utime(path, ns=(round(member.mtime * 1e9),) * 2)
        self._new.entries[name] = Entry.of(path, digest)

    def _write(self, path: Path, content: IO[bytes], known: Entry | None) -> str:
        """Write what differs; the digest. A file of one chunk is compared before."""
        chunk = content.read(CHUNK_BYTES)
        digest = hashlib.blake2b(chunk, digest_size=16)
        is_whole = len(chunk) < CHUNK_BYTES
        if is_whole and known is not None and known.content == digest.hexdigest():
            return known.content
        self._clear(path)
        self._forget_bytecode(path)
        with path.open("xb") as file:
            while chunk:
                file.write(chunk)
                chunk = content.read(CHUNK_BYTES)
                digest.update(chunk)
        return digest.hexdigest()

    def _intact(self, name: str) -> Entry | None:
        return None if name in self._damaged else self._old.entries.get(name)

    def _clear(self, path: Path) -> None:
        if path.is_symlink() or path.exists():
            force_remove(path)

    def _forget_bytecode(self, source: Path) -> None:
        if source.suffix == ".py":
            for code in (source.parent / BYTECODE).glob(f"{source.stem}.*"):
                with suppress(OSError):
                    code.unlink()

    def _set_folder_modes(self) -> None:
        for name, entry in self._new.entries.items():
            if entry.kind == "folder" and entry.mode & 0o700 != 0o700:  # noqa: PLR2004
                (self._root / name).chmod(entry.mode)


def copy_new(tree: Path, known: set[str], target: Path) -> None:
    """Copy what was added to the tree, but for bytecode."""
    target.mkdir(parents=True, exist_ok=True)
    for folder, folders, names in os.walk(tree):
        links = [name for name in folders if Path(folder, name).is_symlink()]
        folders[:] = [name for name in folders if name != BYTECODE]
        for name in names + links:
            relative = (Path(folder) / name).relative_to(tree)
            if relative.as_posix() not in known:
                (target / relative).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(tree / relative, target / relative, follow_symlinks=False)


def copy_over(overlay: Path, tree: Path) -> None:
    """Put generated files into the tree, never in place of one that it has. Not the packages of
    Node: they are many, and links do."""
    for folder, folders, names in os.walk(overlay):
        links = [name for name in folders if Path(folder, name).is_symlink()]
        folders[:] = [name for name in folders if name != MODULES]
        target = tree / Path(folder).relative_to(overlay)
        target.mkdir(parents=True, exist_ok=True)
        for name in names + links:
            if not os.path.lexists(target / name):
                shutil.copy2(Path(folder) / name, target / name, follow_symlinks=False)
