"""Facts of source files, kept in a file on this machine between runs."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from testfleet.planning.impact.imports.facts import FORMAT, FileFacts, from_row, to_row

# What parses depends on the interpreter too.
_FORMAT = [FORMAT, *sys.version_info[:2]]


class FileFactStore:
    """One JSON file a project, below `home`. Anything it cannot read counts as empty."""

    def __init__(self, home: Path, project: Path) -> None:
        name = hashlib.sha256(str(project).encode("utf-8", "surrogateescape")).hexdigest()[:16]
        self._path = home / "imports" / f"{name}.json"

    def load(self) -> Mapping[str, FileFacts]:
        """What is kept; empty when the file is absent, broken or of another version."""
        try:
            content = json.loads(self._path.read_bytes())
            if content["format"] != _FORMAT:
                return {}
            return {key: from_row(row) for key, row in content["facts"].items()}
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return {}

    def save(self, facts: Mapping[str, FileFacts]) -> None:
        """Replace the file as a whole. Without space or rights for it, only speed is lost."""
        content = {"format": _FORMAT, "facts": {key: to_row(one) for key, one in facts.items()}}
        draft = self._path.with_suffix(f".{os.getpid()}")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            draft.write_text(json.dumps(content, separators=(",", ":")), "utf-8")
            draft.replace(self._path)
        except OSError:
            draft.unlink(missing_ok=True)
