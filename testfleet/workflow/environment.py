"""How the tests' environment is to be made, from testfleet.toml or from the project's own files."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterable
from fnmatch import fnmatch
from typing import Final

from testfleet.contracts.project import EnvironmentConfig
from testfleet.planning.source_tree import SourceTree
from testfleet.workflow.prepared import SetupCommands

_DEFAULT_PYTHON = "python3"
_TEST_GROUPS = ("test", "tests", "testing", "dev")
_REQUIREMENTS = (
    "requirements.txt",
    "requirements-test.txt",
    "requirements-tests.txt",
    "requirements-dev.txt",
    "requirements_dev.txt",
    "test-requirements.txt",
    "dev-requirements.txt",
)


_NODE_LOCKS: Final = {
    "package-lock.json": "npm ci",
    "npm-shrinkwrap.json": "npm ci",
    "pnpm-lock.yaml": "corepack pnpm install --frozen-lockfile",
    "yarn.lock": "corepack yarn install --immutable",
    "bun.lock": "bun install --frozen-lockfile",
    "package.json": "npm install",
}
"""What installs by which file; the first that is there counts."""
_NODE_FRAMEWORKS: Final = frozenset({"vitest", "jest", "playwright", "tsc", "eslint"})


def plan_environment(
    tree: SourceTree, config: EnvironmentConfig, image: str, framework: str = "pytest"
) -> SetupCommands:
    """The set-up commands and the key that their result is kept under.

    The key changes with the commands, the interpreter, the worker's `image` and the content of
    every file that `config.inputs` names.
    """
    setup = config.setup or guess_setup(tree, framework)
    python = config.python or _DEFAULT_PYTHON
    digest = hashlib.sha256(repr((image, python, setup)).encode())
    for path in _inputs(tree, config.inputs):
        digest.update(path.encode("utf-8", "surrogateescape") + b"\0")
        digest.update(hashlib.sha256(tree.read(path)).digest())
    return SetupCommands(key=digest.hexdigest()[:32], python=python, setup=setup)


def guess_setup(tree: SourceTree, framework: str = "pytest") -> tuple[str, ...]:
    """What a developer would type to get this project's tests to run."""
    paths = {file.path for file in tree.paths()}
    node = next((line for name, line in _NODE_LOCKS.items() if name in paths), None)
    if framework in _NODE_FRAMEWORKS:
        return (node,) if node else ()
    python = _guess_python(tree, paths)
    return (*python, node) if framework == "command" and node else python


def _guess_python(tree: SourceTree, paths: set[str]) -> tuple[str, ...]:
    commands = [f"python -m pip install -r {name}" for name in _REQUIREMENTS if name in paths]
    pyproject = _pyproject(tree) if "pyproject.toml" in paths else {}
    if "setup.py" in paths or "setup.cfg" in paths or "build-system" in pyproject:
        commands.append(f"python -m pip install -e .{_extra(pyproject)}")
    commands += [
        f"python -m pip install --group {name}"
        for name in _TEST_GROUPS
        if name in _table(pyproject, "dependency-groups")
    ]
    # Last, so that the project's own pin of pytest wins.
    return (*commands, "python -m pip install pytest")


def _extra(pyproject: dict[str, object]) -> str:
    extras = _table(_table(pyproject, "project"), "optional-dependencies")
    return next((f"[{name}]" for name in _TEST_GROUPS if name in extras), "")


def _table(parent: dict[str, object], name: str) -> dict[str, object]:
    value = parent.get(name)
    return value if isinstance(value, dict) else {}


def _pyproject(tree: SourceTree) -> dict[str, object]:
    try:
        return tomllib.loads(tree.read("pyproject.toml").decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError):
        return {}  # The set-up command will say what is wrong with it, in pip's own words.


def _inputs(tree: SourceTree, globs: Iterable[str]) -> list[str]:
    wanted = tuple(globs)
    return [f.path for f in tree.paths() if any(fnmatch(f.path, glob) for glob in wanted)]
