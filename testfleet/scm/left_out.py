"""Which ignored files a project's tests may need all the same."""

from __future__ import annotations

import os
from collections.abc import Container
from pathlib import Path, PurePosixPath

from testfleet.errors import UsageError
from testfleet.scm.git import run_git

_BUILT = frozenset({".dylib", ".mo", ".node", ".py", ".pyd", ".pyi", ".so", ".wasm"})
"""What builds write beside the sources, and programs load from there."""


def left_out_builds(root: Path, files: Container[str]) -> list[str]:
    """Sorted paths of what git ignores in folders of the source, that looks generated for use.

    A `_version.py`, an extension built in place or a compiled catalogue are there at home and
    missing on a fleet. Folders that are ignored as a whole are not looked into. Empty without git.
    """
    try:
        listed = run_git(
            root, "ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory"
        )
    except UsageError:
        return []
    paths = os.fsdecode(listed.stdout).split("\0") if listed.returncode == 0 else []
    return sorted(
        path for path in paths if PurePosixPath(path).suffix in _BUILT and path not in files
    )
