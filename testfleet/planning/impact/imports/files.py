"""What a path says about a file: code, configuration, documentation, or data."""

from __future__ import annotations

import re
from enum import StrEnum
from posixpath import basename, splitext
from typing import Final


class FileKind(StrEnum):
    """How a change of a file is followed."""

    PYTHON = "python"
    SCRIPT = "script"
    """JavaScript or TypeScript."""
    CONFIGURATION = "configuration"
    DOCUMENT = "documentation"
    DATA = "data"
    """All else. Any test may read it."""


_SCRIPTS: Final = frozenset(
    ".cjs .cts .js .jsx .mjs .mts .svelte .ts .tsx .vue".split()  # noqa: SIM905
)

_CONFIGURATION: Final = re.compile(
    r"(py|c)?project\.toml|setup\.(cfg|py)|tox\.ini|\.?pytest\.(ini|toml)|testfleet\.toml"
    r"|.*requirements.*\.(txt|in)|constraints.*\.txt|.*\.lock|Pipfile|environment\.ya?ml|noxfile\.py"
    r"|\.?coveragerc|\.env.*|\.python-version|sitecustomize\.py|usercustomize\.py|.*\.pth"
    r"|package(-lock)?\.json|npm-shrinkwrap\.json|pnpm-(lock|workspace)\.ya?ml|[jt]sconfig.*\.json"
    r"|\.npmrc|\.nvmrc|\.babelrc.*|.*\.config\.[cm]?[jt]s"
)
"""Names of files that may change every test."""

_DOCUMENT_FOLDERS: Final = frozenset({"doc", "docs"})
_DOCUMENT_NAMES: Final = re.compile(
    r"(AUTHORS|CHANGE(LOG|S)|CITATION|CODE_OF_CONDUCT|CONTRIBUTING|CONTRIBUTORS|COPYING|HISTORY"
    r"|LICEN[CS]E|MAINTAINERS|NEWS|NOTICE|README|SECURITY|THANKS)([-._].*)?",
    re.IGNORECASE,
)
_DOCUMENT_ENDINGS: Final = frozenset({"", ".md", ".markdown", ".rst", ".adoc", ".txt"})
_TEST_FOLDERS: Final = frozenset({"test", "tests", "testing"})
_DATA_FOLDERS: Final = _TEST_FOLDERS | frozenset(
    "__snapshots__ data fixtures resources snapshots templates testdata".split()  # noqa: SIM905
)
_PICTURES: Final = frozenset({".svg", ".png", ".jpg", ".jpeg", ".gif", ".webp", ".ico"})


def kind_of(path: str) -> FileKind:
    """The kind of the file at a path, by its names alone."""
    name = basename(path)
    ending = splitext(name)[1].lower()
    if _CONFIGURATION.fullmatch(name):
        return FileKind.CONFIGURATION
    if ending == ".py":
        return FileKind.PYTHON
    if ending in _SCRIPTS:
        return FileKind.SCRIPT
    return FileKind.DOCUMENT if _is_document(path, name, ending) else FileKind.DATA


def is_in_tests(path: str) -> bool:
    """Whether a folder above a file is named as tests are."""
    return not _TEST_FOLDERS.isdisjoint(path.split("/")[:-1])


def _is_document(path: str, name: str, ending: str) -> bool:
    if not _DATA_FOLDERS.isdisjoint(path.split("/")[:-1]):
        return False
    if ending in (".md", ".markdown", ".rst", ".adoc"):
        return True
    if _DOCUMENT_NAMES.fullmatch(name) and ending in _DOCUMENT_ENDINGS:
        return True
    is_below_docs = path.partition("/")[0].lower() in _DOCUMENT_FOLDERS and "/" in path
    return is_below_docs and (ending == ".txt" or ending in _PICTURES)
