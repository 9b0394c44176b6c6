"""One output of a tool, and how a tool is run."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

LIMIT_S = 30


@dataclass(frozen=True)
class Example:
    """One output of a tool and what it shows."""

    tool: str
    domain: str
    cause: str
    text: str


def run(command: Sequence[str], folder: Path, *, also_good: bool = False) -> str:
    """What it prints, out and err together; the folder's own path is made a common one.

    Nothing if it went well, unless that is `also_good`.
    """
    with TemporaryFile() as printed:  # a pipe stays open as long as a grandchild lives
        try:
            code = subprocess.run(
                command,
                cwd=folder,
                stdout=printed,
                stderr=subprocess.STDOUT,
                timeout=LIMIT_S,
                check=False,
                env={**os.environ, "CI": "1"},
            ).returncode
        except (OSError, subprocess.TimeoutExpired):
            return ""
        printed.seek(0)
        text = printed.read().decode("utf-8", "replace") if code or also_good else ""
    return re.sub(re.escape(str(folder)), "/app", text)
