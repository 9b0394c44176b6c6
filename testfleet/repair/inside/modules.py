"""What is imported: the project's own modules, and those of others."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path


def own_modules(root: str) -> list[str]:
    """Modules of the project that are loaded, but for conftest files, which never change."""
    found = []
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if not isinstance(file, str) or not file.startswith(root + os.sep):
            continue
        if Path(file).name != "conftest.py" and "site-packages" not in file:
            found.append(name)
    return found


def foreign_modules(root: str) -> list[str]:
    """What is imported, is not the project's, and could be imported once for all."""
    found = []
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        is_own = isinstance(file, str) and file.startswith(root + os.sep)
        if isinstance(file, str) and not is_own and "_testfleet" not in name:
            found.append(name)
    return found


def has_threads() -> bool:
    """Whether a fork would lose threads, and hang on their locks."""
    return threading.active_count() > 1
