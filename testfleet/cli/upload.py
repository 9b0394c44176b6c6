"""Brings a working tree to the fleet, once for each state of it."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from testfleet.cli.home import home
from testfleet.errors import FleetError
from testfleet.scm.working_tree import fingerprint, pack
from testfleet.workflow.keys import source_key

if TYPE_CHECKING:
    from testfleet.cli.client import Client


def upload_source(client: Client, root: Path, files: tuple[str, ...]) -> str:
    """Pack the files unless the fleet has them; return the archive's SHA-256.

    Raises FleetError where there is no room for the archive.
    """
    mark = fingerprint(root, files)
    known = _remembered(mark)
    if known and client.objects.exists(source_key(known)):
        return known
    folder = _scratch()
    try:
        with tempfile.NamedTemporaryFile(prefix="source-", dir=folder) as packed:
            sha256 = pack(root, files, packed)
            packed.flush()
            if not client.objects.exists(source_key(sha256)):
                client.upload(source_key(sha256), Path(packed.name))
    except OSError as exc:
        raise FleetError(
            f"cannot pack {root} into {folder}: {exc.strerror or exc}",
            hint="free space there, set TESTFLEET_HOME to a folder on a larger disk, or leave"
            " large files out with .gitignore",
        ) from exc
    _remember(mark, sha256)
    return sha256


def _scratch() -> Path:
    folder = home() / "tmp"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return Path(tempfile.gettempdir())
    return folder


def _memory() -> Path:
    return home() / "sources.json"


def _remembered(mark: str) -> str | None:
    try:
        known = json.loads(_memory().read_text("utf-8"))
    except (OSError, ValueError):
        return None
    value = known.get(mark) if isinstance(known, dict) else None
    return value if isinstance(value, str) else None


def _remember(mark: str, sha256: str) -> None:
    """Keep the newest few, so that an unchanged tree need not be packed again."""
    try:
        known = json.loads(_memory().read_text("utf-8"))
        entries = list(known.items())[-49:]
    except (OSError, ValueError, AttributeError):
        entries = []
    draft = _memory().with_suffix(f".{mark[:8]}")
    try:
        draft.write_text(json.dumps(dict([*entries, (mark, sha256)])), "utf-8")
        draft.replace(_memory())
    except OSError:
        draft.unlink(missing_ok=True)  # Only speed is lost.
