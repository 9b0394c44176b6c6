"""The user's files, and what edits make of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from testfleet.repair.patch import unified_diff
from testfleet.repair.scope import why_locked
from testfleet.repair.typescript.model import Edit, edited

_MARK: Final = b"\xef\xbb\xbf"
"""Byte order mark: the compiler does not count it."""

Batches = Sequence[Sequence[Edit]]
"""Edits that are applied one batch after the other."""


class Texts:
    """Files below a root, read once and never written."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._bytes: dict[str, bytes] = {}

    def readable(self, edits: Sequence[Edit]) -> bool:
        """Whether every file may be edited: it is UTF-8, and neither generated nor vendored."""
        return not any(self.why_not(edit.file) for edit in edits)

    def why_not(self, path: str) -> str:
        """Why a file is not edited; empty when it is."""
        try:
            text = self._text(path)
        except UnicodeDecodeError:
            return f"{path} is not UTF-8"
        return why_locked(path, text)

    def preview(self, batches: Batches) -> dict[str, bytes]:
        """New contents of the files that the edits change."""
        texts: dict[str, str] = {}
        for batch in batches:
            for path in {edit.file for edit in batch}:
                mine = [edit for edit in batch if edit.file == path]
                texts[path] = edited(texts.get(path) or self._text(path), mine)
        return {path: self._encode(path, text) for path, text in texts.items()}

    def changed(self, batches: Batches) -> dict[str, tuple[bytes, bytes]]:
        """Old and new contents."""
        return {path: (self._read(path), new) for path, new in self.preview(batches).items()}

    def diff(self, batches: Batches) -> str:
        """Unified diff of all."""
        return "".join(
            unified_diff(path, self._text(path), self._decode(new))
            for path, new in sorted(self.preview(batches).items())
        )

    def line_of(self, edit: Edit) -> int:
        """Line of the unchanged file that an edit of a first batch begins in."""
        text = self._read(edit.file).removeprefix(_MARK).decode("utf-8", "replace")
        return text[: edit.start].count("\n") + 1

    def _read(self, path: str) -> bytes:
        if path not in self._bytes:
            self._bytes[path] = (self._root / path).read_bytes()
        return self._bytes[path]

    def _text(self, path: str) -> str:
        return self._decode(self._read(path))

    def _decode(self, content: bytes) -> str:
        return content.removeprefix(_MARK).decode("utf-8")

    def _encode(self, path: str, text: str) -> bytes:
        mark = _MARK if self._read(path).startswith(_MARK) else b""
        return mark + text.encode("utf-8")


def files_of(batches: Batches) -> tuple[str, ...]:
    """Paths that the edits change."""
    return tuple(sorted({edit.file for batch in batches for edit in batch}))
