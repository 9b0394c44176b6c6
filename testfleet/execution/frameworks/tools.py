"""Finding a tool that the project has installed, and its version."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from testfleet.execution.environments import EnvironmentUnusableError
from testfleet.execution.frameworks.framework import Job

_NUMBERS: Final = re.compile(r"\d{1,9}")


def named_tool(job: Job, name: str, hint: str = "") -> str:
    """The program of that name: of the project's packages, or on PATH.

    Raises EnvironmentUnusableError.
    """
    found = shutil.which(name, path=job.environment.get("PATH", os.defpath))
    if found is None:
        raise EnvironmentUnusableError(
            f"{name} is not there: neither in node_modules nor on PATH",
            hint=hint
            or f"install it (npm install --save-dev {name}), or set `setup` in [environment] of"
            ' testfleet.toml, e.g. ["npm ci"]',
        )
    return found


def package_folder(job: Job, package: str) -> Path | None:
    """Where Node would find a package from the suite's folder."""
    return next((path for path in _candidates(job, package) if path.is_dir()), None)


def package_version(job: Job, package: str) -> tuple[int, ...] | None:
    """The first three numbers of an installed package's version. None when it is not there."""
    folder = package_folder(job, package)
    try:
        text = (folder / "package.json").read_text("utf-8") if folder else ""
        version = json.loads(text)["version"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return tuple(int(number) for number in _NUMBERS.findall(str(version))[:3]) or None


def _candidates(job: Job, package: str) -> Iterator[Path]:
    for folder in (job.cwd, *job.cwd.parents):
        if folder.is_relative_to(job.tree):
            yield folder / "node_modules" / package
