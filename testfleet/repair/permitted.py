"""Which files a repair may change, whoever proposes it."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Final

_TEST_FOLDERS: Final = frozenset({"test", "tests", "__tests__"})
_TEST_FILE: Final = re.compile(
    r"(?:test_.{0,200}|.{0,200}_test|conftest)\.py|.{0,200}\.(?:test|spec)\.[cm]?[jt]sx?", re.I
)
_CONFIGURATION: Final = frozenset(
    {".toml", ".cfg", ".ini", ".json", ".yml", ".yaml", ".lock", ".xml", ".properties", ".env"}
)
_CONFIGURATION_NAMES: Final = frozenset(
    {"setup.py", "noxfile.py", "tasks.py", "Makefile", "Dockerfile", "sitecustomize.py"}
)


def why_not_permitted(path: str) -> str:
    """Why no repair may change the file at this path; empty when one may."""
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts or any(sign in path for sign in "\\:~\0"):
        return "an edit outside of the repository"
    if _TEST_FILE.fullmatch(pure.name):
        return "an edit of a test"
    if _TEST_FOLDERS & {part.lower() for part in pure.parts[:-1]}:
        return "an edit of a test"
    if pure.name in _CONFIGURATION_NAMES or pure.suffix.lower() in _CONFIGURATION:
        return "an edit of the configuration"
    if any(part.startswith(".") for part in pure.parts):
        return "an edit of the configuration"
    return ""
