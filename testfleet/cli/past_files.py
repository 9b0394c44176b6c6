"""Finds and reads files in which other tools have kept durations and outcomes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from testfleet.errors import UsageError
from testfleet.planning.prediction.past.reading import read_past
from testfleet.planning.prediction.past.records import PastRun, UnreadableError

LARGEST: Final = 512 * 1024 * 1024
"""Bytes of one file. A million tests take 200 MB of JUnit."""
_NAMES: Final = (".test_durations",)
_SUFFIXES: Final = (".xml", ".csv")


@dataclass
class PastFiles:
    """What was read, and what could not be."""

    runs: list[PastRun] = field(default_factory=list)
    read: int = 0
    skipped: dict[str, str] = field(default_factory=dict)
    """Why, by path."""


def read_files(sources: Iterable[Path]) -> PastFiles:
    """Read all files named, and all `*.xml`, `*.csv` and `.test_durations` of folders.

    One that cannot be read is skipped and named. Raises UsageError when there is nothing to read.
    """
    found = PastFiles()
    for source in sources:
        if not source.exists():
            raise UsageError(
                f"{source} does not exist",
                hint="expected JUnit XML, pytest-split's .test_durations, CSV, or folders of them",
            )
        for path in _files(source):
            _read(path, found)
    if not found.read and not found.skipped:
        raise UsageError(
            f"nothing to import in {', '.join(map(str, sources))}",
            hint="expected files *.xml (JUnit), *.csv or .test_durations; of several arguments,"
            " the last is the project",
        )
    if not found.read:
        first, reason = next(iter(found.skipped.items()))
        raise UsageError(
            f"none of {len(found.skipped)} files can be read; {first}: {reason}",
            hint="expected JUnit XML, pytest-split's .test_durations, or CSV with the columns test"
            " and duration_s",
        )
    return found


def _files(source: Path) -> Iterator[Path]:
    if not source.is_dir():
        yield source
        return
    for path in sorted(source.rglob("*")):
        if (path.suffix.lower() in _SUFFIXES or path.name in _NAMES) and path.is_file():
            yield path


def _read(path: Path, found: PastFiles) -> None:
    try:
        if not path.is_file():
            raise UnreadableError("it is no regular file")
        if path.stat().st_size > LARGEST:
            raise UnreadableError(f"it is larger than {LARGEST // 2**20} MB")
        found.runs += read_past(path.read_bytes(), str(path))
    except UnreadableError as exc:
        found.skipped[str(path)] = str(exc)
    except OSError as exc:
        found.skipped[str(path)] = exc.strerror or str(exc)
    else:
        found.read += 1
