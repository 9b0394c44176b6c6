"""Runs git in a folder, with the language and locks that a program wants."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Final

from testfleet.errors import UsageError

TIME_LIMIT_S: Final = 120


def run_git(root: Path, *args: str) -> subprocess.CompletedProcess[bytes]:
    """How git ended, whether well or not. Raises UsageError without git, or when it takes too
    long."""
    try:
        return subprocess.run(
            ["git", "-C", str(root), *args],
            capture_output=True,
            check=False,
            timeout=TIME_LIMIT_S,
            env=os.environ | {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"},
        )
    except FileNotFoundError as exc:
        raise UsageError("no git on PATH", hint="install git") from exc
    except subprocess.TimeoutExpired as exc:
        raise UsageError(f"git {args[0]} took over {TIME_LIMIT_S} s in {root}") from exc


def reason_of(done: subprocess.CompletedProcess[bytes]) -> str:
    """Why git failed, in its own words."""
    said = os.fsdecode(done.stderr).strip().removeprefix("fatal: ")
    return said or f"exit code {done.returncode}"
