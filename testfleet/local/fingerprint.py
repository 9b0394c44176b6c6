"""Hashes that tell whether what runs is what the checkout holds."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.metadata import version
from pathlib import Path

from testfleet.config import ROOT

_DEPLOYED = (
    "app.py",
    "cdk.json",
    "config/local.toml",
    "requirements.txt",
    "lambdas",
    "stacks",
    "statemachines",
    "testfleet",
)
_NOT_DEPLOYED = ("testfleet/cli", "testfleet/local")


def application_fingerprint(root: Path = ROOT) -> str:
    """Hash of everything that `app.py` deploys."""
    return _fingerprint(root, _files(root, _DEPLOYED, _NOT_DEPLOYED))


@cache
def program_fingerprint(root: Path = ROOT) -> str:
    """Hash of what the daemon runs: our code around ministack, its version, and the interpreter."""
    extra = f"{version('ministack')} {sys.executable} {sys.version}"
    files = _files(root, ("testfleet/local", "config/local.toml"), ())
    return hashlib.sha256(f"{extra} {_fingerprint(root, files)}".encode()).hexdigest()[:16]


def _files(root: Path, names: Iterable[str], without: tuple[str, ...]) -> Iterator[Path]:
    excluded = [root / name for name in without]
    for name in names:
        path = root / name
        found = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in found:
            hidden = "__pycache__" in file.parts or any(map(file.is_relative_to, excluded))
            if file.is_file() and not hidden:
                yield file


def _fingerprint(root: Path, files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        content = file.read_bytes()
        digest.update(f"{file.relative_to(root)}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:16]
