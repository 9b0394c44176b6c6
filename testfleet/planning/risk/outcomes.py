"""Reads which past commits broke tests: a table with the columns `commit,failed`."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Final

from testfleet.errors import UsageError

_COLUMNS: Final = ("commit", "failed")
_WORDS: Final = {
    "1": True,
    "true": True,
    "yes": True,
    "failed": True,
    "0": False,
    "false": False,
    "no": False,
    "passed": False,
}
_SHORTEST: Final = 7


def read_outcomes(lines: Iterable[str], name: str) -> dict[str, bool]:
    """Whether a test failed, by commit. A commit that is named twice failed if it ever did.

    Raises UsageError with file, line, what was received and what is allowed.
    """
    rows = csv.DictReader(lines, strict=True)
    found: dict[str, bool] = {}
    try:
        _check_columns(rows.fieldnames or (), name)
        for row in rows:
            commit, failed = _read_row(row, f"{name}, line {rows.line_num}")
            found[commit] = found.get(commit, False) or failed
    except (csv.Error, UnicodeDecodeError) as exc:
        raise UsageError(f"{name}: not a CSV file in UTF-8: {exc}") from None
    return found


def by_full_name(outcomes: Mapping[str, bool], commits: Iterable[str]) -> dict[str, bool]:
    """The outcomes of these commits by their full names; those of others are left out."""
    lengths = sorted({len(commit) for commit in outcomes})
    return {
        commit: outcomes[commit[:length]]
        for commit in commits
        for length in lengths
        if commit[:length] in outcomes
    }


def _check_columns(columns: Iterable[str], name: str) -> None:
    columns = list(columns)
    missing = [column for column in _COLUMNS if column not in columns]
    if missing:
        near = get_close_matches(missing[0], columns, n=1)
        raise UsageError(
            f"{name}: no column {missing[0]!r}, found {', '.join(columns) or 'no columns'}",
            hint=f"rename {near[0]!r}" if near else "the first line must be: commit,failed",
        )


def _read_row(row: Mapping[str, str | None], where: str) -> tuple[str, bool]:
    commit = (row["commit"] or "").strip().lower()
    if len(commit) < _SHORTEST or set(commit) - set("0123456789abcdef"):
        raise UsageError(
            f"{where}: {commit!r} is no commit: expected its hash, {_SHORTEST} digits or more"
        )
    word = (row["failed"] or "").strip().lower()
    if word not in _WORDS:
        raise UsageError(f"{where}: failed is {word!r}: expected one of {', '.join(_WORDS)}")
    return commit, _WORDS[word]
