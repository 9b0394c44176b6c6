"""What a TypeScript project has installed: Node.js, its compiler, its test runner."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from testfleet.config import ROOT
from testfleet.errors import UsageError

CONFIG: Final = "tsconfig.json"
_PACKAGES: Final = ("*/tsconfig.json", "packages/*/tsconfig.json", "apps/*/tsconfig.json")
_PYTHON_TEST: Final = re.compile(r"(^|/)(test_[^/]*|[^/]*_test)\.py$")
RUNNERS: Final = ("vitest", "jest")


@dataclass(frozen=True)
class Home:
    """Where the tools of a project are."""

    root: Path
    node: str
    tsc: Path
    configs: tuple[str, ...]
    lints: bool
    """Whether ESLint is installed and configured."""
    runner: str
    """`vitest`, `jest`, or empty."""

    @property
    def runner_path(self) -> Path:
        """Program of the test runner."""
        return self.root / "node_modules" / ".bin" / self.runner


def is_typescript(root: Path, files: Sequence[str], engines: Sequence[str]) -> bool:
    """Whether a repair here is about TypeScript, ESLint, Vitest or Jest: one of them is configured,
    and either there is no pytest suite, or the engine `tools` was asked for by name."""
    if not (_configs(root) or _lints(root) or _runner(root)):
        return False
    return "tools" in engines or not any(_PYTHON_TEST.search(path) for path in files)


def find_home(root: Path) -> Home:
    """Look for the tools. Raises UsageError when Node.js or a configuration is missing."""
    node = shutil.which("node")
    if node is None:
        raise UsageError("no node on PATH", hint="install Node.js 20 or newer")
    configs, lints, runner = _configs(root), _lints(root), _runner(root)
    if not configs and not lints and not runner:
        raise UsageError(
            f"{root} has no {CONFIG}, and neither Vitest nor Jest is installed there",
            hint="run `npm install` there, or name the folder that has one of them",
        )
    return Home(root, node, _tsc(root), configs, lints, runner)


def _lints(root: Path) -> bool:
    """Whether ESLint is installed and has a configuration here."""
    named = (*root.glob("eslint.config.*"), *root.glob(".eslintrc*"))
    return bool(named) and (root / "node_modules" / ".bin" / "eslint").exists()


def _configs(root: Path) -> tuple[str, ...]:
    if (root / CONFIG).is_file():
        return (CONFIG,)
    found = {
        path.relative_to(root).as_posix()
        for pattern in _PACKAGES
        for path in root.glob(pattern)
        if "node_modules" not in path.parts
    }
    return tuple(sorted(found))


def _tsc(root: Path) -> Path:
    """The project's own; Testfleet's where it has none."""
    places = (folder / "node_modules" / ".bin" / "tsc" for folder in (root, *root.parents, ROOT))
    found = next((path for path in places if path.exists()), None)
    if found is None:
        raise UsageError(
            f"no tsc in node_modules of {root}", hint="run `npm install` there, then try again"
        )
    return found


def _runner(root: Path) -> str:
    """The test runner that package.json names, if it is installed."""
    package = root / "package.json"
    try:
        content: dict[str, Any] = json.loads(package.read_text("utf-8"))
        script = str(content.get("scripts", {}).get("test", ""))
        known = {**content.get("dependencies", {}), **content.get("devDependencies", {})}
    except (OSError, ValueError, AttributeError, TypeError):
        return ""
    configured = {name for name in RUNNERS if any(root.glob(f"{name}.config.*"))}
    configured |= {name for name in RUNNERS if re.search(rf"\b{name}\b", script)}
    named = [name for name in RUNNERS if name in configured or name in known]
    installed = (name for name in named if (root / "node_modules" / ".bin" / name).exists())
    return next(installed, "")
