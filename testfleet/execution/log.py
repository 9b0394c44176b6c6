"""What a task's processes print: a file that is kept small, its beginning and its end preserved."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

CUT: Final = "\n[... {count} bytes cut ...]\n"


class BoundedLog:
    """The file that children append to. `trim` must be called now and then while they do.

    Children hold it open with O_APPEND, so it may be truncated under them: they write on at the new
    end, and never fail or wait for us.
    """

    def __init__(self, path: Path, limit_bytes: int) -> None:
        self.path = path
        self._limit = limit_bytes
        self._half = limit_bytes // 2
        self._head = b""
        self._tail = b""
        self._past = 0  # bytes that have been in the file before it was last truncated
        path.unlink(missing_ok=True)
        self.fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    @property
    def position(self) -> int:
        """Bytes written in all, to be handed to `since`."""
        return self._past + os.fstat(self.fd).st_size

    def trim(self) -> None:
        """Free the disk when more was written than is kept."""
        size = os.fstat(self.fd).st_size
        if size <= self._limit:
            return
        self._head = self._head or os.pread(self.fd, self._half, 0)
        self._tail = os.pread(self.fd, self._half, size - self._half)
        self._past += size
        os.ftruncate(self.fd, 0)

    def since(self, position: int, limit: int) -> str:
        """The last part, of at most `limit` bytes, of what was written after the position."""
        size = os.fstat(self.fd).st_size
        start = max(0, position - self._past, size - limit)
        recent = os.pread(self.fd, limit, start)
        if position < self._past:
            recent = (self._tail + recent)[-limit:]
        return recent.decode("utf-8", "backslashreplace").strip()

    def kept(self) -> bytes:
        """All that is to be kept."""
        size = os.fstat(self.fd).st_size
        if not self._head:
            return os.pread(self.fd, size, 0)
        end = (self._tail + os.pread(self.fd, self._half, max(0, size - self._half)))[-self._half :]
        cut = self._past + size - len(self._head) - len(end)
        return self._head + CUT.format(count=cut).encode() + end

    def was_cut(self) -> bool:
        """Whether something of it is lost."""
        return bool(self._head)

    def close(self) -> None:
        """Close our end."""
        os.close(self.fd)
