"""File operations that do not give up."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import stat
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

_FULL: Final = (errno.ENOSPC, errno.EDQUOT)


def is_disk_full(error: OSError) -> bool:
    """Whether the error says that no more can be written."""
    return error.errno in _FULL


def force_remove(path: Path) -> None:
    """Remove a file or a whole folder, locked parts too. OSError if it stays all the same."""
    # Not `is_file`: opening a FIFO to look into it would wait for ever.
    if not stat.S_ISDIR(path.lstat().st_mode):
        path.unlink()
        return
    with suppress(OSError, RecursionError):
        shutil.rmtree(path)
    if not path.exists():
        return
    # Python's own removal is recursive and so fails in a very deep tree; these two are not.
    for command in (["chmod", "-R", "u+rwX", "--"], ["rm", "-rf", "--"]):
        subprocess.run([*command, str(path)], check=False, stderr=subprocess.DEVNULL)
    if path.exists():
        raise OSError(errno.ENOTEMPTY, "cannot be removed", str(path))


def remove_quietly(path: Path) -> bool:
    """Remove it as far as possible; whether it is gone."""
    with suppress(OSError):
        force_remove(path)
    return not os.path.lexists(path)


def write_atomically(path: Path, text: str) -> None:
    """Replace the file's content: others see the old or the new, never a part."""
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as file:
        file.write(text)
    Path(file.name).replace(path)


def try_lock(path: Path) -> int | None:
    """An exclusive lock on the file, held until the descriptor is closed; None when it is taken."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        return None
    return fd
