"""Which files of a JavaScript project a repair may change."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from testfleet.repair.scope import MOST_BYTES, why_locked

MOST_FILES: Final = 600
_CODE: Final = re.compile(r"(?<!\.d)\.[cm]?[jt]sx?$")
_TEST: Final = re.compile(
    r"(^|/)(__tests__|__mocks__|__fixtures__|tests?|specs?|e2e|fixtures)/"
    r"|[.-](test|spec|e2e|bench|stories)(-d)?\.[cm]?[jt]sx?$"
)
_SETTINGS: Final = re.compile(
    r"(^|/)(\.[^/]*|[^/]+\.config\.[cm]?[jt]s|[^/]*\bsetup\b[^/]*\.[cm]?[jt]sx?)$"
)
_BUILT: Final = frozenset({"dist", "build", "coverage", "out", ".next", "node_modules"})


def is_code(path: str) -> bool:
    """Whether it is JavaScript or TypeScript that runs."""
    return bool(_CODE.search(path))


def is_test(path: str) -> bool:
    """Whether a file is a test, or stands beside tests, by its name."""
    return bool(_TEST.search(path))


def why_not(root: Path, path: str) -> str:
    """Why a file is not edited; empty when it is."""
    parts = Path(path).parts[:-1]
    if _BUILT.intersection(parts):
        return f"{path} is built or installed"
    try:
        content = (root / path).read_bytes()
    except OSError as exc:
        return f"{path} cannot be read: {exc.strerror}"
    if len(content) > MOST_BYTES:
        return f"{path} is larger than {MOST_BYTES / 1e6:.1f} MB"
    try:
        return why_locked(path, content.decode())
    except UnicodeDecodeError:
        return f"{path} is not UTF-8"


def editable(root: Path, files: Sequence[str], tests: Sequence[str]) -> list[str]:
    """Sources that may be at fault: no tests, no settings, nothing built, generated, vendored."""
    shut = set(tests)
    code = (path for path in files if is_code(path) and path not in shut)
    own = (path for path in code if not is_test(path) and not _SETTINGS.search(path))
    return [path for path in own if not why_not(root, path)][:MOST_FILES]
