"""Python sources as text that goes back to disk byte for byte."""

from __future__ import annotations

import io
import tokenize
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from testfleet.contracts.repair import TextEdit


@dataclass(frozen=True)
class Source:
    """A decoded file. Line ends are as on disk."""

    text: str
    encoding: str
    """With `utf-8-sig` for a byte order mark."""

    def encode(self, text: str) -> bytes:
        """Another text as this file would hold it. Raises UnicodeEncodeError."""
        return text.encode(self.encoding)


def read_source(content: bytes) -> Source | None:
    """Decoded as Python would, by byte order mark and coding cookie; None when it cannot be."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        source = Source(content.decode(encoding), encoding)
        return source if source.encode(source.text) == content else None
    except (SyntaxError, UnicodeError, LookupError):
        return None


def apply_edits(text: str, edits: Iterable[TextEdit]) -> str:
    """The text with the edits of one file made."""
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end), reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def paths_of(edits: Sequence[TextEdit]) -> tuple[str, ...]:
    """Files that the edits touch, sorted."""
    return tuple(sorted({edit.path for edit in edits}))
