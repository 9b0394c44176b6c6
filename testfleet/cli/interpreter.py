"""Interpreter and variables of a run at home, so that the fleet on this machine uses the same."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from testfleet.contracts.project import EnvironmentConfig
from testfleet.errors import UsageError

_SECRET = re.compile(r"TOKEN|SECRET|PASSW|CREDENTIAL|PRIVATE|API_?KEY|ACCESS_?KEY|AUTH", re.I)
_OURS = ("AWS_", "TESTFLEET_")
_SHELL = frozenset({"_", "PWD", "OLDPWD", "SHLVL", "PS1"})
_PROBE = "import importlib.util as u, sys; print(sys.executable if u.find_spec('pytest') else '')"


def home_interpreter(root: Path, config: EnvironmentConfig) -> str | None:
    """Absolute path of the interpreter, or None when an environment has to be built.

    In this order: `[environment] python` of testfleet.toml (unless it also has `setup`), the
    project's own `.venv` or `venv`, an activated virtual environment, `python3` on PATH, and
    the interpreter of this command; the last three only if they have pytest.
    Raises UsageError when the configured one does not exist.
    """
    if config.setup:
        return None
    if config.python is not None:
        return _configured(root, config.python)
    for folder in (root / ".venv", root / "venv"):
        python = folder / "bin" / "python"
        if python.exists():
            return str(python)
    return next(filter(None, map(_real_with_pytest, _around())), None)


def _configured(root: Path, name: str) -> str:
    path = str(root / name) if "/" in name else shutil.which(name)
    if path is None or not Path(path).exists():
        raise UsageError(
            f"{root / 'testfleet.toml'}: environment.python: no interpreter {name!r}",
            hint="name one on PATH, a path relative to the file, or remove the key",
        )
    return path


def _around() -> Iterator[str]:
    activated = os.environ.get("VIRTUAL_ENV")
    if activated:
        yield str(Path(activated) / "bin" / "python")
    on_path = shutil.which("python3")
    if on_path:
        yield on_path
    yield sys.executable


def _real_with_pytest(python: str) -> str | None:
    """The interpreter behind the name, when it has pytest. Version managers put scripts on PATH
    that look for the real one anew at each start."""
    if python == sys.executable:
        return python
    try:
        probe = subprocess.run(
            [python, "-c", _PROBE], check=False, timeout=20, capture_output=True, text=True
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return probe.stdout.strip() or None


def home_variables() -> dict[str, str]:
    """The environment that tests would see at home.

    Without what looks like a secret: a run's request is stored. A test that needs one gets it
    from `env` of its suite or reads it from where it lies.
    """
    return {
        name: value
        for name, value in os.environ.items()
        if name not in _SHELL and not name.startswith(_OURS) and not _SECRET.search(name)
    }
