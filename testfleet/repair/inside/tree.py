"""The copy that candidates are tried in: their changes go in, whatever they did there goes out."""

from __future__ import annotations

import base64
import os
import shutil
from pathlib import Path

FEW_FILES = 600
"""So many are looked at after each candidate: it takes about a millisecond."""
SELDOM = 64
"""Of more than that, only folders, and all of it after as many candidates."""
OURS = frozenset({"__pycache__", ".pytest_cache", ".hypothesis"})


class Tree:
    """A folder that is kept like its pristine twin, but for the files of the present candidate."""

    def __init__(self, root: str, pristine: str) -> None:
        self._root = root
        self._pristine = pristine
        self._written: dict[str, bytes] = {}
        self._count = 0
        self._entries: dict[str, set[str]] = {}
        self._times: dict[str, int] = {}
        self._files: dict[str, tuple[int, int]] = {}
        for folder, subfolders, names in os.walk(root):
            subfolders[:] = [name for name in subfolders if name not in OURS]
            self._entries[folder] = {*subfolders, *names}
            for name in names:
                self._note(os.path.join(folder, name))  # noqa: PTH118  many of them
        self._look_at_folders()

    def write(self, files: dict[str, str]) -> None:
        """Let exactly these files (absolute path to Base64) differ from the pristine ones."""
        for path in [path for path in self._written if path not in files]:
            self._recover(path)
        for path, encoded in files.items():
            content = base64.b64decode(encoded)
            if self._written.get(path) != content:
                self._count += 1
                if os.path.islink(path):  # noqa: PTH114  what it leads to is another file
                    _remove(path)
                Path(path).write_bytes(content)
                # Byte code is valid for a time in whole seconds and a size: never the same twice.
                second = 1_000_000_000 + self._count
                os.utime(path, (second, second))
                self._written[path] = content
                self._note(path)

    def restore(self, *, thorough: bool) -> int:
        """Undo what the last candidate did to the folder; how much that was."""
        self._count += 1
        mended = 0
        for folder, time_ns in list(self._times.items()):
            if _time_of(folder) != time_ns:
                mended += self._restore_entries(folder)
        if thorough or len(self._files) <= FEW_FILES or self._count % SELDOM == 0:
            mended += self._restore_contents()
        if mended:
            self._look_at_folders()
        return mended

    def _restore_entries(self, folder: str) -> int:
        wanted = self._entries[folder]
        if not os.path.isdir(folder):  # noqa: PTH112
            _remove(folder)
            Path(folder).mkdir(parents=True, exist_ok=True)
        there = set(os.listdir(folder))  # noqa: PTH208
        extra = there - wanted - OURS
        for name in extra:
            _remove(os.path.join(folder, name))  # noqa: PTH118
        missing = wanted - there
        for name in missing:
            self._recover(os.path.join(folder, name))  # noqa: PTH118
        return len(extra) + len(missing) + 1

    def _restore_contents(self) -> int:
        changed = [path for path, facts in self._files.items() if _facts_of(path) != facts]
        for path in changed:
            self._recover(path)
        return len(changed)

    def _recover(self, path: str) -> None:
        self._written.pop(path, None)
        source = self._pristine + path[len(self._root) :]
        if os.path.isdir(source) and not os.path.islink(source):  # noqa: PTH112, PTH114
            self._recover_folder(path)
            return
        _remove(path)
        self._copy(source, path)
        self._note(path)

    def _copy(self, source: str, path: str) -> None:
        """Links stay links, but never such that lead into the twin, or out of the tree."""
        leads_to = os.path.realpath(source)
        if os.path.islink(source) and leads_to.startswith(self._pristine + os.sep):  # noqa: PTH114
            folder = os.path.realpath(os.path.dirname(source))  # noqa: PTH120
            os.symlink(os.path.relpath(leads_to, folder), path)  # noqa: PTH211
        else:
            shutil.copy2(source, path)

    def _recover_folder(self, folder: str) -> None:
        Path(folder).mkdir(parents=True, exist_ok=True)
        for name in self._entries.get(folder, ()):
            self._recover(os.path.join(folder, name))  # noqa: PTH118

    def _note(self, path: str) -> None:
        facts = _facts_of(path)
        if facts is not None:
            self._files[path] = facts

    def _look_at_folders(self) -> None:
        self._times = {folder: _time_of(folder) for folder in self._entries}


def _facts_of(path: str) -> tuple[int, int] | None:
    try:
        status = os.lstat(path)
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns


def _time_of(folder: str) -> int:
    try:
        return os.lstat(folder).st_mtime_ns
    except OSError:
        return -1


def _remove(path: str) -> None:
    if os.path.isdir(path) and not os.path.islink(path):  # noqa: PTH112, PTH114
        shutil.rmtree(path, ignore_errors=True)
    else:
        Path(path).unlink() if os.path.lexists(path) else None
