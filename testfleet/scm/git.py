"""Runs git in a folder, with the language and locks that a program wants."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Final

from testfleet.errors import UsageError

TIME_LIMIT_S: Final = 120
_PLACES: Final = (
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_PREFIX",
    "GIT_COMMON_DIR",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_NAMESPACE",
    "GIT_QUARANTINE_PATH",
)
"""What git sets for a hook. Taken over, all commands would be about the hook's repository, wherever
they are run."""


def run_git(root: Path, *args: str) -> subprocess.CompletedProcess[bytes]:
    """How git ended, whether well or not. Raises UsageError without git, or when it takes too
    long."""
    try:
        return subprocess.run(
            ["git", "-C", str(root), *args],
            capture_output=True,
            check=False,
            timeout=TIME_LIMIT_S,
            env=git_environment() | {"GIT_OPTIONAL_LOCKS": "0"},
        )
    except FileNotFoundError as exc:
        raise UsageError("no git on PATH", hint="install git") from exc
    except subprocess.TimeoutExpired as exc:
        raise UsageError(f"git {args[0]} took over {TIME_LIMIT_S} s in {root}") from exc


def git_environment() -> dict[str, str]:
    """This process's variables, for a git that works where it is told to and speaks English."""
    return {k: v for k, v in os.environ.items() if k not in _PLACES} | {"LC_ALL": "C"}


def reason_of(done: subprocess.CompletedProcess[bytes]) -> str:
    """Why git failed, in its own words."""
    said = os.fsdecode(done.stderr).strip().removeprefix("fatal: ")
    return said or f"exit code {done.returncode}"
