"""Values that are read out of a configuration, and how they are put together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from posixpath import join
from typing import Any, Final

LONGEST: Final = 10_000
"""Items of a list. One that grows beyond is not written down as literals."""


HERE: Final = "."
"""Stands for the folder of the file, in `__dirname` and its like."""
FOLDERS: Final = frozenset({"__dirname", "import.meta.dirname", "import.meta.url", "process.cwd"})
_WRAPPERS: Final = frozenset(
    {"defineConfig", "defineProject", "defineWorkspace", "defineVitestConfig", "freeze"}
)
_MERGERS: Final = frozenset({"mergeConfig", "assign"})
_PATHS: Final = frozenset({"join", "resolve", "fileURLToPath", "URL"})


class Unknown:
    """A value that only running the file would tell."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()


@dataclass(frozen=True)
class Regex:
    """A regular expression literal."""

    source: str
    flags: str = ""


def number(text: str) -> Any:
    """A whole number; others are unknown."""
    try:
        return int(text)
    except ValueError:
        return UNKNOWN


def called(path: str, given: Sequence[Any]) -> Any:
    """What a call returns, for those functions that configurations are written with."""
    name = path.rpartition(".")[2]
    if name in _WRAPPERS and given:
        return given[0]
    if name in _MERGERS and given:
        return _merged(given)
    if path in FOLDERS:
        return HERE
    return _joined(given, is_url=name == "URL") if name in _PATHS else UNKNOWN


def _joined(parts: Sequence[Any], *, is_url: bool) -> Any:
    """A path below the folder of the file. Of `new URL("./x", import.meta.url)` the last is it."""
    ordered = parts[::-1] if is_url else parts
    if not ordered or not all(isinstance(part, str) for part in ordered):
        return UNKNOWN
    return join(*ordered)


def _merged(values: Sequence[Any]) -> Any:
    """Configurations laid over each other, key by key. Lists are appended, as Vite does it."""
    result: Any = {}
    for value in values:
        result = _over(result, value if isinstance(value, dict) else {UNKNOWN: UNKNOWN})
    return result


def _over(below: Any, above: Any) -> Any:
    if isinstance(below, dict) and isinstance(above, dict):
        return below | {
            key: _over(below[key], value) if key in below else value for key, value in above.items()
        }
    if isinstance(below, list) and isinstance(above, list):
        return [*below, *above] if len(below) + len(above) <= LONGEST else UNKNOWN
    return above
