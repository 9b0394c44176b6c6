"""What a working copy held when it was last in order: any change is seen without reading it."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

from testfleet.execution.files import write_atomically

Kind = Literal["file", "folder", "link"]


class Entry(NamedTuple):
    """One file, folder or link. Its change time cannot be set back, so `touch` hides nothing."""

    kind: Kind
    mode: int
    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    content: str
    """Digest of a file, target of a link."""

    @classmethod
    def of(cls, path: Path, content: str = "") -> Entry:
        """Describe the file or link that is on disk now."""
        status = path.lstat()
        return cls(
            "link" if stat.S_ISLNK(status.st_mode) else "file",
            stat.S_IMODE(status.st_mode),
            status.st_size,
            status.st_mtime_ns,
            status.st_ctime_ns,
            status.st_ino,
            content,
        )

    def describes(self, status: os.stat_result) -> bool:
        """Whether the thing on disk is untouched. A folder's times may differ."""
        if self.kind != kind_of(status) or self.mode != stat.S_IMODE(status.st_mode):
            return False
        return self.kind == "folder" or (
            self.ctime_ns == status.st_ctime_ns
            and self.mtime_ns == status.st_mtime_ns
            and self.size == status.st_size
            and self.inode == status.st_ino
        )


@dataclass
class Manifest:
    """All entries by name relative to the tree, and the archive that they came from."""

    sha256: str = ""
    entries: dict[str, Entry] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @classmethod
    def load(cls, path: Path) -> Manifest | None:
        """Read it. None when there is none or it cannot be understood."""
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            entries = {name: Entry(*values) for name, values in data["entries"].items()}
            return cls(sha256=data["sha256"], entries=entries, notes=data["notes"])
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return None

    def save(self, path: Path) -> None:
        """Write it."""
        data = {"sha256": self.sha256, "entries": self.entries, "notes": self.notes}
        write_atomically(path, json.dumps(data))


def kind_of(status: os.stat_result) -> Kind | None:
    """What lies there; None for sockets and the like."""
    if stat.S_ISREG(status.st_mode):
        return "file"
    if stat.S_ISDIR(status.st_mode):
        return "folder"
    return "link" if stat.S_ISLNK(status.st_mode) else None
